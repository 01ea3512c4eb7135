// Who may see what, in a real browser: the login, a person's own pages, and what is kept from them.
//
// Environment: see trial.mjs.
import { PASSWORD, PATIENCE_MS, admin, browser, check, expect, finish, hub, logIn, loggedIn, reader, shot, token, upstream, visit } from './trial.mjs';

// Refusals are what these tests want.
const isWanted = (text) => /status of (40[1349]|422)/.test(text);
const page = await reader({ isWanted });
const go = (path) => visit(page, path);

/** The pages that the sidebar offers. */
const offered = () => page.locator('.only-wide nav a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));

const person = await admin('POST', '/users', { name: 'Grace', limit_daily_usd: '5', limit_monthly_usd: '40' });
const key = await admin('POST', `/users/${person.id}/keys`, { name: 'laptop', limit_rpm: 30 });
await admin('PUT', `/users/${person.id}/password`, { password: PASSWORD });

await check('the login page is plain', async () => {
  await go('/login');
  expect((await page.locator('input:visible').count()) === 2, 'two fields');
});

await check('a wrong password is refused beside the form, and what was typed stays', async () => {
  await go('/login');
  await logIn(page, 'Grace', 'not the right one');
  await page.getByRole('alert').getByText('That is not right').waitFor();
  expect((await page.inputValue('#name')) === 'Grace', 'the name is gone');
});

await check('a person logs in and is led to their own use', async () => {
  await logIn(page, 'Grace', PASSWORD);
  await page.waitForURL(`${hub}/me`);
  await page.getByRole('heading', { name: 'My use' }).waitFor();
  expect((await offered()).every((path) => path.startsWith('/me')), (await offered()).join(' '));
  await page.getByText('laptop').first().waitFor();
});

await check('what is left and what was used is on the first page', async () => {
  const provider = await admin('POST', '/providers', {
    name: 'Access upstream', kind: 'anthropic', base_url: upstream.url, secret: upstream.key, group: ['access'], probe: false,
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
  for (let tries = 0; (await admin('GET', `/calls?key_id=${key.id}`)).items.length < 3; tries += 1) {
    expect(tries < 600, 'the calls are not recorded');
    await new Promise((done) => setTimeout(done, 100));
  }
  await go('/me');
  expect((await page.locator('main [role=meter]').count()) === 3, 'three limits have bars');
  await page.getByRole('heading', { name: 'Over time' }).waitFor();
  await admin('DELETE', `/providers/${provider.id}`);
});

await check('own calls lead to one of them, without a word about providers', async () => {
  await go('/me/calls');
  await page.locator('tbody a.row-link').first().click();
  await page.getByRole('heading', { name: 'What it cost' }).waitFor();
  const said = await page.locator('main').innerText();
  expect(!said.includes('Access upstream'), said);
  await page.getByRole('link', { name: 'Calls', exact: true }).first().click();
  await page.selectOption('#own-outcome', 'failed');
  await page.getByText('No calls').waitFor();
  expect(page.url().includes('outcome=failed'), page.url());
});

await check('own calls are narrowed to a time and a status, which stay with each other', async () => {
  await go('/me/calls?status=200');
  await page.getByRole('link', { name: '24 hours' }).click();
  await page.waitForURL(/period=24h/);
  expect(page.url().includes('status=200'), page.url());
  await page.locator('.tabs a[aria-current]', { hasText: '24 hours' }).waitFor();
  await page.locator('tbody a.row-link').first().waitFor();
  await page.selectOption('#own-outcome', 'failed');
  await page.waitForURL(/outcome=failed/);
  expect(['period=24h', 'status=200'].every((part) => page.url().includes(part)), page.url());
  await page.getByText('No calls').waitFor();
  await page.getByRole('link', { name: 'Clear' }).click();
  await page.waitForURL(`${hub}/me/calls`);
  await go('/me/calls?from=2020-01-01&to=2020-01-02');
  await page.getByText('No calls').waitFor();
  await page.getByRole('link', { name: 'Any time' }).click();
  await page.locator('tbody a.row-link').first().waitFor();
});

await check('how to set up a client can be copied for each system', async () => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: hub });
  await go('/me/setup');
  await page.getByRole('link', { name: 'Windows' }).click();
  await page.locator('#in-terminal').getByText('$env:ANTHROPIC_BASE_URL').waitFor();
  await page.locator('[data-copy=in-settings]').click();
  await page.locator('[data-copy=in-settings]').getByText('Copied').waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(JSON.parse(copied).env.ANTHROPIC_BASE_URL === hub, copied);
});

await check('a person changes the password, and a mistake is said beside its field', async () => {
  await go('/me/logins');
  await page.fill('#old_password', 'not the right one');
  await page.fill('#password', `${PASSWORD} again`);
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.locator('#old_password-problem:not(:empty)').waitFor();
  await page.fill('#old_password', PASSWORD);
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('The password is changed.').waitFor();
  await admin('PUT', `/users/${person.id}/password`, { password: PASSWORD });
  await go('/login');
  await logIn(page, 'Grace', PASSWORD);
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
  await go('/calls');
  await page.getByRole('main').getByRole('link', { name: 'My use' }).click();
  await page.waitForURL(`${hub}/me`);
  await go('/');
  expect(new URL(page.url()).pathname === '/me', page.url());
});

await check('the palette finds a person only their own pages', async () => {
  await go('/me');
  await page.keyboard.press('Control+k');
  const found = await page.locator('[data-found]').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  expect(found.includes('/me/setup') && found.every((path) => path.startsWith('/me')), found.join(' '));
  await page.keyboard.press('Escape');
});

await check('the keyboard leads a person only to their own pages', async () => {
  await go('/me/calls');
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await page.waitForTimeout(300);
  expect(page.url() === `${hub}/me/calls`, page.url());
  await page.keyboard.press('g');
  await page.keyboard.press('m');
  await page.waitForURL(`${hub}/me`);
});

await check('a person logs out, and the way back asks for a login', async () => {
  await go('/me');
  await page.getByRole('button', { name: 'Log out' }).first().click();
  await page.waitForURL(`${hub}/login`);
  await go('/me');
  expect(page.url() === `${hub}/login?next=/me`, page.url());
});

await check('a key shows its own use', async () => {
  await logIn(page, '', key.key);
  await page.waitForURL(`${hub}/me`);
  await page.getByText('laptop').first().waitFor();
  expect((await go('/users')) === 403, 'users');
});

await check('an administrator sees who did what, field by field', async () => {
  const chief = await loggedIn('', token, { isWanted });
  await admin('PATCH', `/users/${person.id}`, { note: 'from the audit' });
  await visit(chief, '/audit');
  await chief.selectOption('#audit-action', 'user.update');
  await chief.waitForURL(/action=user.update/);
  await chief.locator('.changes details').first().locator('summary').click();
  await chief.getByRole('cell', { name: 'from the audit' }).first().waitFor();
  await shot(chief, 'audit-open');
  await visit(chief, '/audit?subject=no-such-thing');
  await chief.getByText('Nothing on record').waitFor();
  await visit(chief, `/users/${person.id}`);
  await chief.getByRole('heading', { name: 'Password for the console' }).waitFor();
  await chief.fill('#password', 'short');
  await chief.getByRole('button', { name: 'Set password' }).click();
  await chief.locator('#password-problem:not(:empty)').waitFor();
  await chief.fill('#password', PASSWORD);
  await chief.getByRole('button', { name: 'Set password' }).click();
  await chief.getByText('The password is changed.').waitFor();
  await chief.context().close();
});

await check('without script a person logs in too, and reads', async () => {
  const plain = await browser.newContext({ javaScriptEnabled: false, locale: 'en-GB' });
  const plainPage = await plain.newPage();
  plainPage.setDefaultTimeout(PATIENCE_MS);
  await plainPage.goto(`${hub}/login`);
  await logIn(plainPage, 'Grace', PASSWORD);
  await plainPage.waitForURL(`${hub}/me`);
  await plainPage.getByText('laptop').first().waitFor();
  const refused = await plainPage.goto(`${hub}/settings`);
  expect(refused.status() === 403, `${refused.status()}`);
  await plainPage.getByText('This page is for administrators').waitFor();
  await plain.close();
});

await finish('who may see what');
