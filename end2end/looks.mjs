// Every page in a real browser, on a hub that lives: at every width, in both themes, and for those who want no motion.
//
// Environment: as for console.mjs.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import { chromium } from 'playwright-core';

import { living } from './living.mjs';
import { ownPages, pagesOf } from './pages.mjs';

const hub = process.env.HUB_URL ?? 'http://127.0.0.1:23000';
const token = process.env.ADMIN_TOKEN;
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WIDTHS = [360, 390, 1440, 2560];
const PASSWORD = 'correct horse battery';
let passed = 0;
let failed = 0;

/** One check, one line. */
async function check(name, body) {
  try {
    await body();
    passed += 1;
    console.log(`ok   ${name}`);
  } catch (fault) {
    failed += 1;
    console.log(`FAIL ${name}\n     ${String(fault.stack ?? fault).split('\n').slice(0, 8).join('\n     ')}`);
  }
}

function expect(truth, text) {
  if (!truth) throw new Error(text);
}

async function go(page, path) {
  await page.goto(hub + path, { waitUntil: 'load' });
  await page.waitForSelector('html[data-ready]', { state: 'attached' });
}

/** What axe finds that keeps somebody out: serious and critical. */
async function axeFinds(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter((violation) => ['serious', 'critical'].includes(violation.impact))
    .map((violation) => `${violation.id}: ${violation.nodes.slice(0, 3).map((node) => node.target).join(' | ')}`);
}

/** What reaches over the right edge of the page though nothing around it scrolls. */
const wide = (page) => page.evaluate(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return null;
  const over = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > clientWidth + 1 && !one.closest('.scroll, .tabs, pre'));
  return `${scrollWidth} > ${clientWidth}: ${over.slice(0, 3).map((one) => `${one.tagName}.${one.className}`).join(', ')}`;
});

/** A page at every width in both themes; axe on a phone in the light, and at a desk in the dark. */
async function looks(page, path) {
  const wrong = [];
  await page.setViewportSize({ width: WIDTHS[0], height: 900 });
  await go(page, path);
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'no-preference' });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      const over = await wide(page);
      if (over) wrong.push(`${theme} ${width}: ${over}`);
      // What axe finds follows from the theme and from what is there, not from the widths in between.
      if (width !== (theme === 'light' ? 390 : 1440)) continue;
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

const life = living({ hub, token, upstream: { url: process.env.UPSTREAM_URL, key: process.env.UPSTREAM_KEY } });
const { people, providers } = await life.settle();
await life.calls(24);
const { id: call } = await life.failover();
const { id: own } = await life.call({}, { person: people[0], key: people[0].keys[0] });
await life.recorded(own);
await life.admin('POST', `/providers/${providers[0].id}/test`, {});
await life.tend();
await life.admin('PUT', `/users/${people[0].user.id}/password`, { password: PASSWORD });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/** A page of somebody who has logged in. */
async function loggedIn(fields) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await go(page, '/login');
  for (const [field, value] of Object.entries(fields)) await page.fill(field, value);
  await page.click('button[type=submit].primary');
  await page.waitForURL((url) => url.pathname !== '/login');
  return page;
}

const page = await loggedIn({ '#secret': token });
const seen = { user: people[0].user.id, provider: providers[0].id, model: 'claude-opus-4-8', call, key: people[0].keys[0].id };
for (const [name, path] of pagesOf(seen)) {
  await check(`${name} fits every width in both themes, and keeps still for who wants that`, () => looks(page, path));
}

await check('a chart tells what is pointed at, touched, or stepped to with the arrow keys', async () => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await go(page, '/?by=model');
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
  const aloud = await chart.getAttribute('aria-valuetext');
  expect(aloud.includes('claude-') && aloud.includes(': '), aloud);
  await page.keyboard.press('Tab');
  expect(!(await chart.getAttribute('data-shown')), 'it is still told when the focus is elsewhere');
  const touch = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, storageState: await page.context().storageState() });
  const phone = await touch.newPage();
  await go(phone, '/availability');
  const times = phone.locator('.times [data-read]').first();
  await times.scrollIntoViewIfNeeded();
  const box = await times.locator('.column').last().locator('.catch').boundingBox();
  await phone.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
  await phone.waitForFunction(() => document.querySelector('.times [data-read]').hasAttribute('data-shown'));
  expect((await times.locator('.readout').textContent()).includes('p99'), 'the times are not told');
  await touch.close();
});

const mine = await loggedIn({ '#name': people[0].user.name, '#secret': PASSWORD });
for (const [name, path] of ownPages(own)) {
  await check(`${name} fits every width in both themes, and keeps still for who wants that`, () => looks(mine, path));
}

await browser.close();
console.log(`test result: ${failed ? 'FAILED' : 'ok'}. ${passed} passed; ${failed} failed; how every page looks, in the browser`);
process.exit(failed ? 1 : 0);
