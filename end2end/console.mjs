// The console in a real browser: what an operator does on the first day, from the refused login to the decision chain.
//
// Environment: HUB_URL (or BASE), ADMIN_TOKEN, UPSTREAM_URL (or UPSTREAM) and UPSTREAM_KEY of a scripted provider,
// CHROMIUM, and SHOTS: a folder for screenshots, none if unset.
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

import { sessions } from './sessions.mjs';
import { live } from './live.mjs';
import { shell } from './shell.mjs';

const hub = process.env.HUB_URL ?? process.env.BASE ?? 'http://127.0.0.1:23000';
const upstream = process.env.UPSTREAM_URL ?? process.env.UPSTREAM;
const upstreamKey = process.env.UPSTREAM_KEY ?? 'sk-ant-scripted-upstream-0001';
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
    await shot(page, `failed-${failed}`);
  }
}

function expect(truth, text) {
  if (!truth) throw new Error(text);
}

async function shot(of, name) {
  if (shots) await of.screenshot({ path: join(shots, `${name}.png`), fullPage: true }).catch(() => {});
}

/** Notes what the browser complains about. A refused login is a 401 that the test wants. */
function watch(of) {
  of.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type())) return;
    if (/status of (401|404|422|409)/.test(message.text())) return;
    // It tells how slow the machine is.
    if (/preloaded using link preload but not used within/.test(message.text())) return;
    troubles.push(`${message.type()}: ${message.text()} at ${of.url()}`);
  });
  of.on('pageerror', (error) => troubles.push(`exception: ${error.message} at ${of.url()}`));
}

/** Goes to a page and waits until the browser has taken it over. */
async function go(path, of = page) {
  await of.goto(hub + path, { waitUntil: 'load' });
  await hydrated(of);
}

async function hydrated(of) {
  await of.waitForSelector('html[data-ready]', { state: 'attached' });
}

/** Asks axe. Only what keeps somebody out counts: serious and critical. */
async function axeFinds(of) {
  await of.evaluate(axe);
  const { violations } = await of.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter((violation) => ['serious', 'critical'].includes(violation.impact))
    .map((violation) => `${violation.id}: ${violation.nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary?.split('\n')[1] ?? ''}`).join(' | ')}`);
}

/** Sends a request as Claude Code would, and reads the answer to its end. */
async function ask(key, model, { content = 'Hello', session = 'any' } = {}) {
  const answer = await fetch(`${hub}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key, 'anthropic-version': '2023-06-01', 'user-agent': 'browser-test/1', 'x-claude-code-session-id': session },
    body: JSON.stringify({ model, max_tokens: 64, stream: true, messages: [{ role: 'user', content }] }),
  });
  return { id: answer.headers.get('x-switchyard-call-id'), status: answer.status, text: answer.text() };
}

/** Where the form of logging out goes. */
const logOutPath = () => page.locator('.only-wide form', { hasText: 'Log out' }).getAttribute('action');

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', colorScheme: 'light', permissions: ['clipboard-read', 'clipboard-write'] });
const page = await context.newPage();
page.setDefaultTimeout(10_000);
watch(page);
let key;
let callId;
let userPath;
let providerPath;

await check('a page asks for a login first, and remembers where the reader wanted to go', async () => {
  await page.goto(`${hub}/calls?range=24h`);
  expect(page.url() === `${hub}/login?next=/calls%3Frange%3D24h`, page.url());
  await shot(page, 'login-light');
});

await check('a wrong token is refused and said so', async () => {
  await hydrated(page);
  await page.fill('#secret', 'not-the-right-token');
  await page.click('button[type=submit].primary');
  await page.getByRole('alert').getByText('That is not right').waitFor();
  expect(new URL(page.url()).pathname === '/login', page.url());
});

await check('the right token leads to the page that was wanted', async () => {
  await page.fill('#secret', token);
  await page.click('button[type=submit].primary');
  await page.waitForURL(`${hub}/calls?range=24h`);
  await page.getByRole('heading', { level: 1, name: 'Calls' }).waitFor();
  const cookie = (await context.cookies()).find((cookie) => cookie.name === 'switchyard_session');
  expect(cookie?.httpOnly && cookie.sameSite === 'Lax' && cookie.path === '/', JSON.stringify(cookie));
});

await check('an empty hub says what is missing', async () => {
  await go('/');
  await page.getByText('Needs attention').waitFor();
  await shot(page, 'overview-empty');
});

await check('a mistake in the provider form is said beside its field, and nothing typed is lost', async () => {
  await go('/providers/new');
  await page.fill('[name="form[name]"]', 'Scripted');
  await page.fill('[name="form[base_url]"]', 'ftp://example');
  await page.fill('[name="form[secret]"]', upstreamKey);
  await page.click('.save button[type=submit]');
  await page.locator('#form\\[base_url\\]-problem').getByText('Must begin with https://').waitFor();
  expect((await page.inputValue('[name="form[secret]"]')) === upstreamKey, 'the key was lost');
  expect((await page.locator('.final code').textContent()).startsWith('ftp://example'), 'no preview');
});

await check('a provider is created', async () => {
  await page.fill('[name="form[base_url]"]', upstream);
  await shot(page, 'provider-new');
  await page.click('.save button[type=submit]');
  await page.waitForURL(/\/providers\/\d+/);
  providerPath = new URL(page.url()).pathname;
  await page.getByRole('heading', { level: 1, name: 'Scripted' }).waitFor();
});

await check('it is tested with one real call', async () => {
  await page.getByRole('button', { name: 'Run the test' }).click();
  await page.getByText('It works').waitFor();
  await page.getByText('this is a scripted answer', { exact: false }).waitFor();
  await shot(page, 'provider-tested');
});

await check('its priority is changed, and the bar for saving shows only then', async () => {
  await go(providerPath);
  expect(!(await page.locator('.save').isVisible()), 'the bar shows before anything has changed');
  await page.fill('[name="form[priority]"]', '3');
  await page.locator('.save').getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  await go(providerPath);
  expect((await page.inputValue('[name="form[priority]"]')) === '3', 'not saved');
});

await check('a user is created', async () => {
  await go('/users');
  await page.getByRole('link', { name: 'New user' }).first().click();
  await page.waitForURL(`${hub}/users/new`);
  await page.fill('[name="form[name]"]', 'Ada');
  await page.fill('[name="form[note]"]', 'Analytical engines');
  await page.click('.save button[type=submit]');
  await page.waitForURL(/\/users\/\d+$/);
  userPath = new URL(page.url()).pathname;
  await page.getByText('No keys yet').waitFor();
});

await check('a key is created, shown once, and ready to copy', async () => {
  await page.click('[data-new-key]');
  await page.locator('.new-key [name="form[name]"]').fill('laptop');
  await page.locator('.new-key').getByRole('button', { name: 'Create' }).click();
  await page.locator('[data-secret]').waitFor();
  key = (await page.locator('#new-key').textContent()).trim();
  const shell = await page.locator('#new-key-shell').textContent();
  expect(shell === `export ANTHROPIC_BASE_URL=${hub}\nexport ANTHROPIC_AUTH_TOKEN=${key}`, shell);
  await page.locator('[data-secret] .code').first().getByRole('button').click();
  await page.getByText('Copied').first().waitFor();
  await shot(page, 'key-new');
  await go(userPath);
  expect(!(await page.content()).includes(key), 'the key is shown again');
  await page.getByRole('link', { name: 'laptop', exact: true }).waitFor();
});

await check('a call shows while it runs, and ends in place', async () => {
  await go('/calls');
  const asked = await ask(key, 'claude-sonnet-4-5', { content: 'Answer slowly' });
  callId = asked.id;
  expect(asked.status === 200 && callId, `status ${asked.status}`);
  await page.getByRole('button', { name: '1 new' }).click();
  const row = page.locator(`tr:has([data-call="${callId}"])`);
  await row.getByText('Running').waitFor({ timeout: 3000 });
  await shot(page, 'calls-running');
  expect((await asked.text).includes('message_stop'), 'the answer was cut');
  await row.getByText('Completed').waitFor({ timeout: 5000 });
  await row.getByText('Ada').waitFor();
});

await check('its decision chain opens beside the list', async () => {
  await page.locator(`tr:has([data-call="${callId}"])`).click();
  const detail = page.locator(`[data-detail="${callId}"]`);
  await detail.getByText('Scripted answered at the first try.').waitFor();
  await detail.getByText('was the only one eligible').waitFor();
  await detail.getByRole('row', { name: /Cache read/ }).waitFor();
  await detail.locator('svg.bar-line rect.stream').waitFor();
  expect(new URL(page.url()).searchParams.get('call') === callId, page.url());
  await shot(page, 'call-beside');
});

await check('new calls wait behind a pill while the reader reads', async () => {
  const before = await page.locator('tbody tr').count();
  await (await ask(key, 'claude-sonnet-4-5')).text;
  const pill = page.getByRole('button', { name: '1 new' });
  await pill.waitFor();
  expect((await page.locator('table.calls tbody tr').count()) <= before, 'rows moved');
  await page.keyboard.press('Escape');
  await page.waitForURL(`${hub}/calls`);
  await pill.click();
  await pill.waitFor({ state: 'detached' });
});

await check('the attempt that runs grows in the chain, and ends there', async () => {
  const asked = await ask(key, 'claude-sonnet-4-5', { content: 'Answer slowly' });
  await go(`/calls/${asked.id}`);
  const detail = page.locator(`[data-detail="${asked.id}"]`);
  await detail.getByText('Scripted is at work.').waitFor();
  const bar = detail.locator('svg.bar-line.run');
  await bar.locator('rect.stream').waitFor();
  await bar.locator('rect.mark').waitFor();
  const begin = await bar.locator('rect.stream').getAttribute('x');
  await shot(page, 'call-running');
  await page.waitForFunction(
    ([selector, before]) => Number(document.querySelector(selector)?.getAttribute('x')) < Number(before),
    ['svg.bar-line.run rect.stream', begin],
  );
  await asked.text;
  await detail.getByText('Scripted answered at the first try.').waitFor();
  await detail.locator('svg.bar-line:not(.run) rect.stream').waitFor();
  expect((await detail.locator('svg.bar-line').count()) === 1, 'the running attempt stands beside the ended one');
});

await check('a failed attempt and what followed stand in the chain', async () => {
  const asked = await ask(key, 'claude-overloaded');
  await asked.text;
  expect(asked.status === 529, `status ${asked.status}`);
  await go(`/calls/${asked.id}`);
  await page.getByText('answered 529', { exact: false }).waitFor();
  await shot(page, 'call-failed');
});

await check('filters are in the address and survive it', async () => {
  await go('/calls');
  await page.selectOption('select[name=outcome]', 'failed');
  await page.waitForURL(/outcome=failed/);
  await page.reload();
  await hydrated(page);
  expect((await page.inputValue('select[name=outcome]')) === 'failed', 'forgotten');
  expect((await page.locator('table.calls tbody tr').count()) === 1, 'not filtered');
});

await check('the calls that the filters admit are exported, whole', async () => {
  await go('/calls?outcome=failed');
  await page.getByText('Export', { exact: true }).click();
  await page.getByRole('link', { name: 'Table (CSV)' }).waitFor();
  await shot(page, 'calls-export');
  for (const [name, ending] of [['Table (CSV)', 'csv'], ['JSON', 'json'], ['JSON, one call a line', 'ndjson']]) {
    const link = page.getByRole('link', { name, exact: true });
    if (!(await link.isVisible())) await page.getByText('Export', { exact: true }).click();
    const waiting = page.waitForEvent('download');
    await link.click();
    const download = await waiting;
    expect(new RegExp(`^switchyard-calls-\\d{4}-\\d\\d-\\d\\d\\.${ending}$`).test(download.suggestedFilename()), download.suggestedFilename());
    const text = await readFile(await download.path(), 'utf8');
    const models = text.split('claude-overloaded').length - 1;
    expect(models > 0 && !text.includes(callId), text);
    if (ending === 'json') expect(JSON.parse(text).every((call) => call.outcome === 'failed'), text);
    if (ending === 'csv') expect(text.startsWith('id,created_at,kind,') && text.endsWith('\r\n'), text);
  }
  expect(page.url() === `${hub}/calls?outcome=failed`, page.url());
  const stranger = await fetch(`${hub}/calls/export?format=csv&outcome=failed`, { redirect: 'manual' });
  expect(stranger.status === 303 && stranger.headers.get('location') === '/login?next=/calls%3Foutcome%3Dfailed', `${stranger.status} ${stranger.headers.get('location')}`);
  const strange = await context.request.get(`${hub}/calls/export?format=xml`);
  expect(strange.status() === 422 && (await strange.text()).startsWith('format: '), await strange.text());
});

await check('the keyboard leads everywhere', async () => {
  await go('/');
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await page.waitForURL(`${hub}/calls`);
  await page.locator('[data-row]').first().waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  expect((await page.evaluate(() => [...document.querySelectorAll('[data-row]')].indexOf(document.activeElement))) === 1, 'j does not move');
  await page.keyboard.press('Enter');
  await page.locator('[data-detail]').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('[data-detail]').waitFor({ state: 'detached' });
  await page.keyboard.press('/');
  await page.waitForFunction(() => document.activeElement?.name === 'model');
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('Shift+?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

await shell({ page, go, check, expect, ask, shot, hub, key });
await live({ page, context, go, check, expect, ask, shot, hub, token, key, userPath });

await check('a price is changed and brought back to mind', async () => {
  await go('/prices');
  await page.getByRole('link', { name: 'claude-sonnet-4-5', exact: true }).click();
  await page.fill('[name="form[output]"]', '15.5');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(`${hub}/prices`);
  await page.locator('tr', { hasText: 'claude-sonnet-4-5' }).getByText('$15.5').first().waitFor();
});

const limit = (name) => `[name="form[limits][${name}]"]`;

await check('limits are folded until there is one, and a mistake in them is seen', async () => {
  await go(userPath);
  const section = page.locator('.editor [data-limits]');
  expect(!(await section.locator('details').evaluate((fold) => fold.open)), 'open without a limit');
  await section.locator('summary').click();
  await section.locator(limit('limit_daily_usd')).fill('much');
  await page.locator('.save').getByRole('button', { name: 'Save' }).click();
  await page.locator('#form\\[limits\\]\\[limit_daily_usd\\]-problem').getByText('Must be a number').waitFor();
  await section.locator(limit('limit_daily_usd')).fill('2.5');
  await section.locator(limit('daily_reset_time')).fill('06:30');
  await section.locator(limit('limit_rpm')).fill('600');
  await section.locator(limit('limit_mode')).selectOption('hard');
  await page.locator('.save').getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  await go(userPath);
  expect(await section.locator('details').evaluate((fold) => fold.open), 'folded although there are limits');
  expect((await section.locator(limit('limit_daily_usd')).inputValue()) === '2.5', 'not saved');
  expect((await section.locator(limit('daily_reset_time')).inputValue()) === '06:30', 'time not saved');
  expect((await section.locator(limit('limit_mode')).inputValue()) === 'hard', 'mode not saved');
  await shot(page, 'user-limits');
});

await check('a user shows how much of its limits is used, and they are reset after a question', async () => {
  const panel = page.locator('section', { has: page.locator('#limits-title') });
  await panel.getByRole('meter', { name: 'Cost in a day' }).waitFor();
  await panel.getByRole('meter', { name: 'Calls a minute' }).waitFor();
  await panel.getByRole('link', { name: 'Reset' }).click();
  const question = page.getByRole('alertdialog', { name: 'Reset the limits of Ada?' });
  await question.getByText('no longer counts').waitFor();
  await question.getByRole('button', { name: 'Reset' }).click();
  await question.waitFor({ state: 'detached' });
  await panel.getByText('$0.00 / $2.50').waitFor();
  expect(new URL(page.url()).pathname === userPath, page.url());
});

await check('a key has limits of its own', async () => {
  await page.getByRole('link', { name: 'Edit: laptop' }).click();
  const dialog = page.getByRole('dialog', { name: 'Edit key' });
  await dialog.locator('[data-limits] summary').click();
  await dialog.locator(limit('limit_total_usd')).fill('10');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(hub + userPath);
  await page.getByRole('link', { name: 'Limits: laptop' }).click();
  const limits = page.getByRole('dialog', { name: 'Limits of laptop' });
  const meter = limits.getByRole('meter', { name: 'Cost at all' });
  await meter.waitFor();
  const spent = Number(await meter.getAttribute('aria-valuenow'));
  await shot(page, 'key-limits');
  await limits.getByRole('link', { name: 'Reset' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Reset' }).click();
  await limits.getByText('$0.00 / $10.00').waitFor();
  expect(spent >= 0, `spent ${spent}`);
  await page.keyboard.press('Escape');
  await limits.waitFor({ state: 'detached' });
});

await check('quotas show who is near a limit, and lead to where it is set', async () => {
  await (await ask(key, 'claude-sonnet-4-5')).text;
  await go('/quotas');
  await page.locator('tr', { hasText: 'laptop' }).getByRole('meter', { name: 'Cost at all' }).waitFor();
  const daily = page.locator('tr', { hasText: 'Ada' }).filter({ hasText: 'Cost in a day' });
  await daily.getByText('/ $2.50').waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll('table.quotas td.num')].some((cell) => Number.parseInt(cell.textContent) >= 0));
  const shares = await page.locator('table.quotas td.num').allTextContents();
  const numbers = shares.map((share) => Number.parseInt(share));
  expect(numbers.length === 3 && numbers.every((share, n) => n === 0 || numbers[n - 1] >= share), shares.join(' '));
  await shot(page, 'quotas');
  await page.selectOption('select[name=of]', 'key');
  await page.waitForURL(/of=key/);
  await page.waitForFunction(() => document.querySelectorAll('table.quotas tbody tr').length === 1);
  await page.selectOption('select[name=share]', '100');
  await page.waitForURL(/share=100/);
  await page.getByText('Nobody is that far').waitFor();
  await page.getByRole('link', { name: 'Clear' }).click();
  await page.waitForURL(`${hub}/quotas`);
  await page.getByRole('link', { name: /laptop/ }).click();
  await page.getByRole('dialog', { name: 'Edit key' }).waitFor();
  expect(new URL(page.url()).pathname === userPath, page.url());
});

await sessions({ page, go, check, expect, ask, shot, hub, key, axeFinds });

await check('a price is found by its name, and every one it had is in its history', async () => {
  await go('/prices');
  await page.getByRole('search').getByRole('searchbox').fill('sonnet-4-5');
  await page.getByRole('search').getByRole('button').click();
  await page.waitForURL(/\/prices\?q=sonnet-4-5/);
  await page.locator('tr', { hasText: 'claude-opus-5' }).first().waitFor({ state: 'detached' });
  await page.locator('tr', { hasText: 'claude-sonnet-4-5' }).getByText('an operator').waitFor();
  await page.getByRole('link', { name: 'History: claude-sonnet-4-5' }).click();
  const past = page.getByRole('dialog', { name: 'Prices of claude-sonnet-4-5' });
  await past.getByText('$15.5').waitFor();
  await past.getByText('this release').waitFor();
  await shot(page, 'price-history');
  await page.keyboard.press('Escape');
  await past.waitFor({ state: 'detached' });
});

await check('a change of a price keeps its other rules', async () => {
  await go('/prices?edit=claude-sonnet-4-5');
  expect((await page.inputValue('[name="form[rules]"]')).includes('200000'), 'the tier is not shown');
});

await check('a price file is shown before it is kept, and leaves what was set by hand', async () => {
  await go('/prices?import=1');
  const dialog = page.getByRole('dialog', { name: 'Import' });
  const file = { 'claude-sonnet-4-5': { mode: 'chat', input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 },
    'vendor/new': { mode: 'chat', input_cost_per_token: 1.5e-6, output_cost_per_token: 2e-6 }, 'vendor/half': { mode: 'chat' } };
  await dialog.locator('input[type=file]').setInputFiles({ name: 'prices.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(file)) });
  await page.waitForFunction(() => document.getElementById('file').value.includes('vendor/new'));
  await dialog.getByRole('button', { name: 'Preview' }).click();
  await dialog.getByText('What would change').waitFor();
  const conflict = dialog.locator('tr', { hasText: 'claude-sonnet-4-5' });
  await conflict.getByText('$15.5').waitFor();
  expect((await conflict.getByText('Output: $2', { exact: true }).count()) === 1, "the file's price is not shown beside");
  await shot(page, 'price-import');
  const take = conflict.getByRole('checkbox');
  await take.check();
  await dialog.getByRole('button', { name: 'Preview' }).click();
  await dialog.locator('tr', { hasText: 'claude-sonnet-4-5' }).locator('input:checked').waitFor();
  await take.uncheck();
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await dialog.getByText('What has changed').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('tr', { hasText: 'vendor/new' }).getByText('a price file').waitFor();
  await page.locator('tr', { hasText: 'claude-sonnet-4-5' }).getByText('$15.5').first().waitFor();
  await page.selectOption('select[name=source]', 'litellm');
  await page.waitForURL(/source=litellm/);
  await page.locator('tr', { hasText: 'claude-sonnet-4-5' }).waitFor({ state: 'detached' });
  await page.locator('tr', { hasText: 'vendor/new' }).waitFor();
});

await check('a sync has a button of its own, and says what it needs', async () => {
  await go('/prices?import=1');
  const dialog = page.getByRole('dialog', { name: 'Import' });
  await dialog.getByRole('button', { name: 'Sync', exact: true }).click();
  await dialog.getByText(/nowhere to read prices from/).waitFor();
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await dialog.getByText(/file: .*choose a price file/).waitFor();
});

await check('a price that was set by hand is taken from the file when that is chosen', async () => {
  await go('/prices?q=sonnet-4-5&import=1');
  const dialog = page.getByRole('dialog', { name: 'Import' });
  const file = { 'claude-sonnet-4-5': { mode: 'chat', input_cost_per_token: 3e-6, output_cost_per_token: 15e-6 } };
  await dialog.locator('textarea').fill(JSON.stringify(file));
  await dialog.getByRole('button', { name: 'Preview' }).click();
  await dialog.getByRole('checkbox', { name: /claude-sonnet-4-5/ }).check();
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await dialog.getByText('What has changed').waitFor();
  await page.keyboard.press('Escape');
  await page.waitForURL(`${hub}/prices?q=sonnet-4-5`);
  await page.locator('tr', { hasText: 'claude-sonnet-4-5' }).getByText('a price file').waitFor();
});

await check('a key is disabled, and refused from then on', async () => {
  await go(userPath);
  await page.getByRole('link', { name: 'Edit: laptop' }).click();
  await page.getByRole('dialog').getByRole('switch').uncheck();
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(hub + userPath);
  await page.locator('tr', { hasText: 'laptop' }).getByText('Disabled').waitFor();
  const refused = await ask(key, 'claude-sonnet-4-5');
  expect(refused.status === 401 || refused.status === 403, `status ${refused.status}`);
});

await check('a provider is switched off in the list', async () => {
  await go('/providers');
  await page.getByRole('button', { name: 'Disable: Scripted' }).click();
  await page.locator('tr', { hasText: 'Scripted' }).getByText('Disabled').waitFor();
  await page.getByRole('button', { name: 'Enable: Scripted' }).click();
  await page.locator('tr', { hasText: 'Scripted' }).getByText('Enabled').waitFor();
});

await check('a group gets its place in the order', async () => {
  await go('/providers?edit=default');
  const dialog = page.getByRole('dialog', { name: 'Group default' });
  await dialog.getByLabel('Priority').fill('-3');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(`${hub}/providers`);
  await page.locator('tr', { hasText: 'default' }).getByText('-3').waitFor();
});

await check('deleting asks first, and says what is lost', async () => {
  await go(userPath);
  await page.getByRole('link', { name: 'Delete: laptop' }).click();
  const question = page.getByRole('alertdialog', { name: 'Delete the key laptop?' });
  await question.getByText('stops working at once').waitFor();
  await shot(page, 'confirm');
  await page.keyboard.press('Escape');
  await question.waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Delete: laptop' }).click();
  await question.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No keys yet').waitFor();
});

await check('the theme is chosen, kept, and rendered by the server', async () => {
  await go('/');
  await page.locator('.only-wide').getByRole('button', { name: 'Dark' }).click();
  expect((await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)) === 'dark', 'not dark');
  const html = await (await context.request.get(hub)).text();
  expect(/<html[^>]*data-theme="dark"/.test(html), 'the server does not know');
});

const setting = (name) => page.locator(`#setting-${name}`);

await check('every setting is shown with its default and where its value comes from', async () => {
  await go('/settings');
  for (const title of ['Calls and retries', 'Health and probing', 'Waiting', 'Limits', 'Ledger and retention', 'Prices', 'Privacy and edge', 'Environment', 'Storage']) {
    await page.getByRole('heading', { level: 2, name: title, exact: true }).waitFor();
  }
  const answer = await fetch(`${hub}/admin/v1/settings`, { headers: { authorization: `Bearer ${token}` } });
  const { items } = await answer.json();
  const shown = await page.locator('.setting').count();
  expect(items.length > 0 && shown === items.length, `${shown} of ${items.length} settings`);
  await setting('gate_ms').getByText('Default', { exact: true }).waitFor();
  await setting('gate_ms').getByText('0 to 1 min').waitFor();
  const secret = page.locator('#environment tr', { hasText: 'ADMIN_TOKEN' });
  await secret.getByText('set, not shown').waitFor();
  expect(!(await page.content()).includes(token), 'the token is shown');
  await page.locator('#storage').getByText('run by the hub itself').waitFor();
  await page.locator('#storage summary', { hasText: 'Calls by day' }).click();
  await page.locator('#storage th', { hasText: new Date().toISOString().slice(0, 10) }).waitFor();
});

await check('a mistake in a setting is said beside it, and what was typed stays', async () => {
  await go('/settings');
  const save = setting('gate_ms').getByRole('button', { name: 'Save' });
  expect(!(await save.isVisible()), 'the button shows before anything has changed');
  await setting('gate_ms').getByRole('textbox').fill('10');
  await save.click();
  await setting('gate_ms').getByText('Must be a whole number such as 10 s').waitFor();
  await setting('gate_ms').getByRole('textbox').fill('2 min');
  await save.click();
  await setting('gate_ms').getByText('Must be from 0 to 1 min').waitFor();
  expect((await setting('gate_ms').getByRole('textbox').inputValue()) === '2 min', 'what was typed is lost');
  await shot(page, 'settings-mistake');
});

await check('settings are changed one by one, and brought back to their defaults', async () => {
  await go('/settings');
  await setting('retention_days').getByRole('textbox').fill('120');
  await setting('gate_ms').getByRole('textbox').fill('1.5 s');
  await setting('gate_ms').getByRole('button', { name: 'Save' }).click();
  await page.locator('.toast').getByText("Saved: Holding back a stream's head").waitFor();
  await setting('gate_ms').getByText('Set here').waitFor();
  await setting('gate_ms').getByText('Default: 10 s').waitFor();
  expect((await setting('gate_ms').getByRole('textbox').inputValue()) === '1500 ms', 'not as the hub understood it');
  expect((await setting('retention_days').getByRole('textbox').inputValue()) === '120', 'what was typed elsewhere is lost');
  await setting('metrics_open').getByRole('switch').check();
  await setting('metrics_open').getByRole('button', { name: 'Save' }).click();
  await setting('metrics_open').getByText('Set here').waitFor();
  await setting('waiting').getByRole('combobox').selectOption({ label: 'All' });
  await setting('waiting').getByRole('button', { name: 'Save' }).click();
  await setting('waiting').getByText('Set here').waitFor();
  await setting('time_zone').getByRole('textbox').fill('Mars/Base');
  await setting('time_zone').getByRole('button', { name: 'Save' }).click();
  await setting('time_zone').getByText('IANA database').last().waitFor();
  await setting('default_price').getByLabel('Output').fill('80');
  await setting('default_price').getByRole('button', { name: 'Save' }).click();
  await setting('default_price').getByText('Set here').waitFor();
  await go('/settings');
  await shot(page, 'settings-changed');
  expect((await setting('default_price').getByLabel('Output').inputValue()) === '80', 'the price was not kept');
  expect(await setting('metrics_open').getByRole('switch').isChecked(), 'the switch was not kept');
  for (const name of ['gate_ms', 'metrics_open', 'waiting', 'default_price']) {
    await setting(name).getByRole('button', { name: 'Back to default' }).click();
    await setting(name).getByText('Set here').waitFor({ state: 'detached' });
  }
  expect((await setting('gate_ms').getByRole('textbox').inputValue()) === '10 s', 'not back');
  expect(!(await setting('metrics_open').getByRole('switch').isChecked()), 'still on');
  expect((await setting('waiting').getByRole('combobox').inputValue()) === 'off', 'still waiting');
});

const pages = () => ['/', '/calls', `/calls?call=${callId}`, `/calls/${callId}`, '/providers', '/providers/new', '/providers?edit=', '/providers?drop=gone', providerPath, '/users', '/users/new', userPath, `${userPath}?new=key`, '/prices', '/prices?edit=claude-sonnet-4-5', '/prices?history=claude-sonnet-4-5', '/prices?import=1', '/prices?q=opus', '/sessions', '/quotas', '/quotas?share=100', '/settings', '/log', '/nowhere'];

for (const theme of ['dark', 'light']) {
  for (const path of pages()) {
    await check(`axe finds nothing serious on ${path.replace(/[0-9a-f]{8}-[0-9a-f-]+/, '{id}')}, ${theme}`, async () => {
      await go('/prices');
      await page.locator('.only-wide').getByRole('button', { name: theme === 'dark' ? 'Dark' : 'Light' }).click();
      await go(path);
      const found = await axeFinds(page);
      expect(found.length === 0, found.join('\n     '));
      await shot(page, `${path.replaceAll(/[^a-z0-9]+/gi, '_')}-${theme}`);
    });
  }
}

await check('on a phone nothing is wider than the screen, and the menu opens', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of pages()) {
    await go(path);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width <= 390, `${path} is ${width} px wide`);
    await shot(page, `${path.replaceAll(/[^a-z0-9]+/gi, '_')}-phone`);
  }
  await go('/');
  await page.locator('.menu > summary').click();
  await shot(page, 'menu-phone');
  await page.locator('.menu').getByRole('link', { name: 'Calls' }).click();
  await page.waitForURL(`${hub}/calls`);
  await page.waitForFunction(() => !document.querySelector('.menu').open);
  const found = await axeFinds(page);
  expect(found.length === 0, found.join('\n     '));
  await page.setViewportSize({ width: 360, height: 740 });
  for (const path of ['/', '/settings']) {
    await go(path);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width <= 360, `${path} is ${width} px wide at 360`);
  }
  await shot(page, 'settings-360');
  await page.setViewportSize({ width: 2560, height: 1300 });
  await go('/');
  await shot(page, 'overview-wide');
  await go(`/calls?call=${callId}`);
  await shot(page, 'calls-wide');
});

await page.setViewportSize({ width: 1440, height: 900 });

await check('Chinese is chosen and kept', async () => {
  await go('/');
  await page.locator('.only-wide').getByRole('button', { name: '中文' }).click();
  await page.getByRole('heading', { level: 1, name: '概览' }).waitFor();
  expect((await page.getAttribute('html', 'lang')) === 'zh-CN', 'lang');
  await hydrated(page);
  await shot(page, 'overview-zh');
  await go('/settings');
  await page.getByRole('heading', { level: 2, name: '账本与保留' }).waitFor();
  await shot(page, 'settings-zh');
  await go(`/calls?call=${callId}`);
  await page.getByText('首次尝试即完成应答').waitFor();
  await shot(page, 'calls-zh');
  await page.locator('.only-wide').getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { level: 1, name: 'Calls' }).waitFor();
});

await check('without script the console logs in, reads and says no', async () => {
  const plain = await browser.newContext({ javaScriptEnabled: false, locale: 'en' });
  const reader = await plain.newPage();
  reader.setDefaultTimeout(10_000);
  await reader.goto(`${hub}/calls`);
  await reader.fill('#secret', 'not-the-right-token');
  await reader.click('button[type=submit].primary');
  await reader.getByText('That is not right').waitFor();
  await reader.fill('#secret', token);
  await reader.click('button[type=submit].primary');
  await reader.waitForURL(/\/calls/);
  await reader.locator('table.calls tbody tr').first().waitFor();
  await reader.locator(`[data-call="${callId}"]`).click();
  await reader.getByText('Scripted answered at the first try.').waitFor();
  await reader.goto(`${hub}/calls`);
  await reader.selectOption('select[name=outcome]', 'failed');
  await reader.getByRole('button', { name: 'Apply' }).click();
  await reader.waitForURL(/outcome=failed/);
  for (const path of ['/', '/sessions', '/providers', '/users', userPath, '/prices', '/settings']) {
    await reader.goto(hub + path);
    expect(!(await reader.content()).includes('class="skeleton"'), `${path} is not rendered by the server`);
  }
  const probe = reader.locator('#setting-probe_model');
  await probe.getByRole('textbox').fill('claude-x');
  await probe.getByRole('button', { name: 'Save' }).click();
  await probe.getByText('Set here').waitFor();
  await probe.getByRole('button', { name: 'Back to default' }).click();
  await probe.getByText('Set here').waitFor({ state: 'detached' });
  await reader.goto(`${hub}/`);
  await shot(reader, 'overview-no-script');
  await plain.close();
});

await check('another site changes nothing', async () => {
  const forged = await context.request.post(hub + await logOutPath(), { headers: { 'sec-fetch-site': 'cross-site' } });
  expect(forged.status() === 403, `status ${forged.status()}`);
  await go('/');
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
});

await check('a page carries its policy', async () => {
  const policy = (await context.request.get(hub)).headers()['content-security-policy'] ?? '';
  for (const part of ["default-src 'self'", "'strict-dynamic'", "frame-ancestors 'none'", "form-action 'self'"]) {
    expect(policy.includes(part), policy);
  }
});

await check('logging out ends the session for good', async () => {
  const before = await context.cookies();
  await page.locator('.only-wide').getByRole('button', { name: 'Log out' }).click();
  await page.waitForURL(`${hub}/login`);
  await context.addCookies(before);
  await page.goto(`${hub}/users`);
  expect(new URL(page.url()).pathname === '/login', page.url());
});

await check('an open page says that its session is over, and the login leads back to it', async () => {
  await page.goto(`${hub}/login?next=/calls%3Foutcome%3Dfailed`);
  await hydrated(page);
  await page.fill('#secret', token);
  await page.click('button[type=submit].primary');
  await page.waitForURL(`${hub}/calls?outcome=failed`);
  await page.locator('.only-wide .state.good').getByText('Live').waitFor();
  const ended = await context.request.post(hub + await logOutPath(), { headers: { 'sec-fetch-site': 'same-origin' }, maxRedirects: 0 });
  expect(ended.status() < 400, `status ${ended.status()}`);
  const over = page.getByRole('alert').filter({ hasText: 'Your session is over' });
  await over.waitFor({ timeout: 30_000 });
  await shot(page, 'session-over');
  await over.getByRole('link', { name: 'Log in' }).click();
  await page.waitForURL(/\/login\?next=/);
  await page.fill('#secret', token);
  await page.click('button[type=submit].primary');
  await page.waitForURL(`${hub}/calls?outcome=failed`);
  await page.locator('.only-wide .state.good').getByText('Live').waitFor();
});

await check('the code of a page comes when somebody goes there, and is kept', async () => {
  const other = await browser.newContext({ storageState: await context.storageState(), locale: 'en-GB' });
  const reader = await other.newPage();
  reader.setDefaultTimeout(10_000);
  watch(reader);
  const asked = [];
  reader.on('response', (response) => asked.push(response));
  await go('/', reader);
  const code = (part) => asked.filter((response) => response.url().includes(`/pkg/split_${part}.`));
  expect(code('overview').length > 0 && code('prices').length === 0, asked.map((response) => response.url()).join(' '));
  asked.length = 0;
  await reader.getByRole('link', { name: 'Prices' }).first().click();
  await reader.getByRole('heading', { level: 1, name: 'Prices' }).waitFor();
  expect(code('prices').length === 1, 'the code did not come');
  expect(!asked.some((response) => response.request().resourceType() === 'document'), 'a document was asked for');
  const kept = await code('prices')[0].headerValue('cache-control');
  expect(kept === 'public, max-age=31536000, immutable', kept);
  await other.close();
});

await check('a page whose code does not come says so, and is there when it is asked for again', async () => {
  const other = await browser.newContext({ storageState: await context.storageState(), locale: 'en-GB' });
  const reader = await other.newPage();
  reader.setDefaultTimeout(10_000);
  await other.route(/split_prices/, (route) => route.abort());
  await go('/', reader);
  await reader.getByRole('link', { name: 'Prices' }).first().click();
  const again = reader.getByRole('alert').getByRole('button', { name: 'Try again' });
  await again.waitFor();
  await other.unroute(/split_prices/);
  await again.click();
  await reader.getByRole('heading', { level: 1, name: 'Prices' }).waitFor();
  await other.close();
});

await check('the browser had nothing to complain about', async () => {
  expect(troubles.length === 0, troubles.join('\n     '));
});

await browser.close();
console.log(`${passed} passed, ${failed} failed`);
console.log(`test result: ${failed ? 'FAILED' : 'ok'}. ${passed} passed; ${failed} failed; the console in a browser`);
process.exit(failed ? 1 : 0);
