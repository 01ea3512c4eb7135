// Every page in a real browser, on a hub that lives: at every width, in both themes, and for those who want no motion.
//
// Environment: see trial.mjs.
import { living } from './living.mjs';
import { dialogsOf, openPages, ownPages, pagesOf } from './pages.mjs';
import { PASSWORD, PATIENCE_MS, axeFinds, browser, check, expect, finish, hub, loggedIn, reader, shot, token, upstream, visit, wide } from './trial.mjs';

const WIDTHS = [360, 390, 1440, 2560];

/** A page at every width in both themes; axe on a phone in the light, and at a desk in the dark. `open` opens what is looked at. */
async function looks(page, name, path, open = async () => {}) {
  const wrong = [];
  await page.setViewportSize({ width: WIDTHS[0], height: 900 });
  await visit(page, path);
  await open();
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'no-preference' });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      const over = await wide(page);
      if (over) wrong.push(`${theme} ${width}: ${over}`);
      // What axe finds follows from the theme and from what is there, not from the widths in between.
      if (width !== (theme === 'light' ? 390 : 1440)) continue;
      await shot(page, `${name}-${theme}`);
      wrong.push(...(await axeFinds(page)).map((find) => `${theme} ${width}: ${find}`));
    }
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  const moving = await page.evaluate(() => [...document.querySelectorAll('*')]
    .filter((one) => {
      const style = getComputedStyle(one);
      const lasts = (text) => text.split(',').some((span) => Number.parseFloat(span) > 0);
      return (style.animationName !== 'none' && lasts(style.animationDuration)) || (style.transitionProperty !== 'none' && lasts(style.transitionDuration));
    })
    .slice(0, 3)
    .map((one) => `${one.tagName}.${one.className.baseVal ?? one.className}`));
  if (moving.length > 0) wrong.push(`moves: ${moving.join(', ')}`);
  expect(wrong.length === 0, wrong.join('\n'));
}

const life = living({ hub, token, upstream });
const { people, providers } = await life.settle();
await life.calls(24);
const { id: call } = await life.failover();
const { id: own } = await life.call({}, { person: people[0], key: people[0].keys[0] });
await life.recorded(own);
const session = await life.sessionOf(call);
await life.admin('POST', `/providers/${providers[0].id}/test`, {});
await life.tend();
await life.admin('PUT', `/users/${people[0].user.id}/password`, { password: PASSWORD });

// Refusals and what is nowhere are looked at too.
const isWanted = (text) => /status of (40[134]|422)/.test(text);
const page = await loggedIn('', token, { isWanted });
const seen = { user: people[0].user.id, provider: providers[0].id, model: 'claude-opus-4-8', call, session, key: people[0].keys[0].id };
for (const [name, path] of [...pagesOf(seen), ...dialogsOf(seen)]) {
  await check(`${name} fits every width in both themes, and keeps still for who wants that`, () => looks(page, name, path));
}
for (const [name, keys] of [['the palette', 'Control+k'], ['the sheet of shortcuts', 'Shift+?']]) {
  await check(`${name} fits every width in both themes, and keeps still for who wants that`, () => looks(page, name, '/calls', async () => {
    await page.keyboard.press(keys);
    await page.getByRole('dialog').waitFor();
  }));
}

await check('a chart tells what is pointed at, touched, or stepped to with the arrow keys', async () => {
  await page.setViewportSize({ width: 1440, height: 900 });
  // The hour that the chart ends with may have begun a moment ago.
  const latest = await life.call({}, { person: people[0], key: people[0].keys[0] });
  await life.recorded(latest.id);
  await visit(page, '/?by=model');
  const chart = page.locator('.charts [data-read]').first();
  await chart.scrollIntoViewIfNeeded();
  const readout = chart.locator('.readout');
  const columns = chart.locator('.column');
  const last = (await columns.count()) - 1;
  expect(!(await chart.getAttribute('data-shown')), 'it is told before anything is pointed at');
  const place = await columns.nth(last).locator('.catch').boundingBox();
  await page.mouse.move(place.x + place.width / 2, place.y + 8);
  await page.waitForFunction(() => document.querySelector('.charts [data-read]').hasAttribute('data-shown'));
  const told = await readout.textContent();
  expect(/ · \d/.test(told) && told.includes('claude-'), told);
  await page.mouse.move(5, 5);
  await page.waitForFunction(() => !document.querySelector('[data-shown]'));
  await chart.focus();
  await page.keyboard.press('ArrowLeft');
  expect((await chart.getAttribute('aria-valuenow')) === String(last - 1), 'the arrow key does not step');
  await page.keyboard.press('End');
  let aloud = await chart.getAttribute('aria-valuetext');
  // An hour may have begun since, in which nobody has called yet.
  if (!aloud.startsWith(told.slice(0, 'MM-DD HH:MM'.length))) {
    await page.keyboard.press('ArrowLeft');
    aloud = await chart.getAttribute('aria-valuetext');
  }
  expect(aloud.includes('claude-') && aloud.includes(': '), aloud);
  await page.keyboard.press('Tab');
  expect(!(await chart.getAttribute('data-shown')), 'it is still told when the focus is elsewhere');
  const touch = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, storageState: await page.context().storageState() });
  const phone = await touch.newPage();
  phone.setDefaultTimeout(PATIENCE_MS);
  await visit(phone, `/availability?provider=${providers[0].id}`);
  const times = phone.locator('.times [data-read]').first();
  await times.scrollIntoViewIfNeeded();
  const box = await times.locator('.column').last().locator('.catch').boundingBox();
  await phone.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
  await phone.waitForFunction(() => document.querySelector('.times [data-read]').hasAttribute('data-shown'));
  expect((await times.locator('.readout').textContent()).includes('p99'), 'the times are not told');
  await touch.close();
});

const mine = await loggedIn(people[0].user.name, PASSWORD, { isWanted });
const nobody = await reader({ isWanted });
for (const [who, pages] of [[mine, ownPages(own)], [nobody, openPages]]) {
  for (const [name, path] of pages) {
    await check(`${name} fits every width in both themes, and keeps still for who wants that`, () => looks(who, name, path));
  }
}

await check('on a phone nothing that tells a call is cut', async () => {
  for (const [who, path] of [[page, '/calls'], [mine, '/me/calls']]) {
    await who.setViewportSize({ width: 390, height: 844 });
    await visit(who, path);
    await who.locator('tbody tr').first().waitFor();
    const cut = await who.evaluate(() => [...document.querySelectorAll('tbody td')]
      .filter((cell) => cell.scrollWidth > cell.clientWidth + 1)
      .map((cell) => cell.textContent));
    expect(cut.length === 0, `${path}: ${cut.join(', ')}`);
  }
  // Nor that it took several attempts, among the calls of its session too.
  const { n_attempts: n } = await life.admin('GET', `/calls/${call}`);
  expect(n > 1, `${n} attempts`);
  await visit(page, `/sessions/${session}`);
  await page.locator(`tr[data-key="${call}"]`).getByText(`×${n}`).waitFor();
});

await finish('how every page looks');
