// What is done in a row of a list.

/** Saves a limit for a week in the row of a user. Answers the row's editor: it stays open if the limit is refused. */
export async function saveWeeklyLimit(page, row, name, amount) {
  const editor = row(name).locator('details', { hasText: 'Set' }).first();
  await editor.locator('summary').click();
  await page.getByLabel(`Limit: ${name}`).selectOption('limit_weekly_usd');
  await page.getByLabel(`How much: ${name}`).fill(amount);
  await editor.getByRole('button', { name: 'Save' }).click();
  return editor;
}
