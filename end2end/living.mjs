// A hub that lives: people, providers that answer and fail, and their calls, all through the hub itself. What pages show
// of it is what they show of a team at work.

/** A chance that is the same each time. */
function dice(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const MODELS = [
  ['claude-sonnet-4-5', 6, 1],
  ['claude-opus-4-8', 3, 1.6],
  ['claude-haiku-4-5', 2, 0.4],
];

const TEAM = [
  { name: 'Ada Okafor', tags: ['platform'], group: ['core'], weight: 5, note: 'Platform lead', limit_daily_usd: '40', limit_monthly_usd: '600' },
  { name: 'Grace Lindqvist', tags: ['research'], group: ['core', 'research'], weight: 4, limit_daily_usd: '30' },
  { name: 'Linus Brandt', tags: ['platform', 'night'], group: ['core'], weight: 3, limit_5h_usd: '10' },
  { name: 'Margaret Chen', tags: ['mobile'], group: ['core'], weight: 3, limit_weekly_usd: '120' },
  { name: 'Katherine Silva', tags: ['research'], group: ['research'], weight: 2, limit_rpm: 60 },
  { name: 'Barbara Nowak', tags: ['data'], group: ['core'], weight: 1, expires_at: new Date(Date.now() + 5 * 86_400_000).toISOString() },
];

const PROVIDERS = [
  { name: 'Anthropic direct', path: '', priority: 0, weight: 3, group: ['core'] },
  { name: 'EU relay', path: '/eu', priority: 0, weight: 1, group: ['core'], cost_multiplier: '0.9' },
  { name: 'Reserve', path: '/reserve', priority: 1, weight: 1, group: ['core', 'research'] },
  { name: 'Research pool', path: '/research', priority: 0, weight: 1, group: ['research'] },
  { name: 'Old relay', path: '/old', priority: 2, weight: 1, group: ['core'], enabled: false },
];

/** What people ask, and what they are answered. */
const TALK = [
  ['The build fails on CI but not here. What should I look at first?', 'The versions of the compiler: the image of CI has an older one than the lock file asks for. Raise it there, then clear the cache of the build once.'],
  ['Why is this query slow since Monday?', 'It reads the whole table, because the new filter is on a column without an index. An index on the customer and the day lets it read a few pages.'],
  ['Write a test for the retry of a payment.', 'The test lets the first two attempts fail with a timeout and the third one pass, and checks that the customer is charged once.'],
  ['What does this migration lock?', 'Only the new column, for a moment: it has no default, so no row is rewritten. The index is made beside the work, without a lock.'],
];

/** Takes where the hub is, who runs it, and the scripted provider. */
export function living({ hub, token, upstream }) {
  const chance = dice(20_261_121);
  let asked = 0;
  const people = [];
  const providers = [];

  async function admin(method, path, body) {
    const answer = await fetch(`${hub}/admin/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 300)}`);
    return text ? JSON.parse(text) : null;
  }

  /** People, their keys, and providers. */
  async function settle() {
    for (const { path, ...fields } of PROVIDERS) {
      providers.push(await admin('POST', '/providers', { kind: 'anthropic', base_url: upstream.url + path, secret: upstream.key, max_attempts: 1, ...fields }));
    }
    for (const { weight, ...fields } of TEAM) {
      const user = await admin('POST', '/users', fields);
      const keys = [];
      for (const name of ['laptop', 'ci']) keys.push(await admin('POST', `/users/${user.id}/keys`, { name }));
      people.push({ user, keys, weight, session: crypto.randomUUID() });
    }
    return { people, providers };
  }

  function pick(all, weight) {
    let left = chance() * all.reduce((sum, one) => sum + weight(one), 0);
    return all.find((one) => (left -= weight(one)) < 0) ?? all[0];
  }

  /** One call, read to its end. `script` is what the provider is to do; `more` replaces what chance says. */
  async function call(script = {}, more = {}) {
    const person = more.person ?? pick(people, (one) => one.weight);
    if (chance() < 0.15) person.session = crypto.randomUUID();
    const [model, , size] = pick(MODELS, ([, weight]) => weight);
    const [question, says] = TALK[asked++ % TALK.length];
    const whole = {
      says,
      input: Math.round(200 + chance() * 3_000),
      write: Math.round(chance() * 9_000),
      read: Math.round(8_000 + chance() * 90_000),
      output: Math.round((150 + chance() * 1_800) * size),
      first: Math.round((60 + chance() ** 3 * 900) * size),
      ms: Math.round((200 + chance() ** 3 * 2_600) * size),
      ...script,
    };
    const answer = await fetch(`${hub}/v1/messages`, {
      method: 'POST',
      signal: more.signal,
      headers: {
        'content-type': 'application/json',
        'x-api-key': (more.key ?? person.keys[chance() < 0.8 ? 0 : 1]).key,
        'anthropic-version': '2023-06-01',
        'user-agent': 'claude-cli/2.1.330 (external, cli)',
        'x-claude-code-session-id': more.session ?? person.session,
        'x-script': JSON.stringify(whole),
      },
      body: JSON.stringify({ model: more.model ?? model, max_tokens: 4_096, stream: true, messages: [{ role: 'user', content: question }] }),
    });
    const id = answer.headers.get('x-switchyard-call-id');
    const done = answer.text().catch(() => '');
    if (!more.runs) await done;
    return { id, status: answer.status, done };
  }

  /** As many calls, some at the same time. Some providers fail now and then. */
  async function calls(n, { troubled = 0.05 } = {}) {
    let left = n;
    const one = async () => {
      while (left-- > 0) {
        const luck = chance();
        const fail = luck < troubled ? { '/eu': 529 }
          : luck < troubled * 1.4 ? { '/research': 429 }
            : luck < troubled * 1.6 ? { '': 500 }
              : luck < troubled * 1.9 ? { '': 529, '/eu': 529, '/reserve': 529, '/research': 503 } : {};
        await call({ fail });
      }
    };
    await Promise.all(Array.from({ length: 10 }, one));
  }

  /** A call that two providers fail and a third one serves. Chance may have made trouble for the third: then it is made again. */
  async function failover() {
    const script = { first: 180, ms: 900, fail: { '': 529, '/eu': 503 } };
    for (let tries = 0; ; tries += 1) {
      const made = await call(script, { person: people[0], model: 'claude-opus-4-8', session: crypto.randomUUID() });
      if (made.status === 200) return made;
      if (tries === 60) throw new Error(`nobody serves the call ${made.id}: ${made.status}`);
      await new Promise((done) => setTimeout(done, 1_000));
    }
  }

  /** Calls that run for some time, of those who have room for them. */
  const running = (n, ms = 60_000) => Promise.all(Array.from({ length: n }, (_, place) => call({ first: 300, ms }, { person: people[3 + (place % 3)], runs: true })));

  /** Waits until as many calls are recorded. */
  async function recorded(id) {
    for (let tries = 0; ; tries += 1) {
      const answer = await fetch(`${hub}/admin/v1/calls/${id}`, { headers: { authorization: `Bearer ${token}` } });
      if (answer.ok && (await answer.json()).outcome) return;
      if (tries > 600) throw new Error(`the call ${id} is not recorded`);
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  /** The session of a call that is recorded, as paths name it. */
  async function sessionOf(call) {
    const { session_id: name } = await admin('GET', `/calls/${call}`);
    const { items } = await admin('GET', `/sessions?state=recent&search=${name}`);
    return items[0].id;
  }

  /** What an operator did lately: a pause, a limit that is nearly used up, a price, a change. */
  async function tend() {
    await admin('POST', `/providers/${providers[1].id}/pause`, { duration_s: 5_400, note: 'maintenance window' });
    await admin('PATCH', `/providers/${providers[2].id}`, { weight: 2 });
    await admin('PATCH', `/users/${people[3].user.id}`, { tags: ['mobile', 'ios'] });
    for (const [place, field, share] of [[0, 'limit_daily_usd', 0.86], [1, 'limit_daily_usd', 0.94], [2, 'limit_5h_usd', 1]]) {
      const { user } = people[place];
      const window = field === 'limit_5h_usd' ? '5h' : 'daily';
      const { items } = await admin('GET', `/users/${user.id}/limits`);
      const settled = Number(items.find((one) => one.window === window).settled);
      if (settled > 0) await admin('PATCH', `/users/${user.id}`, { [field]: (settled / share).toFixed(2) });
    }
  }

  return { admin, settle, call, calls, failover, running, recorded, sessionOf, tend, people, providers };
}
