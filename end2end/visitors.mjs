// Who comes without what most readers have: without script, from another site, or without a session any more.
import { PATIENCE_MS, browser, check, expect, hub, logIn, shot, token } from './trial.mjs';

/** Takes what `console.mjs` has: its page, logged in, a call, and where its user is. */
export async function visitors({ page, go, callId, userPath }) {
  const context = page.context();
  /** Where the form of logging out goes. */
  const logOutPath = () => page.locator('.only-wide form', { hasText: 'Log out' }).getAttribute('action');

  await check('without script the console logs in, reads and says no', async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false, locale: 'en' });
    const plainPage = await plain.newPage();
    plainPage.setDefaultTimeout(PATIENCE_MS);
    await plainPage.goto(`${hub}/calls`);
    await logIn(plainPage, '', 'not-the-right-token');
    await plainPage.getByText('That is not right').waitFor();
    await logIn(plainPage, '', token);
    await plainPage.waitForURL(/\/calls/);
    await plainPage.locator('table.calls tbody tr').first().waitFor();
    await plainPage.locator(`[data-call="${callId}"]`).click();
    await plainPage.getByText('Scripted answered at the first try.').waitFor();
    await plainPage.goto(`${hub}/calls`);
    await plainPage.selectOption('select[name=outcome]', 'failed');
    await plainPage.getByRole('button', { name: 'Apply' }).click();
    await plainPage.waitForURL(/outcome=failed/);
    for (const path of ['/', '/sessions', '/providers', '/users', userPath, '/prices', '/settings']) {
      await plainPage.goto(hub + path);
      expect(!(await plainPage.content()).includes('class="skeleton"'), `${path} is not rendered by the server`);
    }
    const probe = plainPage.locator('#setting-probe_model');
    await probe.getByRole('textbox').fill('claude-x');
    await probe.getByRole('button', { name: 'Save' }).click();
    await probe.getByText('Set here').waitFor();
    await probe.getByRole('button', { name: 'Back to default' }).click();
    await probe.getByText('Set here').waitFor({ state: 'detached' });
    await plainPage.goto(`${hub}/`);
    await shot(plainPage, 'overview-no-script');
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
    await go('/login?next=/calls%3Foutcome%3Dfailed');
    await logIn(page, '', token);
    await page.waitForURL(`${hub}/calls?outcome=failed`);
    await page.locator('.only-wide .state.good').getByText('Live').waitFor();
    const ended = await context.request.post(hub + await logOutPath(), { headers: { 'sec-fetch-site': 'same-origin' }, maxRedirects: 0 });
    expect(ended.status() < 400, `status ${ended.status()}`);
    const over = page.getByRole('alert').filter({ hasText: 'Your session is over' });
    await over.waitFor();
    await shot(page, 'session-over');
    await over.getByRole('link', { name: 'Log in' }).click();
    await page.waitForURL(/\/login\?next=/);
    await logIn(page, '', token);
    await page.waitForURL(`${hub}/calls?outcome=failed`);
    await page.locator('.only-wide .state.good').getByText('Live').waitFor();
  });
}
