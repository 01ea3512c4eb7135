// Who may see what, in a real browser: the login, a person's own pages, and what is kept from them.
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

const PASSWORD = 'correct horse battery';
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
    await shot(page, `failed-access-${failed}`);
  }
}

function expect(truth, text) {
  if (!truth) throw new Error(text);
}

async function shot(of, name) {
  if (shots) await of.screenshot({ path: join(shots, `${name}.png`), fullPage: true }).catch(() => {});
}

/** Notes what the browser complains about. Refusals are what these tests want. */
function watch(of) {
  of.on('console', (message) => {
    const isWanted = /status of (40[1349]|422)/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !isWanted) troubles.push(`${message.type()}: ${message.text()} at ${of.url()}`);
  });
  of.on('pageerror', (error) => troubles.push(`exception: ${error.message} at ${of.url()}`));
}

/** Goes to a page and waits until the browser has taken it over. Answers its status. */
async function go(path, of = page) {
  const answer = await of.goto(hub + path, { waitUntil: 'load' });
  await of.waitForSelector('html[data-ready]', { state: 'attached' });
  return answer.status();
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

/** Fills in the form of the login page and sends it. */
async function logIn(name, secret, of = page) {
  await of.fill('#name', name);
  await of.fill('#secret', secret);
  await of.click('button[type=submit].primary');
}

/** The pages that the sidebar offers. */
const offered = (of = page) => of.locator('.only-wide nav a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', colorScheme: 'light' });
let page = await context.newPage();
page.setDefaultTimeout(10_000);
watch(page);

const person = await admin('POST', '/users', { name: 'Grace', limit_daily_usd: '5', limit_monthly_usd: '40' });
const key = await admin('POST', `/users/${person.id}/keys`, { name: 'laptop', limit_rpm: 30 });
await admin('PUT', `/users/${person.id}/password`, { password: PASSWORD });

await check('the login page is plain, in both themes and on a phone', async () => {
  await looks('/login', 'login');
  expect((await page.locator('input:visible').count()) === 2, 'two fields');
});

await check('a wrong password is refused beside the form, and what was typed stays', async () => {
  await go('/login');
  await logIn('Grace', 'not the right one');
  await page.getByRole('alert').getByText('That is not right').waitFor();
  expect((await page.inputValue('#name')) === 'Grace', 'the name is gone');
});

await check('a person logs in and is led to their own use', async () => {
  await logIn('Grace', PASSWORD);
  await page.waitForURL(`${hub}/me`);
  await page.getByRole('heading', { name: 'My use' }).waitFor();
  expect((await offered()).every((path) => path.startsWith('/me')), (await offered()).join(' '));
  await page.getByText('laptop').first().waitFor();
});

await check('what is left and what was used is on the first page', async () => {
  const provider = await admin('POST', '/providers', {
    name: 'Access upstream', kind: 'anthropic', base_url: process.env.UPSTREAM_URL, secret: process.env.UPSTREAM_KEY, group: ['access'], probe: false,
  });
  await admin('PATCH', `/users/${person.id}`, { group: ['access'] });
  for (let n = 0; n < 3; n += 1) {
    const answer = await fetch(`${hub}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': key.key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 64, messages: [{ role: 'user', content: 'Hello' }] }),
    });
    expect(answer.ok, `call ${n}: ${answer.status} ${await answer.text()}`);
  }
  await page.waitForTimeout(1500);
  await looks('/me', 'me');
  expect((await page.locator('main [role=meter]').count()) === 3, 'three limits have bars');
  await page.getByRole('heading', { name: 'Over time' }).waitFor();
  await admin('DELETE', `/providers/${provider.id}`);
});

await check('own calls lead to one of them, without a word about providers', async () => {
  await looks('/me/calls', 'me-calls');
  await page.locator('tbody a.row-link').first().click();
  await page.getByRole('heading', { name: 'What it cost' }).waitFor();
  const said = await page.locator('main').innerText();
  expect(!said.includes('Access upstream'), said);
  await looks(new URL(page.url()).pathname, 'me-call');
  await page.getByRole('link', { name: 'Calls', exact: true }).first().click();
  await page.selectOption('#own-outcome', 'failed');
  await page.getByText('No calls').waitFor();
  expect(page.url().includes('outcome=failed'), page.url());
});

await check('how to set up a client can be copied for each system', async () => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: hub });
  await looks('/me/setup', 'me-setup');
  await page.getByRole('link', { name: 'Windows' }).click();
  await page.locator('#in-terminal').getByText('$env:ANTHROPIC_BASE_URL').waitFor();
  await page.locator('[data-copy=in-settings]').click();
  await page.locator('[data-copy=in-settings]').getByText('Copied').waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(JSON.parse(copied).env.ANTHROPIC_BASE_URL === hub, copied);
});

await check('a person changes the password, and a mistake is said beside its field', async () => {
  await looks('/me/logins', 'me-logins');
  await page.fill('#old_password', 'not the right one');
  await page.fill('#password', `${PASSWORD} again`);
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.locator('#old_password-problem:not(:empty)').waitFor();
  await page.fill('#old_password', PASSWORD);
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('The password is changed.').waitFor();
  await admin('PUT', `/users/${person.id}/password`, { password: PASSWORD });
  await go('/login');
  await logIn('Grace', PASSWORD);
  await page.waitForURL(`${hub}/me`);
});

await check('what is for administrators says so, with its status, and does not lead in circles', async () => {
  for (const path of ['/calls', '/providers', '/users', '/settings', '/leaderboard', '/audit']) {
    const status = await go(path);
    if (status === 404) continue;
    expect(status === 403, `${path}: ${status}`);
    await page.getByText('This page is for administrators').waitFor();
    expect(new URL(page.url()).pathname === path, page.url());
  }
  await looks('/calls', 'not-allowed');
  await page.getByRole('main').getByRole('link', { name: 'My use' }).click();
  await page.waitForURL(`${hub}/me`);
  await go('/');
  expect(new URL(page.url()).pathname === '/me', page.url());
});

await check('the palette finds a person only their own pages', async () => {
  await go('/me');
  await page.keyboard.press('Control+k');
  const found = await page.locator('[data-found]').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  expect(found.length > 0 && found.every((path) => path.startsWith('/me')), found.join(' '));
  await page.keyboard.press('Escape');
});

await check('a person logs out, and the way back asks for a login', async () => {
  await go('/me');
  await page.getByRole('button', { name: 'Log out' }).first().click();
  await page.waitForURL(`${hub}/login`);
  await go('/me');
  expect(page.url() === `${hub}/login?next=/me`, page.url());
});

await check('a key shows its own use', async () => {
  await logIn('', key.key);
  await page.waitForURL(`${hub}/me`);
  await page.getByText('laptop').first().waitFor();
  expect((await go('/users')) === 403, 'users');
});

await check('an administrator sees who did what, field by field', async () => {
  const runs = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', colorScheme: 'light' });
  const own = page;
  page = await runs.newPage();
  page.setDefaultTimeout(10_000);
  watch(page);
  try {
    await admin('PATCH', `/users/${person.id}`, { note: 'from the audit' });
    await go('/login');
    await logIn('', token);
    await page.waitForURL(`${hub}/`);
    await looks('/audit', 'audit');
    await page.selectOption('#audit-action', 'user.update');
    await page.waitForURL(/action=user.update/);
    await page.locator('.changes details').first().locator('summary').click();
    await page.getByRole('cell', { name: 'from the audit' }).first().waitFor();
    await shot(page, 'audit-open');
    await go('/audit?subject=no-such-thing');
    await page.getByText('Nothing on record').waitFor();
    await looks('/logins', 'logins');
    await go(`/users/${person.id}`);
    await page.getByRole('heading', { name: 'Password for the console' }).waitFor();
    await page.fill('#password', 'short');
    await page.getByRole('button', { name: 'Set password' }).click();
    await page.locator('#password-problem:not(:empty)').waitFor();
    await page.fill('#password', PASSWORD);
    await page.getByRole('button', { name: 'Set password' }).click();
    await page.getByText('The password is changed.').waitFor();
    await looks(`/users/${person.id}`, 'user-password');
  } finally {
    if (failed) await shot(page, 'failed-audit');
    page = own;
    await runs.close();
  }
});

await check('without script a person logs in too, and reads', async () => {
  const plain = await browser.newContext({ javaScriptEnabled: false, locale: 'en-GB' });
  const reader = await plain.newPage();
  await reader.goto(`${hub}/login`);
  await logIn('Grace', PASSWORD, reader);
  await reader.waitForURL(`${hub}/me`);
  await reader.getByText('laptop').first().waitFor();
  const refused = await reader.goto(`${hub}/settings`);
  expect(refused.status() === 403, `${refused.status()}`);
  await reader.getByText('This page is for administrators').waitFor();
  await plain.close();
});

await check('the browser complains about nothing', async () => {
  expect(troubles.length === 0, troubles.join('\n'));
});

await browser.close();
console.log(`test result: ${failed ? 'FAILED' : 'ok'}. ${passed} passed; ${failed} failed; who may see what, in the browser`);
process.exitCode = failed ? 1 : 0;
