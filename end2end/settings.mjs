// What is chosen: the theme by each reader, and the settings by whoever runs the hub.
import { admin, check, expect, hub, shot, token } from './trial.mjs';

/** Takes what `console.mjs` has: its page, logged in. */
export async function settings({ page, go }) {
  const setting = (name) => page.locator(`#setting-${name}`);

  await check('the theme is chosen, kept, and rendered by the server', async () => {
    await go('/');
    await page.locator('.only-wide').getByRole('button', { name: 'Dark' }).click();
    expect((await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)) === 'dark', 'not dark');
    const html = await (await page.context().request.get(hub)).text();
    expect(/<html[^>]*data-theme="dark"/.test(html), 'the server does not know');
  });

  await check('every setting is shown with its default and where its value comes from', async () => {
    await go('/settings');
    for (const title of ['Calls and retries', 'Health and probing', 'Waiting', 'Limits', 'Ledger and retention', 'Prices', 'Privacy and edge', 'Environment', 'Storage']) {
      await page.getByRole('heading', { level: 2, name: title, exact: true }).waitFor();
    }
    const { items } = await admin('GET', '/settings');
    const shown = await page.locator('.setting').count();
    expect(items.length > 0 && shown === items.length, `${shown} of ${items.length} settings`);
    await setting('gate_ms').getByText('Default', { exact: true }).waitFor();
    await setting('gate_ms').getByText('0 to 1 min').waitFor();
    await setting('messages_retention_days').getByText('1 to 3 650 days').waitFor();
    const secret = page.locator('#environment tr', { hasText: 'ADMIN_TOKEN' });
    await secret.getByText('set, not shown').waitFor();
    expect(!(await page.content()).includes(token), 'the token is shown');
    await page.locator('#storage').getByText('run by the hub itself').waitFor();
    await page.locator('#storage').getByText('of 2 GiB').waitFor();
    await page.locator('#storage summary', { hasText: 'Calls by day' }).click();
    await page.locator('#storage th', { hasText: new Date().toISOString().slice(0, 10) }).waitFor();
  });

  await check('a mistake in a setting is said beside it, and what was typed stays', async () => {
    await go('/settings');
    const save = setting('gate_ms').getByRole('button', { name: 'Save' });
    expect(!(await save.isVisible()), 'the button shows before anything has changed');
    await setting('gate_ms').getByRole('textbox').fill('10');
    await save.click();
    await setting('gate_ms').getByText('Must be a whole number such as 10 s').waitFor();
    await setting('gate_ms').getByRole('textbox').fill('2 min');
    await save.click();
    await setting('gate_ms').getByText('Must be from 0 to 1 min').waitFor();
    expect((await setting('gate_ms').getByRole('textbox').inputValue()) === '2 min', 'what was typed is lost');
    await shot(page, 'settings-mistake');
  });

  await check('settings are changed one by one, and brought back to their defaults', async () => {
    await go('/settings');
    await setting('retention_days').getByRole('textbox').fill('120');
    await setting('gate_ms').getByRole('textbox').fill('1.5 s');
    await setting('gate_ms').getByRole('button', { name: 'Save' }).click();
    await page.locator('.toast').getByText("Saved: Holding back a stream's head").waitFor();
    await setting('gate_ms').getByText('Set here').waitFor();
    await setting('gate_ms').getByText('Default: 10 s').waitFor();
    expect((await setting('gate_ms').getByRole('textbox').inputValue()) === '1500 ms', 'not as the hub understood it');
    expect((await setting('retention_days').getByRole('textbox').inputValue()) === '120', 'what was typed elsewhere is lost');
    await setting('metrics_open').getByRole('switch').check();
    await setting('metrics_open').getByRole('button', { name: 'Save' }).click();
    await setting('metrics_open').getByText('Set here').waitFor();
    await setting('waiting').getByRole('combobox').selectOption({ label: 'All' });
    await setting('waiting').getByRole('button', { name: 'Save' }).click();
    await setting('waiting').getByText('Set here').waitFor();
    await setting('time_zone').getByRole('textbox').fill('Mars/Base');
    await setting('time_zone').getByRole('button', { name: 'Save' }).click();
    await setting('time_zone').getByText('IANA database').last().waitFor();
    await setting('default_price').getByLabel('Output').fill('80');
    await setting('default_price').getByRole('button', { name: 'Save' }).click();
    await setting('default_price').getByText('Set here').waitFor();
    await go('/settings');
    await shot(page, 'settings-changed');
    expect((await setting('default_price').getByLabel('Output').inputValue()) === '80', 'the price was not kept');
    expect(await setting('metrics_open').getByRole('switch').isChecked(), 'the switch was not kept');
    for (const name of ['gate_ms', 'metrics_open', 'waiting', 'default_price']) {
      await setting(name).getByRole('button', { name: 'Back to default' }).click();
      await setting(name).getByText('Set here').waitFor({ state: 'detached' });
    }
    expect((await setting('gate_ms').getByRole('textbox').inputValue()) === '10 s', 'not back');
    expect(!(await setting('metrics_open').getByRole('switch').isChecked()), 'still on');
    expect((await setting('waiting').getByRole('combobox').inputValue()) === 'off', 'still waiting');
  });
}
