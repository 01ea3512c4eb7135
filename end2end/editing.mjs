// Changing things in place, trying them out before they are saved, and what is asked before something is lost.
import { isMarked, saveWeeklyLimit } from './rows.mjs';
import { PATIENCE_MS, admin, answered as answeredOn, browser, check, expect, hub, shot } from './trial.mjs';

/** Takes what `manage.mjs` has: its page, logged in, and a user and a provider to change. */
export async function editing({ page, go, row, ada, east, key }) {
  const answered = (yes) => answeredOn(page, yes);

  await check('a limit is set and taken away in the row of its user', async () => {
    await go('/users?search=ada');
    const drop = await saveWeeklyLimit(page, row, 'Ada Managed', 'lots');
    await drop.getByRole('alert').filter({ hasText: 'Must be a number' }).waitFor();
    const [which, amount] = [page.getByLabel('Limit: Ada Managed'), page.getByLabel('How much: Ada Managed')];
    expect(await isMarked(amount, 'Must be a number'), 'the amount is not marked');
    await which.selectOption('');
    await drop.getByRole('button', { name: 'Save' }).click();
    await page.locator(`[id="field-${ada.id}-problem"]`).getByText('Must be filled in').waitFor();
    expect(await isMarked(which, 'Must be filled in'), 'the limit is not marked');
    await which.selectOption('limit_weekly_usd');
    await amount.fill('12.5');
    await drop.getByRole('button', { name: 'Save' }).click();
    await page.locator('.toast').getByText('Saved').waitFor();
    await page.waitForFunction(() => !document.querySelector('details[open] [name=amount]'));
    const limit = async () => (await admin('GET', `/users/${ada.id}`)).limit_weekly_usd;
    expect((await limit()) === '12.5', await limit());
    await saveWeeklyLimit(page, row, 'Ada Managed', '');
    await page.waitForFunction(() => !document.querySelector('details[open] [name=amount]'));
    expect((await limit()) === null, await limit());
  });

  await check('where a provider stands is set in its row', async () => {
    const before = await admin('GET', `/providers/${east.id}`);
    await go('/providers?group=managed');
    const drop = page.locator(`tr[data-key="${east.id}"] details.drop`);
    await drop.locator('summary').click();
    const field = (label) => page.getByLabel(`${label}: East`, { exact: true });
    await field('Priority').fill('first');
    await drop.getByRole('button', { name: 'Save' }).click();
    await drop.getByRole('alert').filter({ hasText: 'Must be a whole number' }).waitFor();
    expect(await isMarked(field('Priority'), 'Must be a whole number'), 'the priority is not marked');
    await shot(page, 'provider-place');
    await field('Priority').fill('2');
    // What was emptied is not taken for a default.
    for (const label of ['Weight', 'Cost multiplier']) await field(label).fill('');
    await drop.getByRole('button', { name: 'Save' }).click();
    for (const name of ['weight', 'cost_multiplier']) await page.locator(`[id="${name}-${east.id}-problem"]`).getByText('Must be filled in').waitFor();
    expect(await isMarked(field('Weight'), 'Must be filled in'), 'the weight is not marked');
    const kept = await admin('GET', `/providers/${east.id}`);
    expect(kept.priority === before.priority && kept.weight === before.weight, `${kept.priority} ${kept.weight}`);
    await field('Weight').fill('5');
    await field('Cost multiplier').fill('1.5');
    await drop.getByRole('button', { name: 'Save' }).click();
    await page.locator('.toast').getByText('Saved').waitFor();
    await drop.locator('summary').getByText('2 · 5').waitFor();
    await page.waitForFunction(() => !document.querySelector('tr details[open]'));
    const { priority, weight, cost_multiplier: factor } = await admin('GET', `/providers/${east.id}`);
    expect(priority === 2 && weight === 5 && factor === '1.5', `${priority} ${weight} ${factor}`);
    await admin('PATCH', `/providers/${east.id}`, { priority: before.priority, weight: before.weight, cost_multiplier: before.cost_multiplier });
  });

  await check('a limit is chosen first, and then shows what it is', async () => {
    const { limit_rpm: now } = await admin('GET', `/users/${ada.id}`);
    await go('/users?search=ada');
    const drop = row('Ada Managed').locator('details', { hasText: 'Set' }).first();
    await drop.locator('summary').click();
    const [limit, amount] = [page.getByLabel('Limit: Ada Managed'), page.getByLabel('How much: Ada Managed')];
    expect((await amount.inputValue()) === '', 'an amount stands there before a limit is chosen');
    await limit.locator('option', { hasText: `Calls a minute: ${now}` }).waitFor({ state: 'attached' });
    await limit.selectOption('limit_rpm');
    expect((await amount.inputValue()) === String(now), await amount.inputValue());
    await limit.selectOption('limit_tpm');
    expect((await amount.inputValue()) === '', 'the amount of another limit stays');
  });

  await check('a user is renewed on the page of its own', async () => {
    await admin('PATCH', `/users/${ada.id}`, { expires_at: '2031-01-01T00:00:00Z' });
    await go(`/users/${ada.id}`);
    const panel = page.getByRole('region', { name: 'Renew' });
    await panel.getByLabel('By').selectOption('7');
    await panel.getByRole('button', { name: 'Renew' }).first().click();
    await page.locator('.toast').getByText('Saved').waitFor();
    const end = (await admin('GET', `/users/${ada.id}`)).expires_at;
    expect(end.startsWith('2031-01-08'), end);
    await page.waitForFunction(() => document.querySelector('[name="form[expires]"]').value === '2031-01-07');
    await shot(page, 'user-renewed');
  });

  await check('a key that is restricted says to what', async () => {
    await admin('PATCH', `/keys/${key.id}`, { models: ['claude-*'], addresses: ['10.0.0.0/8'] });
    await go(`/users/${ada.id}`);
    await row('desk').getByText('claude-*').waitFor();
    await row('desk').getByText('10.0.0.0/8').waitFor();
    await admin('PATCH', `/keys/${key.id}`, { models: [], addresses: [] });
  });

  await check('rules are tried before they are saved, and the sections are one click away', async () => {
    await go(`/providers/${east.id}`);
    await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: 'When the client leaves' }).click();
    await page.waitForFunction(() => document.getElementById('client-gone').getBoundingClientRect().top < innerHeight);
    await page.fill('[name="form[models]"]', 'claude-opus-*\nclaude-sonnet-*');
    await page.fill('[name="form[redirects]"]', 'claude-sonnet-* -> house-model');
    await page.getByLabel('Try a model').fill('claude-sonnet-4-5');
    const run = page.getByRole('button', { name: 'Which rule takes it?' });
    await run.click();
    await page.getByText('The rule claude-sonnet-* admits it. It is sent as house-model').waitFor();
    await page.getByLabel('Try a model').fill('gpt-9');
    await run.click();
    await page.getByText('No rule admits this model.').waitFor();
    await page.fill('[name="form[models]"]', 'regex:(');
    await run.click();
    await page.getByText(/^Models: /).waitFor();
    await shot(page, 'provider-tried');
    expect((await admin('GET', `/providers/${east.id}`)).models.length === 0, 'trying has saved something');
  });

  await check('the way to a provider is tried, and a proxy that is none is told', async () => {
    await go(`/providers/${east.id}`);
    await page.getByRole('button', { name: 'Test the way through this proxy' }).click();
    await page.getByText('It is reached').waitFor();
    await page.fill('[name="form[proxy_url]"]', 'http://127.0.0.1:9');
    await page.getByRole('button', { name: 'Test the way through this proxy' }).click();
    await page.getByText('It is not reached').waitFor();
    await shot(page, 'provider-proxy');
  });

  await check('what is not saved is asked about before the page is left', async () => {
    await go('/providers');
    await row('East').getByRole('link', { name: 'East', exact: true }).click();
    await page.waitForURL(/\/providers\/\d+$/);
    const name = page.locator('[name="form[name]"]');
    await name.fill('East of here');
    let asked = answered(false);
    await page.getByRole('link', { name: 'Users', exact: true }).first().click();
    expect((await asked).includes('not saved'), await asked);
    expect((await name.inputValue()) === 'East of here', 'the input is lost');
    // Over the page is still on it.
    await page.locator('a[href$="confirm=delete"]').click();
    await page.getByRole('alertdialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    expect((await name.inputValue()) === 'East of here', 'the input is lost over a dialog');
    asked = answered(true);
    await page.getByRole('link', { name: 'Users', exact: true }).first().click();
    await asked;
    await page.waitForURL(`${hub}/users`);
    // What is saved, or as it was, is not asked about.
    await go(`/providers/${east.id}`);
    await page.waitForTimeout(200);
    await name.fill('East!');
    await name.fill('East');
    await page.getByRole('link', { name: 'Users', exact: true }).first().click();
    await page.waitForURL(`${hub}/users`);
  });

  await check('deleting says in numbers what is lost', async () => {
    await go(`/users/${ada.id}?confirm=delete`);
    const dialog = page.getByRole('alertdialog');
    await dialog.getByText('Keys that end with it: 1').waitFor();
    await dialog.getByText(/Last 30 days: \d+ requests, \$/).waitFor();
    await shot(page, 'user-delete');
  });

  await check('a change of many says how many it were', async () => {
    await go('/users?search=ada+managed');
    await page.getByRole('link', { name: 'Change all that match' }).click();
    await page.getByLabel('Add tags').fill('told');
    await page.getByRole('button', { name: 'Show what would change' }).click();
    await page.getByRole('button', { name: 'Change them' }).click();
    await page.locator('.toast').getByText('1 changed').waitFor();
  });

  await check('without script a refused form says why and keeps what was typed', async () => {
    const plain = await browser.newContext({ storageState: await page.context().storageState(), javaScriptEnabled: false, locale: 'en-GB' });
    const reader = await plain.newPage();
    reader.setDefaultTimeout(PATIENCE_MS);
    await reader.goto(`${hub}/users?search=ada`);
    const drop = reader.locator('tr', { hasText: 'Ada Managed' }).locator('details', { hasText: 'Set' }).first();
    await drop.locator('summary').click();
    await reader.getByLabel('Limit: Ada Managed').selectOption('limit_rpm');
    await reader.getByLabel('How much: Ada Managed').fill('lots');
    await drop.getByRole('button', { name: 'Save' }).click();
    await reader.locator('.note.bad').first().waitFor();
    // The form stands unfolded in its page, as it was sent, and can be sent again from there.
    for (const typed of ['-3', '61']) {
      const kept = [await reader.getByLabel('Limit: Ada Managed').inputValue(), await reader.getByLabel('How much: Ada Managed').inputValue()];
      expect(kept[0] === 'limit_rpm' && kept[1] === (typed === '-3' ? 'lots' : '-3'), kept.join(' '));
      await reader.getByLabel('How much: Ada Managed').fill(typed);
      await drop.getByRole('button', { name: 'Save' }).click();
    }
    await reader.waitForURL(`${hub}/users?search=ada`);
    expect((await admin('GET', `/users/${ada.id}`)).limit_rpm === 61, 'the limit is not set');
    await admin('PATCH', `/users/${ada.id}`, { limit_rpm: null });
    await reader.goto(`${hub}/users/new`);
    await reader.locator('[name="form[name]"]').fill('Half "typed" & <b>');
    await reader.locator('[name="form[note]"]').fill('one line');
    await reader.locator('[name="form[limits][limit_rpm]"]').evaluate((field) => field.closest('details')?.setAttribute('open', ''));
    await reader.locator('[name="form[limits][limit_rpm]"]').fill('99999999999');
    await reader.locator('form.editor, form').filter({ has: reader.locator('[name="form[note]"]') }).getByRole('button', { name: 'Create' }).click();
    await reader.locator('.note.bad').first().waitFor();
    const kept = [];
    for (const name of ['name', 'note', 'limits][limit_rpm']) kept.push(await reader.locator(`[name="form[${name}]"]`).inputValue());
    expect(kept.join('|') === 'Half "typed" & <b>|one line|99999999999', kept.join('|'));
    expect((await reader.locator('[aria-invalid=true]').count()) === 1, 'the field is not marked');
    await shot(reader, 'refused-no-script');
    // What comes of a test is shown at its form.
    await reader.goto(`${hub}/providers/${east.id}`);
    await reader.getByRole('button', { name: 'Run the test' }).click();
    await reader.locator('[data-answer] a[href^="/calls/"]').waitFor();
    await shot(reader, 'provider-tested-no-script');
    await plain.close();
  });
}
