// What is done in a row of a list.

/** True if a field is marked as wrong, gone on with, and described by what is wrong with it: `said`. */
export const isMarked = (field, said) => field.evaluate((one, said) => one === document.activeElement
  && one.getAttribute('aria-invalid') === 'true'
  && one.getAttribute('aria-describedby').split(' ').some((id) => document.getElementById(id).textContent.startsWith(said)), said);

/** Saves a limit for a week in the row of a user. Answers the row's editor: it stays open if the limit is refused. */
export async function saveWeeklyLimit(page, row, name, amount) {
  const editor = row(name).locator('details', { hasText: 'Set' }).first();
  await editor.locator('summary').click();
  await page.getByLabel(`Limit: ${name}`).selectOption('limit_weekly_usd');
  await page.getByLabel(`How much: ${name}`).fill(amount);
  await editor.getByRole('button', { name: 'Save' }).click();
  return editor;
}
