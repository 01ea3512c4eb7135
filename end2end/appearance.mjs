// The menu of a phone, and the console in Chinese. How each page looks is seen by `looks.mjs`.
import { axeFinds, check, expect, hub, shot, takenOver } from './trial.mjs';

/** Takes what `console.mjs` has: its page, logged in, and a call. */
export async function appearance({ page, go, callId }) {
  await check('on a phone the menu opens, leads on, and closes', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await go('/');
    await page.locator('.menu > summary').click();
    await shot(page, 'menu-phone');
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => !document.querySelector('.menu').open);
    await page.locator('.menu > summary').click();
    await page.locator('.menu').getByRole('link', { name: 'Calls' }).click();
    await page.waitForURL(`${hub}/calls`);
    await page.waitForFunction(() => !document.querySelector('.menu').open);
    const found = await axeFinds(page);
    expect(found.length === 0, found.join('\n     '));
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  await check('Chinese is chosen and kept', async () => {
    await go('/');
    await page.locator('.only-wide').getByRole('button', { name: '中文' }).click();
    await page.getByRole('heading', { level: 1, name: '概览' }).waitFor();
    expect((await page.getAttribute('html', 'lang')) === 'zh-CN', 'lang');
    await takenOver(page);
    await shot(page, 'overview-zh');
    await go('/settings');
    await page.getByRole('heading', { level: 2, name: '账本与保留' }).waitFor();
    await shot(page, 'settings-zh');
    await go(`/calls?call=${callId}`);
    await page.getByText('首次尝试即完成应答').waitFor();
    await shot(page, 'calls-zh');
    await page.locator('.only-wide').getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { level: 1, name: 'Calls' }).waitFor();
  });
}
