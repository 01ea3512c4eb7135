// How the pages of the console look: to axe in both themes, on a phone, on a wide screen, and in Chinese.
import { axeFinds, check, expect, hub, shot, takenOver, wide } from './trial.mjs';

/** Takes what `console.mjs` has: its page, logged in, a call, and where its user and its provider are. */
export async function appearance({ page, go, callId, userPath, providerPath }) {
  const pages = ['/', '/calls', `/calls?call=${callId}`, `/calls/${callId}`, '/providers', '/providers/new', '/providers?edit=', '/providers?drop=gone', providerPath, '/users', '/users/new', userPath, `${userPath}?new=key`, '/prices', '/prices?edit=claude-sonnet-4-5', '/prices?history=claude-sonnet-4-5', '/prices?import=1', '/prices?q=opus', '/sessions', '/quotas', '/quotas?share=100', '/settings', '/log', '/nowhere'];

  for (const theme of ['dark', 'light']) {
    for (const path of pages) {
      await check(`axe finds nothing serious on ${path.replace(/[0-9a-f]{8}-[0-9a-f-]+/, '{id}')}, ${theme}`, async () => {
        await go('/prices');
        await page.locator('.only-wide').getByRole('button', { name: theme === 'dark' ? 'Dark' : 'Light' }).click();
        await go(path);
        const found = await axeFinds(page);
        expect(found.length === 0, found.join('\n     '));
        await shot(page, `${path.replaceAll(/[^a-z0-9]+/gi, '_')}-${theme}`);
      });
    }
  }

  await check('on a phone nothing is wider than the screen, and the menu opens', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of pages) {
      await go(path);
      const over = await wide(page);
      expect(!over, `${path}: ${over}`);
      await shot(page, `${path.replaceAll(/[^a-z0-9]+/gi, '_')}-phone`);
    }
    await go('/');
    await page.locator('.menu > summary').click();
    await shot(page, 'menu-phone');
    await page.locator('.menu').getByRole('link', { name: 'Calls' }).click();
    await page.waitForURL(`${hub}/calls`);
    await page.waitForFunction(() => !document.querySelector('.menu').open);
    const found = await axeFinds(page);
    expect(found.length === 0, found.join('\n     '));
    await page.setViewportSize({ width: 360, height: 740 });
    for (const path of ['/', '/settings']) {
      await go(path);
      const over = await wide(page);
      expect(!over, `${path} at 360: ${over}`);
    }
    await shot(page, 'settings-360');
    await page.setViewportSize({ width: 2560, height: 1300 });
    await go('/');
    await shot(page, 'overview-wide');
    await go(`/calls?call=${callId}`);
    await shot(page, 'calls-wide');
  });

  await page.setViewportSize({ width: 1440, height: 900 });

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
