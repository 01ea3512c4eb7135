// What the browser's tests have in common: the browser, one line for each check, and their ways of looking at a page.
//
// Environment: HUB_URL, ADMIN_TOKEN, UPSTREAM_URL and UPSTREAM_KEY of a scripted provider, CHROMIUM, and SHOTS: a folder
// for screenshots, none if unset.
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';

import { chromium } from 'playwright-core';

import { within } from './hub.mjs';

export const hub = process.env.HUB_URL ?? 'http://127.0.0.1:23000';
export const token = process.env.ADMIN_TOKEN;
export const upstream = { url: process.env.UPSTREAM_URL, key: process.env.UPSTREAM_KEY };
/** What the password of somebody who has one is. */
export const PASSWORD = 'correct horse battery';
/** Those who wait for something on a page wait this long: far longer than anything takes on a busy machine. */
export const PATIENCE_MS = 60_000;
/** A check that takes longer hangs, and is told so. */
const CHECKED_WITHIN_MS = 300_000;
const LATE = Symbol('late');
/** The browser takes over the first page within this time: it compiles all the code then. */
const TAKEN_OVER_MS = 120_000;
/** Chromium says this of code that is loaded ahead when the machine is too slow to come to it within some seconds. */
const SLOW = /was preloaded using link preload but not used within a few seconds/;

const shots = process.env.SHOTS;
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
if (shots) await mkdir(shots, { recursive: true });

/** What the browser has complained about. */
export const troubles = [];
let passed = 0;
let failed = 0;

export const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/** One check, one line. What is open when it fails is kept as pictures. */
export async function check(name, body) {
  const began = Date.now();
  try {
    if ((await within(body(), CHECKED_WITHIN_MS, LATE)) === LATE) throw new Error(`not done within ${CHECKED_WITHIN_MS} ms`);
    passed += 1;
    console.log(`ok   ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  } catch (fault) {
    failed += 1;
    console.log(`FAIL ${name}\n     ${String(fault.stack ?? fault).split('\n').slice(0, 8).join('\n     ')}`);
    const open = browser.contexts().flatMap((context) => context.pages());
    for (const [place, page] of open.entries()) await shot(page, `failed-${basename(process.argv[1], '.mjs')}-${failed}-${place}`);
  }
}

export function expect(truth, text) {
  if (!truth) throw new Error(text);
}

export async function shot(of, name) {
  if (shots) await of.screenshot({ path: join(shots, `${name}.png`), fullPage: true }).catch(() => {});
}

/** A page of a reader of its own. What its browser complains about is noted, but for what `isWanted` knows. */
export async function reader({ isWanted = () => false, ...more } = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', colorScheme: 'light', ...more });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type()) || SLOW.test(message.text()) || isWanted(message.text())) return;
    troubles.push(`${message.type()}: ${message.text()} at ${page.url()}`);
  });
  page.on('pageerror', (error) => troubles.push(`exception: ${error.message} at ${page.url()}`));
  return page;
}

/** Goes to a page and waits until the browser has taken it over. Answers its status. */
export async function visit(page, path) {
  const answer = await page.goto(hub + path, { waitUntil: 'load' });
  await takenOver(page);
  return answer.status();
}

/** Waits until the browser has taken over the page that it is on. */
export async function takenOver(page) {
  await page.waitForSelector('html[data-ready]', { state: 'attached', timeout: TAKEN_OVER_MS });
}

/** Fills in the form of the login page and sends it. */
export async function logIn(page, name, secret) {
  await page.fill('#name', name);
  await page.fill('#secret', secret);
  await page.click('button[type=submit].primary');
}

/** A page of somebody who has logged in. */
export async function loggedIn(name, secret, more) {
  const page = await reader(more);
  await visit(page, '/login');
  await logIn(page, name, secret);
  await page.waitForURL((url) => url.pathname !== '/login');
  return page;
}

/** Asks the management API. */
export async function admin(method, path, body) {
  const answer = await fetch(`${hub}/admin/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  expect(answer.ok, `${method} ${path}: ${answer.status} ${text.slice(0, 300)}`);
  return text ? JSON.parse(text) : null;
}

/** Sends a request as Claude Code would, and waits until its answer begins. The promise `text` has all of it. */
export async function ask(key, model, { content = 'Hello', session = 'any' } = {}) {
  const answer = await fetch(`${hub}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key, 'anthropic-version': '2023-06-01', 'user-agent': 'browser-test/1', 'x-claude-code-session-id': session },
    body: JSON.stringify({ model, max_tokens: 64, stream: true, messages: [{ role: 'user', content }] }),
  });
  return { id: answer.headers.get('x-switchyard-call-id'), status: answer.status, text: answer.text() };
}

/** Lets an answer go on that stands still: the text of its request ends with `script:{"hold":"<name>"}`. */
export async function goOn(name) {
  const answer = await fetch(`${upstream.url}/go-on/${name}`, { method: 'POST' });
  expect(answer.ok, `status ${answer.status}`);
}

/** What axe finds that keeps somebody out: serious and critical. */
export async function axeFinds(page) {
  // Colours on their way from one theme to the other have no contrast yet. What follows the scrolling never ends, and of what
  // else is under way nothing takes half a second: if one has not ended after ten times that, axe says what it finds.
  await page.evaluate(() => Promise.race([new Promise((late) => setTimeout(late, 5_000)), Promise.all(document.getAnimations()
    .filter((one) => one.timeline === document.timeline && Number.isFinite(one.effect.getComputedTiming().endTime))
    .map((one) => one.finished.catch(() => {})))]));
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter((violation) => ['serious', 'critical'].includes(violation.impact))
    .map((violation) => `${violation.id}: ${violation.nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary?.split('\n')[1] ?? ''}`).join(' | ')}`);
}

/** What makes the page scroll sideways, nothing if it does not. */
export const wide = (page) => page.evaluate(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return null;
  const over = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > clientWidth + 1 && !one.closest('.scroll, .tabs, pre'));
  return `${scrollWidth} > ${clientWidth}: ${over.slice(0, 3).map((one) => `${one.tagName}.${one.className}`).join(', ')}`;
});

/** Answers the next question the browser asks on a page, and hands on what it was. */
export async function answered(page, yes) {
  const dialog = await page.waitForEvent('dialog');
  const message = dialog.message();
  await (yes ? dialog.accept() : dialog.dismiss());
  return message;
}

/** The end of a file of tests: checks for complaints under the name `last`, says how many passed, and ends the process. */
export async function finish(what, last = 'the browser had nothing to complain about') {
  await check(last, async () => {
    expect(troubles.length === 0, troubles.join('\n     '));
  });
  await browser.close();
  console.log(`test result: ${failed ? 'FAILED' : 'ok'}. ${passed} passed; ${failed} failed; ${what}, in the browser`);
  process.exit(failed ? 1 : 0);
}
