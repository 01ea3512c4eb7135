// What is typed and not saved is asked about, whichever way the reader leaves.
import { saveWeeklyLimit } from './rows.mjs';
import { answered as answeredOn, check, expect, hub, shot } from './trial.mjs';

/** Takes what `manage.mjs` has: its page, logged in, and a user and a provider to change. */
export async function leaving({ page, go, row, ada, east }) {
  const answered = (yes) => answeredOn(page, yes);

  await check('a step back and the keyboard ask before a form is left', async () => {
    await go('/providers');
    await row('East').getByRole('link', { name: 'East', exact: true }).click();
    await page.waitForURL(/\/providers\/\d+$/);
    const name = page.locator('[name="form[name]"]');
    await name.fill('East of here');
    let asked = answered(false);
    await page.evaluate(() => history.back());
    expect((await asked).includes('not saved'), await asked);
    await page.waitForURL(`${hub}/providers/${east.id}`);
    expect((await name.inputValue()) === 'East of here', 'a step back has lost the input');
    await page.evaluate(() => document.activeElement.blur());
    asked = answered(false);
    await page.keyboard.press('g');
    await page.keyboard.press('u');
    expect((await asked).includes('not saved'), await asked);
    expect((await name.inputValue()) === 'East of here', 'the keyboard has lost the input');
    asked = answered(true);
    await page.evaluate(() => history.back());
    await asked;
    await page.waitForURL(`${hub}/providers`);
    await row('East').waitFor();
  });

  for (const [what, path, title, field] of [
    ['a key', `/users/${ada.id}?new=key`, null, '.new-key [name="form[name]"]'],
    ['a group', '/providers?edit=managed', 'Group managed', 'dialog [name="form[note]"]'],
    ['a price', '/prices?edit=claude-sonnet-4-5', /claude-sonnet-4-5/, 'dialog [name="form[output]"]'],
    ['a price file', '/prices?import=1', 'Import', 'dialog textarea'],
  ]) {
    await check(`Esc asks before what is typed of ${what} is lost`, async () => {
      await go(path);
      await page.fill(field, '7');
      let asked = answered(false);
      await page.keyboard.press('Escape');
      expect((await asked).includes('not saved'), await asked);
      expect((await page.inputValue(field)) === '7', 'the input is lost');
      if (title) await page.getByRole('dialog', { name: title }).waitFor();
      asked = answered(true);
      await page.keyboard.press('Escape');
      await asked;
      await page.locator(field).waitFor({ state: 'detached' });
    });
  }

  for (const [what, path, fold, field] of [
    ['for many users', `/users/bulk?id=${ada.id}`, null, '#set_add_tags'],
    ['in a row', '/users?search=ada', 'details:has([name=amount]) > summary', 'details[open] [name=amount]'],
    ['as a password', `/users/${ada.id}`, null, '#password'],
  ]) {
    await check(`what is typed ${what} is asked about before it is left`, async () => {
      const away = page.getByRole('link', { name: 'Prices', exact: true }).first();
      await go(path);
      if (fold) await page.locator(fold).first().click();
      await page.fill(field, 'typed');
      let asked = answered(false);
      await away.click();
      expect((await asked).includes('not saved'), await asked);
      expect((await page.inputValue(field)) === 'typed', 'the input is lost');
      asked = answered(true);
      await away.click();
      await asked;
      await page.waitForURL(`${hub}/prices`);
    });
  }

  await check('what is typed for many is not asked about once it is looked at', async () => {
    await go(`/users/bulk?id=${ada.id}`);
    await page.fill('#set_add_tags', 'typed');
    await page.getByRole('button', { name: 'Show what would change' }).click();
    await page.getByText('1 of 1 would change').waitFor();
    await page.getByRole('link', { name: 'Prices', exact: true }).first().click();
    await page.waitForURL(`${hub}/prices`);
  });

  await check('a mistake in a row is said in it, in the reader’s words', async () => {
    await go('/users?search=ada');
    const drop = await saveWeeklyLimit(page, row, 'Ada Managed', 'lots');
    await drop.getByRole('alert').filter({ hasText: 'Must be a number' }).waitFor();
    expect((await drop.locator('[role=alert]:not(:empty)').count()) === 1, 'it is said in the row twice');
    await shot(page, 'users-limit-refused');
    expect((await page.locator('.toast').count()) === 0, 'it is said elsewhere too');
    await page.context().addCookies([{ name: 'switchyard_language', value: 'zh-CN', url: hub }]);
    await go('/users?search=ada');
    await row('Ada Managed').locator('details:has([name=amount]) > summary').click();
    await page.locator('details[open] [name=field]').selectOption('limit_weekly_usd');
    await page.locator('details[open] [name=amount]').fill('lots');
    await page.locator('details[open] button[type=submit]').click();
    await page.locator('details[open] [role=alert]', { hasText: '必须是数字' }).waitFor();
    await page.context().clearCookies({ name: 'switchyard_language' });
  });
}
