// What happened, in a real browser: the pages for reading.
//
// Environment: as for console.mjs.
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

const hub = process.env.HUB_URL ?? 'http://127.0.0.1:23000';
const token = process.env.ADMIN_TOKEN;
const shots = process.env.SHOTS;
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
if (shots) await mkdir(shots, { recursive: true });

let passed = 0;
let failed = 0;
const troubles = [];

/** One check, one line. */
async function check(name, body) {
  try {
    await body();
    passed += 1;
    console.log(`ok   ${name}`);
  } catch (fault) {
    failed += 1;
    console.log(`FAIL ${name}\n     ${String(fault.stack ?? fault).split('\n').slice(0, 6).join('\n     ')}`);
    await shot(page, `failed-insight-${failed}`);
  }
}

function expect(truth, text) {
  if (!truth) throw new Error(text);
}

async function shot(of, name) {
  if (shots) await of.screenshot({ path: join(shots, `${name}.png`), fullPage: true }).catch(() => {});
}

/** Notes what the browser complains about. */
function watch(of) {
  of.on('console', (message) => {
    // That something was preloaded too early tells how slow the machine is.
    if (/preloaded using link preload but not used within/.test(message.text())) return;
    if (['error', 'warning'].includes(message.type())) troubles.push(`${message.type()}: ${message.text()} at ${of.url()}`);
  });
  of.on('pageerror', (error) => troubles.push(`exception: ${error.message} at ${of.url()}`));
}

/** Goes to a page and waits until the browser has taken it over. */
async function go(path, of = page) {
  await of.goto(hub + path, { waitUntil: 'load' });
  await of.waitForSelector('html[data-ready]', { state: 'attached' });
}

/** Asks the management API. */
async function admin(method, path, body) {
  const answer = await fetch(`${hub}/admin/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  expect(answer.ok, `${method} ${path}: ${answer.status} ${text.slice(0, 300)}`);
  return text ? JSON.parse(text) : null;
}

/** Sends a request as Claude Code would, and reads the answer to its end. */
async function ask(key, model, session) {
  const answer = await fetch(`${hub}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key, 'anthropic-version': '2023-06-01', 'user-agent': 'browser-test/1', 'x-claude-code-session-id': session },
    body: JSON.stringify({ model, max_tokens: 64, stream: true, messages: [{ role: 'user', content: 'Hello' }] }),
  });
  await answer.text();
  return answer.headers.get('x-switchyard-call-id');
}

/** Asks axe. Only what keeps somebody out counts: serious and critical. */
async function axeFinds(of) {
  await of.evaluate(axe);
  const { violations } = await of.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter((violation) => ['serious', 'critical'].includes(violation.impact))
    .map((violation) => `${violation.id}: ${violation.nodes.slice(0, 3).map((node) => node.target).join(' | ')}`);
}

/** The page in both themes and at the width of a phone: axe is content, and nothing is wider than the screen. */
async function looks(path, name) {
  for (const [theme, width] of [['light', 1440], ['dark', 1440], ['light', 360]]) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: 900 });
    await go(path);
    await shot(page, `${name}-${width === 360 ? 'phone' : theme}`);
    const finds = await axeFinds(page);
    expect(finds.length === 0, `${theme} ${width}: ${finds.join('\n')}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    expect(!wide, `${theme} ${width}: the page scrolls sideways`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1440, height: 900 });
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', colorScheme: 'light' });
const page = await context.newPage();
page.setDefaultTimeout(10_000);
await page.goto(`${hub}/login`);
await page.waitForSelector('html[data-ready]', { state: 'attached' });
await page.fill('#secret', token);
await page.click('button[type=submit].primary');
await page.waitForURL(`${hub}/`);
watch(page);

// Somebody who asks, somebody who answers, and a few calls.
const provider = await admin('POST', '/providers', {
  name: 'Insight upstream', kind: 'anthropic', base_url: process.env.UPSTREAM_URL, secret: process.env.UPSTREAM_KEY, group: ['insight'], probe: false,
});
const people = [];
for (const name of ['Ines', 'Igor']) {
  const user = await admin('POST', '/users', { name, group: ['insight'] });
  const key = await admin('POST', `/users/${user.id}/keys`, { name: 'laptop' });
  people.push({ user, key: key.key });
}
for (let n = 0; n < 6; n += 1) {
  await ask(people[n % 3 ? 0 : 1].key, n % 2 ? 'claude-sonnet-4-5' : 'claude-opus-4-8', `insight-${n % 3}`);
}
for (let tries = 0; ; tries += 1) {
  const { items } = await admin('GET', `/calls?provider_id=${provider.id}`);
  if (items.length === 6) break;
  expect(tries < 100, 'the calls are not recorded');
  await new Promise((done) => setTimeout(done, 100));
}

await check('a hold that needs attention counts its time down, and leads to its provider', async () => {
  await admin('POST', `/providers/${provider.id}/pause`, { duration_s: 600 });
  await go('/');
  const held = page.locator('a.attention', { hasText: 'Insight upstream' });
  const left = await held.locator('[data-until]').textContent();
  await page.waitForFunction((left) => document.querySelector('a.attention [data-until]').textContent !== left, left);
  const { attention } = await admin('GET', '/overview');
  expect(attention.some((one) => one.kind === 'held' && one.provider_id === provider.id && one.until), JSON.stringify(attention));
  await held.click();
  await page.waitForURL(`${hub}/providers/${provider.id}`);
  await admin('POST', `/providers/${provider.id}/resume`);
});

await check('the leaderboard is drawn by the server, and the browser leaves it as it is', async () => {
  await go('/leaderboard');
  await page.getByRole('heading', { level: 1, name: 'Leaderboard' }).waitFor();
  expect((await page.title()).startsWith('Leaderboard'), await page.title());
  expect((await page.locator('tbody tr').count()) >= 2, 'no rows');
  const plain = await (await fetch(`${hub}/leaderboard`, { headers: { cookie: (await context.cookies()).map((cookie) => `${cookie.name}=${cookie.value}`).join('; ') } })).text();
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

await check('the leaderboard in both themes and on a phone', () => looks('/leaderboard', 'leaderboard'));
await check('availability in both themes and on a phone', () => looks('/availability', 'availability'));

await check('the first page is drawn, tells its course apart, and follows what happens', async () => {
  await go('/');
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.locator('.tabs').getByRole('link', { name: 'Providers' }).click();
  await page.waitForURL(/by=provider/);
  await page.locator('.lines').getByText('Insight upstream').waitFor();
  await page.locator('#course > summary').click();
  const requests = page.locator('.tile .big').first();
  const before = await requests.textContent();
  await ask(people[0].key, 'claude-sonnet-4-5', 'insight-live');
  await page.waitForFunction((text) => document.querySelector('.tile .big').textContent !== text, before);
  expect(await page.locator('#course').evaluate((details) => details.open), 'what was unfolded has folded up');
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

await check('presets and folded filters of calls are in the address, and sums stand above the list', async () => {
  const own = `/calls?provider=${provider.id}`;
  await go(own);
  await page.getByText(/requests? · .* tokens · /).waitFor();
  await page.getByRole('link', { name: 'Retried' }).click();
  await page.waitForURL(/retried=yes/);
  await page.getByText('No call matches').waitFor();
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

await check('the first page in both themes and on a phone', () => looks('/?by=model', 'overview'));
await check('the use of a user in both themes and on a phone', () => looks(`/users/${people[0].user.id}/use`, 'use'));
await check('calls in both themes and on a phone', () => looks('/calls', 'calls'));

await check('nothing went wrong in the browser', async () => {
  expect(troubles.length === 0, troubles.slice(0, 5).join('\n'));
});

await browser.close();
console.log(`test result: ${failed ? 'FAILED' : 'ok'}. ${passed} passed; ${failed} failed; what happened, in the browser`);
process.exit(failed ? 1 : 0);
