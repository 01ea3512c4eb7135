// The list of keys over all users: found, filtered, followed, and changed together.
import { PATIENCE_MS, admin, axeFinds, browser, check, expect, hub, shot, wide } from './trial.mjs';

/** Takes what `manage.mjs` has: its page, logged in. */
export async function keys({ page, go }) {
  const soon = new Date(Date.now() + 3 * 86_400_000).toISOString();
  const kay = await admin('POST', '/users', { name: 'Kay Keyring', group: ['managed'] });
  const lee = await admin('POST', '/users', { name: 'Lee Keyring', enabled: false });
  const laptop = await admin('POST', `/users/${kay.id}/keys`, { name: 'ring-laptop', limit_daily_usd: '5' });
  await admin('POST', `/users/${kay.id}/keys`, { name: 'ring-server', group: ['spare'], expires_at: soon });
  const old = await admin('POST', `/users/${lee.id}/keys`, { name: 'ring-old', expires_at: '2020-01-01T00:00:00Z' });
  const row = (name) => page.locator('main tbody tr', { hasText: name });

  await check('keys of all users are found by name, user, group and state', async () => {
    for (const [query, found] of [
      ['search=RING-LAP', ['ring-laptop']],
      ['search=kay+keyring', ['ring-laptop', 'ring-server']],
      ['search=keyring&group=managed', ['ring-laptop']],
      ['search=keyring&group=spare', ['ring-server']],
      ['search=keyring&status=expiring', ['ring-server']],
      ['search=keyring&status=expired', ['ring-old']],
      ['search=keyring&order=reverse', ['ring-old', 'ring-server', 'ring-laptop']],
      [`user=${kay.id}`, ['ring-laptop', 'ring-server']],
    ]) {
      await go(`/keys?${query}`);
      await row(found[0]).waitFor();
      const names = await page.locator('main tbody td:first-child .row-link').allTextContents();
      expect(names.join() === found.join(), `${query}: ${names}`);
    }
    await page.getByRole('link', { name: 'Remove this filter' }).click();
    await page.waitForURL(`${hub}/keys`);
    await go('/keys?search=keyring');
    await page.getByRole('combobox', { name: 'State' }).selectOption('expired');
    await page.waitForURL(/search=keyring.*status=expired/);
    await row('ring-laptop').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Created' }).click();
    await page.waitForURL(/status=expired.*order=reverse/);
    await page.getByRole('combobox', { name: 'Not used for' }).selectOption('30');
    await page.getByText('No key matches').waitFor();
    await shot(page, 'keys-none');
    await page.locator('.empty').getByRole('link', { name: 'Clear' }).click();
    await page.waitForURL(`${hub}/keys`);
  });

  await check('a filter of keys that cannot be read is said, and nothing is listed', async () => {
    await go('/keys?status=odd');
    await page.getByText('Nothing is listed until the filter can be read.').waitFor();
    expect((await page.locator('main tbody tr').count()) === 0, 'keys are listed');
  });

  await check('a key leads to its use, its user and its form, and the keyboard leads to the list', async () => {
    await go('/');
    await page.keyboard.press('g');
    await page.keyboard.press('k');
    await page.waitForURL(`${hub}/keys`);
    await go('/keys?search=ring-laptop');
    await row('ring-laptop').getByText('Cost in a day $5.00').waitFor();
    await shot(page, 'keys');
    await page.getByRole('link', { name: 'ring-laptop', exact: true }).click();
    await page.waitForURL(`${hub}/keys/${laptop.id}/use`);
    await page.locator('a.above[href="/keys"]').waitFor();
    await go('/keys?search=ring-laptop');
    await page.getByRole('link', { name: 'Kay Keyring', exact: true }).click();
    await page.waitForURL(`${hub}/users/${kay.id}`);
    await go('/keys?search=ring-laptop');
    await page.getByRole('link', { name: 'Edit: ring-laptop, Kay Keyring' }).click();
    await page.waitForURL(`${hub}/users/${kay.id}?edit=${laptop.id}`);
    await page.getByRole('dialog', { name: 'Edit key' }).waitFor();
  });

  await check('keys of several users are changed together, and the way leads back to the list', async () => {
    await go('/keys?search=ring-');
    await page.getByRole('checkbox', { name: 'Choose: ring-laptop, Kay Keyring' }).check();
    await page.getByRole('checkbox', { name: 'Choose: ring-old, Lee Keyring' }).check();
    await page.getByRole('button', { name: 'Change the chosen' }).click();
    await page.waitForURL(/\/keys\/bulk\?from=keys&id=/);
    await page.getByText(/^2 chosen: ring-/).waitFor();
    await page.getByLabel('Calls a minute').fill('9');
    await page.getByRole('button', { name: 'Show what would change' }).click();
    await page.getByText('2 of 2 would change').waitFor();
    await page.getByRole('button', { name: 'Change them' }).click();
    await page.waitForURL(`${hub}/keys`);
    for (const { id } of [laptop, old]) {
      const after = await admin('GET', `/keys/${id}`);
      expect(after.limit_rpm === 9, JSON.stringify(after));
    }
  });

  await check('the list of keys follows what happens, on a phone too', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await go('/keys?search=ring-');
    await row('ring-laptop').getByText('Active').waitFor();
    await admin('PATCH', `/keys/${laptop.id}`, { enabled: false });
    await row('ring-laptop').getByText('Disabled').waitFor();
    await admin('PATCH', `/keys/${laptop.id}`, { enabled: true });
    await row('ring-laptop').getByText('Active').waitFor();
    await admin('PATCH', `/users/${kay.id}`, { enabled: false });
    await row('ring-laptop').getByText('User disabled').waitFor();
    expect((await wide(page)) === null, await wide(page));
    const finds = await axeFinds(page);
    expect(finds.length === 0, finds.join('\n'));
    await shot(page, 'keys-phone');
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  await check('without script keys are filtered', async () => {
    const context = await browser.newContext({ storageState: await page.context().storageState(), javaScriptEnabled: false, locale: 'en-GB' });
    const plain = await context.newPage();
    plain.setDefaultTimeout(PATIENCE_MS);
    await plain.goto(`${hub}/keys`);
    await plain.fill('[name=search]', 'keyring');
    await plain.selectOption('#key-status', 'expired');
    await plain.getByRole('button', { name: 'Apply' }).click();
    await plain.waitForURL(/search=keyring.*status=expired/);
    await plain.locator('tbody tr', { hasText: 'ring-old' }).waitFor();
    expect((await plain.locator('tbody tr').count()) === 1, 'not filtered');
    await context.close();
  });
}
