// Limits of users and keys: set, used, reset, and who is near one.
import { ask, check, expect, hub, shot } from './trial.mjs';

const limit = (name) => `[name="form[limits][${name}]"]`;

/** Takes what `console.mjs` has: its page, logged in, a key, and where its user is. */
export async function limits({ page, go, key, userPath }) {
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
    const meter = limits.getByRole('meter', { name: 'Cost in total' });
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
    await page.locator('tr', { hasText: 'laptop' }).getByRole('meter', { name: 'Cost in total' }).waitFor();
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
}
