// What is done seldom and cannot be taken back, or is seen once: secrets, prices, groups, logins, deleting.
import { PASSWORD, PATIENCE_MS, admin, browser, check, expect, hub, loggedIn, shot, takenOver, token, upstream, visit } from './trial.mjs';

/** What the hub answers to a key. */
async function statusOf(secret) {
  return (await fetch(`${hub}/admin/v1/me`, { headers: { authorization: `Bearer ${secret}` } })).status;
}

/** True if there is no such thing in the management API any more. */
async function isGone(path) {
  return (await fetch(`${hub}/admin/v1${path}`, { headers: { authorization: `Bearer ${token}` } })).status === 404;
}

/** Takes what `manage.mjs` has: its page, logged in. */
export async function acts({ page, go, row }) {
  const eve = await admin('POST', '/users', { name: 'Eve Acts', group: ['managed'] });
  const key = await admin('POST', `/users/${eve.id}/keys`, { name: 'bench' });
  await admin('POST', `/users/${eve.id}/keys`, { name: 'spare' });
  const question = page.getByRole('alertdialog');

  await check('a key gets another secret, and its row says until when the old one works', async () => {
    await go(`/users/${eve.id}`);
    await page.getByRole('link', { name: 'New secret: bench' }).click();
    const dialog = page.getByRole('dialog', { name: 'New secret for bench' });
    await dialog.getByLabel('The old secret ends').selectOption('3600');
    await dialog.getByRole('button', { name: 'New secret' }).click();
    await dialog.locator('[data-secret]').waitFor();
    const secret = (await dialog.locator('#new-key').textContent()).trim();
    await shot(page, 'key-rotated');
    expect(secret !== key.key && (await statusOf(secret)) === 200, 'the new secret is not let in');
    expect((await statusOf(key.key)) === 200, 'the old secret is refused at once');
    await dialog.getByRole('link', { name: 'I have copied it' }).click();
    await dialog.waitFor({ state: 'detached' });
    await row('bench').getByText(/The old secret ends: in /).waitFor();
  });

  await check('a key that has ended says so', async () => {
    await admin('PATCH', `/keys/${key.id}`, { expires_at: '2020-01-01T00:00:00Z' });
    await go(`/users/${eve.id}`);
    await row('bench').locator('.state.bad').getByText('Expired').waitFor();
    await admin('PATCH', `/keys/${key.id}`, { expires_at: null });
  });

  await check('several keys are switched off after a look', async () => {
    await go(`/users/${eve.id}`);
    await page.getByRole('checkbox', { name: 'Choose: bench' }).check();
    await page.getByRole('checkbox', { name: 'Choose: spare' }).check();
    await page.getByRole('button', { name: 'Change the chosen' }).click();
    await page.waitForURL(/\/keys\/bulk\?/);
    await takenOver(page);
    await page.getByLabel('State', { exact: true }).selectOption('false');
    await page.getByText('2 of 2 would change').waitFor();
    await shot(page, 'keys-bulk');
    await page.getByRole('button', { name: 'Change them' }).click();
    await page.waitForURL(`${hub}/users/${eve.id}`);
    const { items } = await admin('GET', `/users/${eve.id}/keys`);
    expect(items.length === 2 && items.every((one) => !one.enabled), JSON.stringify(items));
  });

  await check('without script a key is made, and its secret is shown once', async () => {
    const plain = await browser.newContext({ storageState: await page.context().storageState(), javaScriptEnabled: false, locale: 'en-GB' });
    const reader = await plain.newPage();
    reader.setDefaultTimeout(PATIENCE_MS);
    await reader.goto(`${hub}/users/${eve.id}?new=key`);
    await reader.locator('.new-key [name="form[name]"]').fill('plain');
    await reader.locator('.new-key').getByRole('button', { name: 'Create' }).click();
    const secret = (await reader.locator('#new-key').textContent()).trim();
    await shot(reader, 'key-no-script');
    expect((await statusOf(secret)) === 200, secret.slice(0, 6));
    await reader.getByRole('link', { name: 'I have copied it' }).click();
    await reader.waitForURL(`${hub}/users/${eve.id}`);
    expect(!(await reader.content()).includes(secret), 'the secret is shown again');
    await reader.locator('tr', { hasText: 'plain' }).waitFor();
    await plain.close();
  });

  await check('a price is made and deleted', async () => {
    await go('/prices');
    await page.getByRole('link', { name: 'New price' }).click();
    const dialog = page.getByRole('dialog', { name: 'New price' });
    await dialog.locator('[name="form[model]"]').fill('acts-model');
    await dialog.locator('[name="form[input]"]').fill('1.25');
    await dialog.locator('[name="form[output]"]').fill('2.5');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await go('/prices?q=acts-model');
    await row('acts-model').getByText('$1.25').first().waitFor();
    await page.getByRole('link', { name: 'Delete: acts-model' }).click();
    await question.getByText('cautious default').waitFor();
    await question.getByRole('button', { name: 'Delete' }).click();
    await question.waitFor({ state: 'detached' });
    await go('/prices?q=acts-model');
    await page.getByText('holds this').waitFor();
  });

  await check('a group is made and deleted', async () => {
    await go('/providers');
    await page.getByRole('link', { name: 'New group' }).click();
    const dialog = page.getByRole('dialog', { name: 'New group' });
    await dialog.locator('[name="form[name]"]').fill('acts');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Delete: acts' }).click();
    await question.getByRole('button', { name: 'Delete' }).click();
    await question.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Delete: acts' }).waitFor({ state: 'detached' });
    expect(await isGone('/groups/acts'), 'the group is still there');
  });

  await check('who wants to delete a group is told who still names it', async () => {
    await admin('PATCH', `/users/${eve.id}`, { group: ['acts-named'] });
    await admin('PATCH', `/keys/${key.id}`, { group: ['acts-named'] });
    await go('/providers');
    await page.getByRole('link', { name: 'Delete: acts-named' }).click();
    await question.getByText('It is still named by').waitFor();
    const told = await question.getByRole('listitem').allTextContents();
    expect(told.join() === 'Users: 1,Keys: 1', told.join());
    expect((await question.getByRole('button', { name: 'Delete' }).count()) === 0, 'it can be deleted');
    await shot(page, 'group-named');
    await question.getByRole('link', { name: 'Users: 1' }).click();
    await page.waitForURL(`${hub}/users?group=acts-named`);
    await page.locator('tr', { hasText: 'Eve Acts' }).waitFor();
    await admin('PATCH', `/users/${eve.id}`, { group: ['managed'] });
    await admin('PATCH', `/keys/${key.id}`, { group: [] });
  });

  await check('the way to a provider is tried before there is one', async () => {
    await go('/providers/new');
    await page.fill('[name="form[base_url]"]', upstream.url);
    await page.getByRole('button', { name: 'Test the way through this proxy' }).click();
    await page.getByText('It is reached').waitFor();
  });

  await check('a provider is deleted after the question', async () => {
    const provider = await admin('POST', '/providers', { name: 'Acts', base_url: upstream.url, secret: upstream.key, enabled: false });
    await go(`/providers/${provider.id}`);
    await page.locator('a[href$="confirm=delete"]').click();
    await question.getByRole('button', { name: 'Delete' }).click();
    await page.waitForURL(`${hub}/providers`);
    expect(await isGone(`/providers/${provider.id}`), 'the provider is still there');
  });

  await check('a password is taken away', async () => {
    await admin('PUT', `/users/${eve.id}/password`, { password: PASSWORD });
    await go(`/users/${eve.id}`);
    await page.getByRole('button', { name: 'Take the password away' }).click();
    await page.getByText('This user cannot log in with a password').waitFor();
    expect((await admin('GET', `/users/${eve.id}`)).has_password === false, 'the password is still there');
  });

  await check('all other logins are ended after a question that says how many', async () => {
    const other = await loggedIn('', token, { isWanted: () => true });
    await go('/logins');
    await page.getByRole('link', { name: 'End all others' }).click();
    await page.waitForURL(`${hub}/logins?end=1`);
    await question.getByText(/Logins that end: \d+/).waitFor();
    await shot(page, 'logins-end');
    await question.getByRole('link', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'detached' });
    await visit(other, '/users');
    expect(new URL(other.url()).pathname === '/users', 'a question has ended a login');
    await page.getByRole('link', { name: 'End all others' }).click();
    await question.getByRole('button', { name: 'End all others' }).click();
    await page.waitForURL(`${hub}/logins`);
    await page.getByRole('link', { name: 'End all others' }).waitFor({ state: 'detached' });
    await visit(other, '/users');
    expect(new URL(other.url()).pathname === '/login', other.url());
    await other.context().close();
  });

  await check('a user is deleted after the question', async () => {
    await go(`/users/${eve.id}`);
    await page.locator('a[href$="confirm=delete"]').click();
    await question.getByText(/Keys that end with it: \d/).waitFor();
    await question.getByRole('button', { name: 'Delete' }).click();
    await page.waitForURL(`${hub}/users`);
    expect(await isGone(`/users/${eve.id}`), 'the user is still there');
  });

  await check('what was left out is said beside its field, in the reader’s language', async () => {
    const told = (field, said) => page.locator(`[id="${field}-problem"]`).getByText(said).waitFor();
    const isFocused = (field) => page.locator(`[id="${field}"]`).evaluate((one) => one === document.activeElement);
    await go('/providers/new');
    await page.fill('[id="form[weight]"]', 'many');
    await page.locator('.save [type=submit]').click();
    // All of it at once.
    for (const field of ['form[name]', 'form[secret]']) await told(field, 'Must be filled in');
    await told('form[weight]', 'Must be a whole number, 0 or more');
    expect(await isFocused('form[name]'), 'the first of them is not gone on with');
    await page.fill('[id="form[weight]"]', '');
    expect((await page.locator('[id="form[weight]-problem"]').textContent()) === '', 'it is still said of what was typed before');
    expect((await page.getAttribute('[id="form[weight]"]', 'aria-invalid')) === null, 'the field is still marked');
    await page.context().addCookies([{ name: 'switchyard_language', value: 'zh-CN', url: hub }]);
    await go('/users/new');
    await page.fill('[id="form[expires]"]', '31.12.2030');
    await page.keyboard.press('Enter');
    await told('form[name]', '必须填写');
    await told('form[expires]', '必须是日期');
    await page.fill('[id="form[expires]"]', '');
    // What only the hub knows it says in the same place.
    await page.fill('[id="form[name]"]', 'x'.repeat(101));
    await page.locator('.save [type=submit]').click();
    await told('form[name]', '长度须为 1 至 100 个字符');
    expect(await isFocused('form[name]'), 'the field is not gone on with');
    await page.fill('[id="form[name]"]', '');
    await go('/prices?new=1');
    await page.fill('[id="form[model]"]', 'acts-model');
    await page.fill('[id="form[output]"]', '1');
    await page.locator('dialog[open] [type=submit]').click();
    await told('form[input]', '必须填写');
    await page.fill('[id="form[input]"]', '1,5');
    await page.locator('dialog[open] [type=submit]').click();
    await told('form[input]', '必须是数字');
    for (const field of ['form[model]', 'form[input]', 'form[output]']) await page.fill(`[id="${field}"]`, '');
    await page.context().clearCookies({ name: 'switchyard_language' });
  });

  await check('a filter that cannot be read lists nobody, and says why', async () => {
    await go('/users?until=2030-02-31');
    await page.getByRole('alert').getByText('Expires by: Must be a date').waitFor();
    expect((await page.getByText('Change all that match').count()) === 0, 'all can be changed');
    // What is wrong with a form is said by the page also where a choice sends it.
    await go('/users');
    await page.fill('form.filters [name=until]', '31.12.2030');
    await page.locator('#user-status').selectOption({ index: 1 });
    await page.getByRole('alert').getByText('Expires by: Must be a date').waitFor();
    await go('/audit?to=2030-02-31');
    await page.getByRole('alert').getByText('Up to: Must be a date').waitFor();
    await go('/audit?from=2999-01-02&to=2999-01-01');
    await page.getByRole('alert').getByText('From: Must not be in the future').waitFor();
    expect((await page.locator('[name=from]').inputValue()) === '2999-01-02', 'the input is lost');
    await go('/audit?from=2020-01-02&to=2020-01-01');
    await page.getByText('Nothing on record').waitFor();
    expect((await page.locator('[name=from]').inputValue()) === '2020-01-01', 'the days are not turned around');
    await go('/audit?to=2020-01-01');
    await page.getByText('Nothing on record').waitFor();
  });
}
