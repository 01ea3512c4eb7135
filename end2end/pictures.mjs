// Takes the pictures in docs/screenshots: starts a hub of its own, lets a team work with it for two days, and looks at
// every page in both themes, on a phone, and at some in Chinese. Nothing is written to the database by hand.
//
//   SITE_ROOT=target/test-site node end2end/pictures.mjs [name…]
//
// The two days pass in minutes where libfaketime is installed (Debian: libfaketime); without it everything happens
// today. Pictures have the interface of a machine with the typeface Inter (fonts-inter) and Chinese characters
// (fonts-droid-fallback) if these are there, and are packed without loss by optipng if that is.
import { execFile } from 'node:child_process';
import { access, chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { chromium } from 'playwright-core';

import { killPostgres, pause, root, startHub, within } from './hub.mjs';
import { living } from './living.mjs';
import { ownPages, pagesOf } from './pages.mjs';
import { start as startUpstream } from './upstream.mjs';

const FOLDER = join(root, 'docs/screenshots');
const FAKETIME = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketime.so.1`;
const PASSWORD = 'correct horse battery';
const HOURS = 50;
/** Taller than any page: what scrolls in itself is shown whole. */
const TALL = 12_000;
/** Lists that go on: their beginning is enough. */
const AT_MOST = { calls: 1_080, 'key-use': 1_080, log: 1_400, audit: 2_400, prices: 2_000 };
/** Pages that are shown in Chinese too. */
const IN_CHINESE = new Set(['overview', 'calls', 'providers']);
const wanted = process.argv.slice(2);
const run = promisify(execFile);
const has = (path) => access(path).then(() => true, () => false);

/** Where the hub's clock stands: so many minutes ago. */
async function clockAt(file, minutes) {
  await writeFile(file, minutes > 0 ? `-${minutes}m` : '+0');
}

/** Two days of work, busiest in the afternoon. */
async function work(life, file) {
  for (let hours = HOURS; hours >= 1; hours -= 1) {
    await clockAt(file, hours * 60);
    await pause(1_100);
    const hour = new Date(Date.now() - hours * 3_600_000).getUTCHours();
    const busy = 0.25 + Math.max(0, Math.sin(((hour - 6) / 24) * 2 * Math.PI));
    await life.calls(Math.round(4 + 16 * busy), { troubled: hour % 9 === 4 ? 0.3 : 0.05 });
    if (hours % 5 === 0) await life.admin('POST', `/providers/${life.providers[hours % 3].id}/test`, {});
  }
}

/** The last hour: a few calls every few minutes, one of them with a chain worth a look. */
async function lastHour(life, file) {
  let chain;
  for (let minutes = 57; minutes >= 0; minutes -= 3) {
    await clockAt(file, minutes);
    await pause(1_100);
    if (minutes === 9) chain = await life.failover();
    await life.calls(2, { troubled: 0.2 });
    if (minutes === 6) await life.call({ first: 90, fail: { '/research': 529, '/reserve': 529 } }, { person: life.people[4] });
  }
  return chain.id;
}

/** A configuration of fonts in which the interface's typeface is Inter; none where it is not installed. */
async function fonts(folder) {
  if (!(await has('/usr/share/fonts/opentype/inter'))) return {};
  const families = ['system-ui', 'ui-sans-serif', 'sans-serif'];
  const aliases = families.map((name) => `<match target="pattern"><test name="family"><string>${name}</string></test><edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit></match>`);
  const file = join(folder, 'fonts.conf');
  await writeFile(file, `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><include>/etc/fonts/fonts.conf</include>${aliases.join('')}</fontconfig>`);
  return { FONTCONFIG_FILE: file };
}

const data = await mkdtemp(join(tmpdir(), 'switchyard-pictures-'));
await chmod(data, 0o711);
const token = 'admin-token-of-the-pictures';
const upstream = await startUpstream();
const clock = join(data, 'clock');
const isFaked = await has(FAKETIME);
await clockAt(clock, isFaked ? HOURS * 60 : 0);
const faked = isFaked ? { LD_PRELOAD: FAKETIME, FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' } : {};
const { url: hub, hub: process_, ended } = await startHub(data, token, { LOG_LEVEL: 'info', ...faked });
let browser;
try {
  const life = living({ hub, token, upstream });
  await life.settle();
  if (isFaked) await work(life, clock);
  else await life.calls(200);
  const call = await lastHour(life, clock);
  const own = await life.call({ ms: 700 }, { person: life.people[0], key: life.people[0].keys[0] });
  await life.recorded(own.id);
  await life.admin('PUT', `/users/${life.people[0].user.id}/password`, { password: PASSWORD });
  await life.tend();
  await mkdir(FOLDER, { recursive: true });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    env: { ...process.env, ...(await fonts(data)) },
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-lcd-text', '--hide-scrollbars', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  await takeAll(life, call, own.id);
  await run('bash', ['-c', `command -v optipng >/dev/null && optipng -quiet -o2 ${join(FOLDER, '*.png')} || true`]);
  console.log(`the pictures are in ${FOLDER}`);
} finally {
  await browser?.close();
  process_.kill('SIGTERM');
  if ((await within(ended, 40_000, 'late')) !== 0) process_.kill('SIGKILL');
  upstream.stop();
  await killPostgres(data);
  await rm(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}

async function go(page, path) {
  await page.goto(hub + path, { waitUntil: 'load' });
  await page.waitForSelector('html[data-ready]', { state: 'attached' });
}

/** A picture of all of a page, as high as it is. */
async function whole(page, name, width, most = TALL) {
  await page.setViewportSize({ width, height: TALL });
  await page.waitForTimeout(250);
  const end = await page.evaluate(() => {
    const boxes = (selector) => [...document.querySelectorAll(selector)].map((one) => one.getBoundingClientRect());
    const bottom = (all) => Math.max(0, ...all.map((box) => box.bottom));
    // What stands in the door is in the middle of the window, however high that is.
    const door = boxes('.door > *');
    return Math.ceil(Math.max(bottom(boxes('.page, .beside .call')), bottom(door) - Math.min(...door.map((box) => box.top))));
  });
  await page.setViewportSize({ width, height: Math.min(most, Math.max(width < 500 ? 844 : 900, end)) });
  await page.waitForTimeout(150);
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
}

/** A page in both themes, on a phone, and where wanted in Chinese. */
async function take(page, name, path) {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  for (const [suffix, theme, width] of [['light', 'light', 1440], ['dark', 'dark', 1440], ['phone', 'light', 390]]) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: 900 });
    // On a phone an open call covers the list.
    await go(page, suffix === 'phone' && name === 'calls' ? '/calls' : path);
    await whole(page, `${name}-${suffix}`, width, AT_MOST[name]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  if (!IN_CHINESE.has(name)) return;
  await page.context().addCookies([{ name: 'switchyard_language', value: 'zh', url: hub }]);
  await page.setViewportSize({ width: 1440, height: 900 });
  await go(page, path);
  await whole(page, `${name}-zh`, 1440, AT_MOST[name]);
  await page.context().addCookies([{ name: 'switchyard_language', value: 'en', url: hub }]);
}

/** A picture of what the window shows after something was done. */
async function moment(page, name, path, act) {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width: 1440, height: 900 });
    await go(page, path);
    await act(page);
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(FOLDER, `${name}-${theme}.png`) });
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

async function loggedIn(fields, isPictured = false) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', timezoneId: 'UTC' });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  if (isPictured) await take(page, 'login', '/login');
  await go(page, '/login');
  for (const [field, value] of Object.entries(fields)) await page.fill(field, value);
  await page.click('button[type=submit].primary');
  await page.waitForURL((url) => url.pathname !== '/login');
  return page;
}

async function takeAll(life, call, own) {
  const { people, providers } = life;
  const page = await loggedIn({ '#secret': token }, true);
  const seen = { user: people[0].user.id, provider: providers[0].id, model: 'claude-opus-4-8', call, session: await life.sessionOf(call), key: people[0].keys[0].id };
  const runs = setInterval(() => life.running(1, 20_000).catch(() => {}), 6_000);
  await life.running(3, 45_000);
  for (const [name, path] of pagesOf(seen)) await take(page, name, path);
  await moment(page, 'palette', '/calls', async () => {
    await page.keyboard.press('Control+k');
    await page.getByRole('searchbox', { name: /id of a call/ }).fill('re');
    await page.locator('[data-found]').nth(3).waitFor();
  });
  await moment(page, 'users-bulk-look', '/users/bulk?all=1', async () => {
    await page.getByLabel('Add tags').fill('2027');
    await page.getByRole('button', { name: 'Show what would change' }).click();
    await page.getByRole('table').first().waitFor();
  });
  await moment(page, 'shortcuts', '/', () => page.keyboard.press('Shift+?'));
  await moment(page, 'delete', `/users/${seen.user}?confirm=delete`, () => page.locator('dialog').waitFor());
  await moment(page, 'chart', '/?by=model', async () => {
    const column = page.locator('.charts [data-read]').first().locator('.column .catch').nth(18);
    const box = await column.boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + 60);
  });
  const mine = await loggedIn({ '#name': people[0].user.name, '#secret': PASSWORD });
  for (const [name, path] of ownPages(own)) await take(mine, name, path);
  clearInterval(runs);
}
