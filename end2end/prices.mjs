// Prices: set by hand, kept with their history, and read from files.
import { PATIENCE_MS, browser, check, expect, hub, shot } from './trial.mjs';

/** Takes what `console.mjs` has: its page, logged in. The price that it sets is the one that `prices` looks for. */
export async function priceByHand({ page, go }) {
  await check('a price is changed and brought back to mind', async () => {
    await go('/prices');
    await page.getByRole('link', { name: 'claude-sonnet-4-5', exact: true }).click();
    await page.fill('[name="form[output]"]', '15.5');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(`${hub}/prices`);
    await page.locator('tr', { hasText: 'claude-sonnet-4-5' }).getByText('$15.5').first().waitFor();
  });
}

/** Takes what `console.mjs` has: its page, logged in. */
export async function prices({ page, go }) {
  await check('a price is found by its name, and every one it had is in its history', async () => {
    await go('/prices');
    await page.getByRole('search').getByRole('searchbox').fill('sonnet-4-5');
    await page.getByRole('search').getByRole('button').click();
    await page.waitForURL(/\/prices\?q=sonnet-4-5/);
    await page.locator('tr', { hasText: 'claude-opus-5' }).first().waitFor({ state: 'detached' });
    await page.locator('tr', { hasText: 'claude-sonnet-4-5' }).getByText('an admin').waitFor();
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
    await dialog.locator('#file-problem').getByText(/choose a price file/).waitFor();
    expect(await dialog.locator('#file[aria-invalid=true]').isVisible(), 'the field is not marked');
  });

  await check('without script a price file is looked at too, and stays in its field', async () => {
    const plain = await browser.newContext({ storageState: await page.context().storageState(), javaScriptEnabled: false, locale: 'en-GB' });
    const reader = await plain.newPage();
    reader.setDefaultTimeout(PATIENCE_MS);
    await reader.goto(`${hub}/prices?import=1`);
    const dialog = reader.getByRole('dialog', { name: 'Import' });
    await dialog.locator('textarea').fill('{oops');
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.locator('#file-problem').getByText(/no JSON/).waitFor();
    const file = JSON.stringify({ 'vendor/plain': { mode: 'chat', input_cost_per_token: 1.5e-6, output_cost_per_token: 2e-6 } });
    await dialog.locator('textarea').fill(file);
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByText('What would change').waitFor();
    await dialog.locator('[data-answer] li', { hasText: 'vendor/plain' }).waitFor({ state: 'attached' });
    expect((await dialog.locator('textarea').inputValue()) === file, 'the file is gone');
    await shot(reader, 'price-import-no-script');
    await dialog.getByRole('button', { name: 'Compare' }).click();
    await dialog.getByText(/nowhere to read prices from/).waitFor();
    expect((await dialog.locator('textarea').inputValue()) === file, 'the file is gone');
    await plain.close();
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
}
