// The beginning: a hub that nobody has used yet gets a provider, a user and a key.
import { check, expect, hub, logIn, shot, takenOver, token, upstream } from './trial.mjs';

/** Takes the page of `console.mjs`, not logged in. Answers the new key, and where its user is. */
export async function beginning({ page, go }) {
  let key;
  let userPath;
  let providerPath;

  await check('a page asks for a login first, and remembers where the reader wanted to go', async () => {
    await page.goto(`${hub}/calls?range=24h`);
    expect(page.url() === `${hub}/login?next=/calls%3Frange%3D24h`, page.url());
    await shot(page, 'login-light');
  });

  await check('a wrong token is refused and said so', async () => {
    await takenOver(page);
    let n_sent = 0;
    page.on('request', (request) => { if (request.method() === 'POST' && request.url().includes('log_in')) n_sent += 1; });
    await logIn(page, '', '');
    await page.locator('#secret-problem').getByText('Must be filled in').waitFor();
    expect(n_sent === 0, 'an empty secret counts as a wrong one');
    await logIn(page, '', 'not-the-right-token');
    await page.getByRole('alert').getByText('That is not right').waitFor();
    await logIn(page, '', '');
    await page.locator('#secret-problem').getByText('Must be filled in').waitFor();
    expect((await page.getByText('That is not right').count()) === 0, 'what was wrong before is still said');
    expect(new URL(page.url()).pathname === '/login', page.url());
  });

  await check('the right token leads to the page that was wanted', async () => {
    await logIn(page, '', token);
    await page.waitForURL(`${hub}/calls?range=24h`);
    await page.getByRole('heading', { level: 1, name: 'Calls' }).waitFor();
    const cookie = (await page.context().cookies()).find((cookie) => cookie.name === 'switchyard_session');
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
    await page.fill('[name="form[secret]"]', upstream.key);
    await page.click('.save button[type=submit]');
    await page.locator('#form\\[base_url\\]-problem').getByText('Must begin with https://').waitFor();
    expect((await page.inputValue('[name="form[secret]"]')) === upstream.key, 'the key was lost');
    expect((await page.locator('.final code').textContent()) === '', 'an address that calls cannot go to');
  });

  await check('a provider is created', async () => {
    await page.fill('[name="form[base_url]"]', upstream.url);
    await shot(page, 'provider-new');
    await page.click('.save button[type=submit]');
    await page.waitForURL(/\/providers\/\d+/);
    providerPath = new URL(page.url()).pathname;
    await page.getByRole('heading', { level: 1, name: 'Scripted' }).waitFor();
  });

  await check('it is tested with one real call', async () => {
    await page.getByRole('button', { name: 'Run the test' }).click();
    await page.getByText('It works', { exact: true }).waitFor();
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

  return { key, userPath };
}
