// What happened, in a real browser: the pages for reading.
//
// Environment: see trial.mjs.
import { isMarked } from './rows.mjs';
import { admin, ask, check, expect, finish, goOn, hub, loggedIn, shot, token, upstream, visit } from './trial.mjs';

// A filter that cannot be read is refused.
const page = await loggedIn('', token, { isWanted: (text) => /status of 422/.test(text) });
const go = (path) => visit(page, path);

// Somebody who asks, somebody who answers, and a few calls.
const provider = await admin('POST', '/providers', {
  name: 'Insight upstream', kind: 'anthropic', base_url: upstream.url, secret: upstream.key, group: ['insight'], probe: false,
});
const people = [];
for (const name of ['Ines', 'Igor']) {
  const user = await admin('POST', '/users', { name, group: ['insight'] });
  const key = await admin('POST', `/users/${user.id}/keys`, { name: 'laptop' });
  people.push({ user, key: key.key });
}
for (let n = 0; n < 6; n += 1) {
  const { text } = await ask(people[n % 3 ? 0 : 1].key, n % 2 ? 'claude-sonnet-4-5' : 'claude-opus-4-8', { session: `insight-${n % 3}` });
  await text;
}
for (let tries = 0; ; tries += 1) {
  const { items } = await admin('GET', `/calls?provider_id=${provider.id}`);
  if (items.length === 6) break;
  expect(tries < 600, 'the calls are not recorded');
  await new Promise((done) => setTimeout(done, 100));
}

await check('a hold that needs attention counts its time down, and leads to where it can be ended', async () => {
  await admin('POST', `/providers/${provider.id}/pause`, { duration_s: 600 });
  await go('/');
  const held = page.locator('a.attention', { hasText: 'Insight upstream' });
  const left = await held.locator('[data-until]').textContent();
  await page.waitForFunction((left) => document.querySelector('a.attention [data-until]').textContent !== left, left);
  const { attention } = await admin('GET', '/overview');
  expect(attention.some((one) => one.kind === 'held' && one.provider_id === provider.id && one.until), JSON.stringify(attention));
  await held.click();
  await page.waitForURL(`${hub}/providers?state=held`);
  const row = page.locator('tr', { hasText: 'Insight upstream' });
  await row.getByRole('button', { name: /^Resume/ }).click();
  await row.waitFor({ state: 'detached' });
});

await check('the leaderboard is drawn by the server, and the browser leaves it as it is', async () => {
  await go('/leaderboard');
  await page.getByRole('heading', { level: 1, name: 'Leaderboard' }).waitFor();
  expect((await page.title()).startsWith('Leaderboard'), await page.title());
  expect((await page.locator('tbody tr').count()) >= 2, 'no rows');
  const plain = await (await fetch(`${hub}/leaderboard`, { headers: { cookie: (await page.context().cookies()).map((cookie) => `${cookie.name}=${cookie.value}`).join('; ') } })).text();
  expect(plain.includes('Ines'), 'not there without script');
});

await check('links and forms of a drawn page lead on without a new document', async () => {
  await page.evaluate(() => { window.isSameDocument = true; });
  await page.getByRole('link', { name: 'Models' }).click();
  await page.waitForURL(/by=model/);
  await page.getByRole('link', { name: 'claude-opus-4-8' }).waitFor();
  await page.getByRole('link', { name: 'Requests' }).click();
  await page.waitForURL(/sort=calls/);
  await page.locator('th[aria-sort=descending]', { hasText: 'Requests' }).waitFor();
  await page.fill('[name=from]', '2020-01-01');
  await page.fill('[name=to]', '2020-01-02');
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.waitForURL(/from=2020-01-01&to=2020-01-02/);
  await page.getByText('Nothing was used in this time').waitFor();
  await page.goBack();
  await page.getByRole('link', { name: 'claude-opus-4-8' }).waitFor();
  expect(await page.evaluate(() => window.isSameDocument === true), 'the document was loaded anew');
});

await check('the first page is drawn, tells its course apart, and follows what happens', async () => {
  await go('/');
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.locator('.tabs').getByRole('link', { name: 'Providers' }).click();
  await page.waitForURL(/by=provider/);
  await page.locator('.lines').getByText('Insight upstream').waitFor();
  await page.locator('#course > summary').click();
  const requests = page.locator('.tile .big').first();
  const before = await requests.textContent();
  await (await ask(people[0].key, 'claude-sonnet-4-5', { session: 'insight-live' })).text;
  await page.waitForFunction((text) => document.querySelector('.tile .big').textContent !== text, before);
  expect(await page.locator('#course').evaluate((details) => details.open), 'what was unfolded has folded up');
});

await check('how many calls run is said together with the list of them', async () => {
  await go('/');
  await page.evaluate(() => {
    window.differing = [];
    new MutationObserver(() => {
      const [said, rows] = [document.querySelector('#running + .num')?.textContent, document.querySelectorAll('a.running').length];
      if (said !== undefined && Math.min(Number(said), 10) !== rows) window.differing.push(`${said} above ${rows}`);
    }).observe(document.querySelector('main'), { childList: true, subtree: true, characterData: true });
  });
  const asked = await ask(people[0].key, 'claude-sonnet-4-5', { session: 'insight-live', content: 'Hello script:{"hold":"on-the-overview"}' });
  const row = page.locator(`a.running[href$="${asked.id}"]`);
  await row.waitFor();
  // The page is drawn again for what the call does at first, and then for nothing: only the reader's clock goes on.
  await page.waitForFunction((row) => parseInt(row.querySelector('.num').textContent, 10) >= 6, await row.elementHandle());
  await goOn('on-the-overview');
  await asked.text;
  await row.waitFor({ state: 'detached' });
  const differing = await page.evaluate(() => window.differing);
  expect(differing.length === 0, differing.join(', '));
});

await check('use over time is shown in the steps that are asked for', async () => {
  await go('/');
  const steps = page.getByRole('navigation', { name: 'In steps of' });
  await page.getByRole('link', { name: '7 days' }).click();
  await page.waitForURL(/period=7d/);
  await steps.locator('[aria-current]', { hasText: 'by day' }).waitFor();
  await steps.getByRole('link', { name: 'by hour' }).click();
  await page.waitForURL(/step=hour/);
  await page.locator('.chart figcaption', { hasText: 'by hour' }).first().waitFor();
  await page.getByRole('link', { name: 'An hour', exact: true }).click();
  await page.waitForURL(/period=1h/);
  await page.locator('.chart figcaption', { hasText: 'by quarter of an hour' }).first().waitFor();
});

await check('what was used follows what happens, and what providers did stands in a table too', async () => {
  for (const path of ['/availability', '/providers', '/users', '/leaderboard']) {
    await go(path);
    const isOfUsers = path === '/users' || path === '/leaderboard';
    const shown = isOfUsers ? page.locator('tr', { has: page.getByRole('link', { name: 'Ines', exact: true }) }) : page.locator(path === '/providers' ? 'tr' : 'section.available', { hasText: 'Insight upstream' });
    const behind = shown.locator('details.behind');
    if (path === '/availability') {
      await behind.locator('summary').click();
      expect((await behind.locator('tbody tr').count()) >= 1, 'no numbers behind the strip');
    }
    const before = await shown.innerText();
    await (await ask(people[0].key, 'claude-sonnet-4-5', { session: 'insight-live' })).text;
    await page.waitForFunction(([selector, name, text]) => {
      const found = [...document.querySelectorAll(selector)].find((one) => one.innerText.includes(name));
      return found && found.innerText !== text;
    }, [path === '/availability' ? 'section.available' : 'tr', isOfUsers ? 'Ines' : 'Insight upstream', before]);
    if (path === '/availability') expect(await behind.evaluate((details) => details.open), 'the table has folded up');
  }
});

await check('a row of the leaderboard leads to the use behind it, and on from there', async () => {
  await go('/leaderboard');
  await page.getByRole('link', { name: 'Ines' }).click();
  await page.getByRole('heading', { level: 1, name: 'Ines' }).waitFor();
  await page.getByRole('link', { name: '7 days' }).click();
  await page.waitForURL(/period=7d/);
  await page.locator('.rank-row', { hasText: 'claude-sonnet-4-5' }).click();
  await page.waitForURL(`${hub}/models/claude-sonnet-4-5`);
  await page.locator('.rank-row', { hasText: 'Insight upstream' }).click();
  await page.waitForURL(`${hub}/providers/${provider.id}/use`);
  await page.getByText('Nothing went wrong.').waitFor();
});

await check('the leaderboard of users is narrowed to a tag or a group', async () => {
  await admin('PATCH', `/users/${people[0].user.id}`, { tags: ['insight-night'] });
  const row = (name) => page.locator('tbody tr', { hasText: name });
  await go('/leaderboard?sort=calls');
  await row('Igor').waitFor();
  await page.getByRole('combobox', { name: 'Tag' }).selectOption('insight-night');
  await page.waitForURL(/sort=calls.*tag=insight-night/);
  await row('Igor').waitFor({ state: 'detached' });
  expect((await page.locator('tbody tr').count()) === 1, 'others are ranked');
  await shot(page, 'leaderboard-of-a-tag');
  await page.getByRole('navigation', { name: 'What is ranked' }).getByRole('link', { name: 'Models' }).click();
  await page.waitForURL(/by=model/);
  expect(!page.url().includes('tag='), page.url());
  await go('/leaderboard?group=insight');
  await row('Ines').waitFor();
  await row('Igor').waitFor();
  await page.getByRole('combobox', { name: 'Tag' }).selectOption('insight-night');
  await row('Igor').waitFor({ state: 'detached' });
  await page.fill('[name=from]', '2020-01-01');
  await page.fill('[name=to]', '2020-01-02');
  await page.locator('form.days').getByRole('button', { name: 'Apply' }).click();
  await page.waitForURL(/from=2020-01-01/);
  await page.getByText('None of these users used anything in this time').waitFor();
});

await check('days that are no range are said beside their fields, in the reader’s language', async () => {
  const days = page.locator('form.days');
  await go('/leaderboard?from=2999-01-01&to=2999-01-02');
  await days.getByRole('alert').getByText('Must not be in the future').waitFor();
  const [first, last] = [days.locator('[name=from]'), days.locator('[name=to]')];
  expect((await first.inputValue()) === '2999-01-01', 'the input is lost');
  expect((await first.getAttribute('aria-invalid')) === 'true' && (await last.getAttribute('aria-invalid')) === null, 'not the first day is marked');
  // Nothing to go by is not taken for no wish.
  for (const day of [first, last]) await day.fill('');
  await days.getByRole('button', { name: 'Apply' }).click();
  await days.getByRole('alert').getByText('Both days are needed').waitFor();
  expect(await isMarked(first, 'Both days are needed'), 'the first day is not marked');
  expect(page.url().includes('2999-01-01'), page.url());
  for (const [query, ...marked] of [['from=&to=', 'from'], ['to=2020-01-02', 'from'], ['from=2020-01-01&to=2020-01-32', 'to'], ['from=now&to=soon', 'from', 'to']]) {
    await go(`/leaderboard?${query}`);
    const names = await days.locator('[aria-invalid=true]').evaluateAll((fields) => fields.map((one) => one.name));
    expect(names.join() === marked.join(), `${query}: ${names}`);
    for (const name of marked) await page.locator(`#days-${name}-problem`).getByText(/Both days are needed|Must be a date/).waitFor();
  }
  await page.context().addCookies([{ name: 'switchyard_language', value: 'zh-CN', url: hub }]);
  await go('/leaderboard?from=2999-01-01');
  await days.getByRole('alert').getByText('不能是将来的日期').waitFor();
  await page.context().clearCookies({ name: 'switchyard_language' });
});

await check('presets and folded filters of calls are in the address, and sums stand above the list', async () => {
  const own = `/calls?provider=${provider.id}`;
  await go(own);
  await page.getByText(/requests? · .* tokens · /).waitFor();
  await page.getByRole('link', { name: 'Retried' }).click();
  await page.waitForURL(/retried=yes/);
  await page.getByText('No call matches').waitFor();
  // Of errors the sums tell how many there are.
  await page.getByRole('navigation', { name: 'Presets' }).getByRole('link', { name: 'Errors' }).click();
  await page.waitForURL(/errors=yes/);
  await page.locator('.badge', { hasText: 'Only failed and interrupted ones' }).waitFor();
  await page.locator('p.caption', { hasText: /^\d+ errors?$/ }).waitFor();
  await page.getByRole('link', { name: 'All', exact: true }).click();
  await page.waitForURL(hub + own);
  await page.getByText('More filters').click();
  await page.fill('[name=cost_min]', '0.0000001');
  await page.fill('[name=seconds_max]', '600');
  await page.locator('#filter-apply').click();
  await page.waitForURL(/cost_min=0\.0000001&.*seconds_max=600/);
  await page.locator('table.calls tbody tr').first().waitFor();
  // The filters are drawn anew by the server: what is typed before that is typed into what goes.
  await page.waitForFunction(() => document.querySelector('[name=cost_min]')?.defaultValue === '0.0000001');
  await page.selectOption('#filter-user', { label: 'Igor' });
  await page.waitForURL(/user=/);
  await page.waitForFunction(() => document.querySelector('#filter-user option[selected]')?.textContent === 'Igor');
  expect((await page.inputValue('[name=cost_min]')) === '0.0000001', 'the folded filters are forgotten');
  await page.fill('[name=error]', 'no such text');
  await page.keyboard.press('Enter');
  await page.waitForURL(/error=no%20such%20text|error=no\+such\+text/);
  await page.getByText('No call matches').waitFor();
});

await check('a filter that cannot be read is said beside its field, and nothing is listed or exported', async () => {
  await go('/calls?cost_min=1,5');
  const field = page.locator('#more-filters .field', { hasText: 'Cost from' });
  await field.getByText('Must be an amount in dollars such as 0.05').waitFor();
  expect((await field.locator('input').inputValue()) === '1,5', 'the input is lost');
  expect((await page.locator('table.calls tbody tr').count()) === 0, 'calls are listed');
  const file = await page.context().request.get(`${hub}/calls/export?format=csv&cost_min=1,5`);
  expect(file.status() === 422 && (await file.text()).startsWith('Cost from, USD: '), await file.text());
  await shot(page, 'calls-unreadable');
});

await check('columns are hidden at once, and stay so', async () => {
  await go('/calls');
  const head = page.locator('table.calls thead th', { hasText: 'Model' });
  expect(await head.isVisible(), 'the column is not there');
  await page.getByText('Columns', { exact: true }).click();
  await page.locator('[data-column-menu] input[value=c4]').uncheck();
  expect(!(await head.isVisible()), 'the column is still there');
  await go('/calls');
  expect(!(await head.isVisible()), 'the column is back');
  await page.getByText('Columns', { exact: true }).click();
  await shot(page, 'calls-columns');
  await page.locator('[data-column-menu] input[value=c4]').check();
  expect(await head.isVisible(), 'the column does not come back');
});

await finish('what happened', 'nothing went wrong in the browser');
