// What stays while the page changes under the reader: rows, what is typed and ticked, and one time for one call.
import { admin, ask, check, expect, hub, shot } from './trial.mjs';

/** Takes what `console.mjs` has: its page, logged in, a key, and where its user is. */
export async function live({ page, go, key, userPath }) {
  /** Waits until the page has been drawn anew: what was written into it by hand is gone. */
  const redrawn = async (change) => {
    await page.evaluate(() => document.querySelector('main h1').setAttribute('data-old', ''));
    await change();
    await page.waitForFunction(() => document.querySelector('main h1') && !document.querySelector('main h1[data-old]'));
  };

  await check('nothing moves while the reader looks: new calls wait, at the top of the list too', async () => {
    await go('/calls');
    const row = page.locator('[data-row]').first();
    const first = await row.getAttribute('data-call');
    await page.locator('table.calls tbody tr').first().hover();
    const asked = await ask(key, 'claude-sonnet-4-5');
    const pill = page.getByRole('button', { name: '1 new' });
    await pill.waitFor();
    await asked.text;
    expect((await row.getAttribute('data-call')) === first, 'a row came in under the pointer');
    await pill.click();
    await page.locator(`tr:has([data-call="${asked.id}"])`).getByText('Completed').waitFor();
    expect((await row.getAttribute('data-call')) === asked.id, 'the new row is not at the top');
  });

  for (const [path, noun, one] of [
    ['/users', 'user', async () => (await admin('GET', '/users')).items[0]],
    ['/providers', 'provider', async () => (await admin('GET', '/providers')).items[0]],
  ]) {
    await check(`what is typed and ticked in the list of ${noun}s stays while it changes`, async () => {
      const changed = await one();
      await go(path);
      const search = page.locator('[type=search][data-filter]');
      await page.locator('input.pick').first().check();
      const open = page.locator('tbody details:has([name=amount])').first();
      const hasEditor = (await open.count()) > 0;
      if (hasEditor) {
        await open.locator('summary').click();
        await open.locator('input.input').first().fill('12.');
      }
      await search.fill('half a na');
      await search.evaluate((field) => field.setSelectionRange(2, 4));
      await redrawn(async () => {
        await (await ask(key, 'claude-sonnet-4-5')).text;
        await admin('PATCH', `/${noun}s/${changed.id}`, noun === 'user' ? { note: `seen at ${Date.now()}` } : { weight: changed.weight + 1 });
      });
      expect((await search.inputValue()) === 'half a na', 'the search is lost');
      const place = await search.evaluate((field) => [document.activeElement === field, field.selectionStart, field.selectionEnd].join());
      expect(place === 'true,2,4', `the caret is lost: ${place}`);
      expect(await page.locator('input.pick').first().isChecked(), 'the tick is lost');
      if (hasEditor) {
        expect(await open.evaluate((fold) => fold.open), 'the editor has closed');
        expect((await open.locator('input.input').first().inputValue()) === '12.', 'the half-typed limit is lost');
      }
      await admin('PATCH', `/${noun}s/${changed.id}`, noun === 'user' ? { note: changed.note } : { weight: changed.weight });
    });
  }

  await check('what is typed above the log stays while lines come', async () => {
    await go('/log');
    await page.fill('[name=search]', 'half a wo');
    const count = () => page.locator('td.says').count();
    const before = await page.locator('td.says').first().textContent();
    await fetch(`${hub}/admin/v1/users`, { headers: { authorization: `Bearer not-the-token-${await count()}` } });
    await page.waitForFunction((before) => document.querySelector('td.says').textContent !== before || document.querySelectorAll('td.says').length > 1, before);
    await page.waitForTimeout(2_500);
    expect((await page.inputValue('[name=search]')) === 'half a wo', 'the search is lost');
  });

  await check('a key that is edited stays as it is typed while something else changes', async () => {
    await go(userPath);
    await page.getByRole('link', { name: 'Edit: laptop' }).click();
    const dialog = page.getByRole('dialog', { name: 'Edit key' });
    await dialog.getByLabel('Name').fill('half a na');
    const heard = page.waitForResponse((answer) => answer.request().postData()?.includes('OneUser') ?? false);
    const group = { name: 'passing', note: '' };
    await admin('POST', '/groups', group);
    await heard;
    await page.waitForTimeout(300);
    expect((await dialog.getByLabel('Name').inputValue()) === 'half a na', 'the name is lost');
    page.once('dialog', (question) => question.accept());
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await admin('DELETE', `/groups/${group.name}`);
  });

  await check('one call has one time on every page, that of the hub', async () => {
    const { id, text } = await ask(key, 'claude-sonnet-4-5');
    await text;
    await admin('PATCH', '/settings', { time_zone: 'Asia/Kathmandu' });
    const call = await admin('GET', `/calls/${id}`);
    const there = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Kathmandu', timeStyle: 'medium' }).format(new Date(call.created_at));
    await go(`/calls/${id}`);
    const time = page.locator(`[data-detail="${id}"] time`, { hasText: there }).first();
    await time.waitFor();
    expect((await time.textContent()).includes(`${there} UTC+5:45`), await time.textContent());
    await go('/calls');
    const inList = page.locator(`tr:has([data-call="${id}"]) time`, { hasText: there });
    await inList.waitFor();
    expect((await inList.getAttribute('title')).includes(`${there} UTC+5:45`), await inList.getAttribute('title'));
    const plain = await (await page.context().request.get(`${hub}/calls`)).text();
    expect(plain.includes(there), 'the server says another time');
    await admin('PATCH', '/settings', { time_zone: null });
  });

  await check('a range of time of one’s own, and a key by its name', async () => {
    await go('/calls');
    const rows = await page.locator('table.calls tbody tr').count();
    await page.locator('#own-range summary').click();
    await page.fill('#filter-from', '2020-01-01T00:00');
    await page.fill('#filter-to', '2020-01-02T00:00');
    await page.getByRole('form', { name: 'From … to' }).getByRole('button', { name: 'Apply' }).click();
    await page.waitForURL(/from=2020-01-01T00%3A00&to=2020-01-02T00%3A00/);
    await page.getByText('No call matches').waitFor();
    await go('/calls?key=laptop');
    await page.locator('table.calls tbody tr').first().waitFor();
    expect((await page.locator('table.calls tbody tr').count()) <= rows, 'not filtered');
    expect((await page.locator('table.calls tbody').getByText('Test or probe').count()) === 0, 'calls without a key are there');
    await go('/calls?key=no-such-key');
    await page.getByText('No key has that in its name').waitFor();
    await page.getByText('No call matches').waitFor();
  });

  await check('an export says how far it is, and when it is whole', async () => {
    await go('/calls');
    await page.getByText('Export', { exact: true }).click();
    const waiting = page.waitForEvent('download');
    await page.getByRole('link', { name: 'JSON', exact: true }).click();
    const download = await waiting;
    await download.path();
    await page.getByText(/^Exported: \d+ calls, /).waitFor();
    await shot(page, 'calls-exported');
    await page.locator('.note.export').getByRole('button', { name: 'Close' }).click();
    await page.locator('.note.export').waitFor({ state: 'detached' });
  });
}
