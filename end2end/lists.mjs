// Keys, providers and groups are switched off, put in order and deleted where they are listed.
import { ask, check, expect, hub, shot } from './trial.mjs';

/** Takes what `console.mjs` has: its page, logged in, a key, and where its user is. The key is gone afterwards. */
export async function lists({ page, go, key, userPath }) {
  await check('a key is disabled, and refused from then on', async () => {
    await go(userPath);
    await page.getByRole('link', { name: 'Edit: laptop' }).click();
    await page.getByRole('dialog').getByRole('switch').uncheck();
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(hub + userPath);
    await page.locator('tr', { hasText: 'laptop' }).getByText('Disabled').waitFor();
    const refused = await ask(key, 'claude-sonnet-4-5');
    expect(refused.status === 401 || refused.status === 403, `status ${refused.status}`);
  });

  await check('a provider is switched off in the list', async () => {
    await go('/providers');
    await page.getByRole('button', { name: 'Disable: Scripted' }).click();
    await page.locator('tr', { hasText: 'Scripted' }).getByText('Disabled').waitFor();
    expect((await page.getByRole('button', { name: 'Pause: Scripted' }).count()) === 0, 'it can be paused while it is off');
    await page.getByRole('button', { name: 'Enable: Scripted' }).click();
    await page.locator('tr', { hasText: 'Scripted' }).getByText('Enabled').waitFor();
  });

  await check('a group gets its place in the order', async () => {
    await go('/providers?edit=default');
    const dialog = page.getByRole('dialog', { name: 'Group default' });
    await dialog.getByLabel('Priority').fill('-3');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(`${hub}/providers`);
    await page.locator('tr', { hasText: 'default' }).getByText('-3').waitFor();
  });

  await check('deleting asks first, and says what is lost', async () => {
    await go(userPath);
    await page.getByRole('link', { name: 'Delete: laptop' }).click();
    const question = page.getByRole('alertdialog', { name: 'Delete the key laptop?' });
    await question.getByText('stops working at once').waitFor();
    await shot(page, 'confirm');
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Delete: laptop' }).click();
    await question.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No keys yet').waitFor();
  });
}
