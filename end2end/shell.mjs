// What is around every page: the keyboard, the palette, and the feed of a tab that nobody looks at.
import { ask, check, expect, hub, shot } from './trial.mjs';

/** Takes what `console.mjs` has: its page, logged in, and a key. */
export async function shell({ page, go, key }) {
  await check('the keyboard leads everywhere', async () => {
    await go('/');
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await page.waitForURL(`${hub}/calls`);
    await page.locator('[data-row]').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    expect((await page.evaluate(() => [...document.querySelectorAll('[data-row]')].indexOf(document.activeElement))) === 1, 'j does not move');
    await page.keyboard.press('Enter');
    await page.locator('[data-detail]').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('[data-detail]').waitFor({ state: 'detached' });
    await page.keyboard.press('/');
    await page.waitForFunction(() => document.activeElement?.name === 'model');
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press('Shift+?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  await check('what is unfolded over a page closes by Esc, before a call does, and by a click beside it', async () => {
    await go('/calls');
    await page.locator('[data-row]').first().click();
    const detail = page.locator('[data-detail]');
    await detail.waitFor();
    const [columns, summary] = [page.locator('#columns'), page.locator('#columns > summary')];
    const isOpen = () => columns.evaluate((fold) => fold.open);
    await summary.click();
    await columns.getByRole('checkbox').first().focus();
    await page.keyboard.press('Escape');
    expect(!(await isOpen()), 'Esc does not close it');
    expect(await summary.evaluate((one) => one === document.activeElement), 'the focus is lost');
    expect(await detail.isVisible(), 'Esc closes the call too');
    await page.keyboard.press('Escape');
    await detail.waitFor({ state: 'detached' });
    await summary.click();
    await columns.locator('.drop-body').click({ position: { x: 2, y: 20 } });
    expect(await isOpen(), 'a click in it closes it');
    await page.getByRole('heading', { level: 1, name: 'Calls' }).click();
    expect(!(await isOpen()), 'a click beside it does not close it');
    expect(page.url() === `${hub}/calls`, page.url());
    // Enter presses the button beside them: what is wrong with one of them must be seen.
    await page.locator('#more-filters > summary').click();
    await page.fill('#filter-cost_min', '1,5');
    await page.keyboard.press('Enter');
    await page.locator('#more-filters').getByRole('alert').waitFor();
  });

  await check('the palette finds pages, people, providers and calls, by the keyboard alone', async () => {
    await go('/calls');
    await page.keyboard.press('Control+k');
    const field = page.getByRole('searchbox', { name: /id of a call/ });
    await field.fill('quot');
    await page.locator('[data-found]').filter({ hasText: 'Quotas' }).waitFor();
    await field.fill('new prov');
    await page.locator('[data-found][href="/providers/new"]').waitFor();
    await field.fill('scripted');
    const provider = page.locator('[data-found]').filter({ hasText: 'Provider' }).first();
    await provider.waitFor();
    await shot(page, 'palette');
    await field.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/providers\/\d+/);
    expect((await page.locator('dialog').count()) === 0, 'the palette stays open');
    await page.keyboard.press('Control+k');
    await field.fill('there-is-no-such-thing');
    await page.getByText('Nothing has that in its name').waitFor();
    await page.keyboard.press('Escape');
    await field.waitFor({ state: 'detached' });
  });

  await check('a tab that nobody looks at hears nothing, and goes on where it was', async () => {
    const looksAway = (hidden) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
      }, hidden);
    await go('/calls');
    await page.locator('.only-wide .state.good').getByText('Live').waitFor();
    await ask(key, 'claude-sonnet-4-5').then(({ text }) => text);
    const told = (count) => page.getByRole('button', { name: `${count} new` });
    await told(1).waitFor();
    const feeds = [];
    page.on('request', (request) => request.url().includes('/_live') && feeds.push(request.url()));
    await looksAway(true);
    await page.waitForTimeout(300);
    const { id, text } = await ask(key, 'claude-sonnet-4-5');
    await text;
    await page.waitForTimeout(600);
    expect(await told(1).isVisible(), 'a hidden tab was told of a call');
    await looksAway(false);
    await told(2).click();
    await page.locator(`tr:has([data-call="${id}"])`).waitFor();
    expect(feeds.length === 1 && /after=[0-9a-f]{32}-[1-9]/.test(feeds[0]), feeds.join(' '));
    expect((await (await fetch(hub + '/_live')).status) === 401, 'the feed is open to everybody');
  });

  await check('the log shows what the hub writes, by level and call, and follows it', async () => {
    await go('/log');
    await page.getByRole('heading', { level: 1, name: 'Log' }).waitFor();
    await page.getByRole('link', { name: 'Warning' }).click();
    await page.waitForURL(/level=warn/);
    await page.getByText('a wrong token, key or password').first().waitFor();
    const lines = () => page.getByText('a wrong token, key or password').count();
    const before = await lines();
    // Two wrong logins less than what the brake lets pass.
    await fetch(`${hub}/admin/v1/users`, { headers: { authorization: 'Bearer not-the-right-token' } });
    await page.waitForFunction((before) => [...document.querySelectorAll('td.says')].filter((cell) => cell.textContent.includes('a wrong token, key or password')).length > before, before);
    await shot(page, 'log');
    await page.fill('[name=call_id]', '01a1ff74-5212-727f-8b9f-3dcd1eecdb78');
    await page.getByRole('button', { name: 'Find' }).last().click();
    await page.waitForURL(/call_id=01a1ff74/);
    await page.getByText('No lines').waitFor();
  });
}
