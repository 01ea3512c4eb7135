// What Lighthouse says of the pages that people leave open: `make lighthouse`, after `make build`.
//
// Starts the release build, lets some calls run, logs in, and measures each page as on a desk, and as on a phone with a
// slow line and a slow processor. Writes target/lighthouse.md. Fails if a page has less than 95 on a desk.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { chromium } from 'playwright-core';

import { freePort, killPostgres, pause, root, startHub } from './hub.mjs';
import { start as startUpstream } from './upstream.mjs';

const PAGES = ['/', '/calls', '/providers'];
const CATEGORIES = ['performance', 'accessibility', 'best-practices'];
const LEAST = 95;
/** The median of so many runs counts. */
const RUNS = Number(process.env.RUNS ?? 3);
const CALLS = 40;

// It is large, and only who measures needs it: it has a folder of its own.
const tool = (path) => import(pathToFileURL(join(root, '.tools/lighthouse/node_modules/lighthouse/core', path)).href);
const { default: lighthouse } = await tool('index.js');
const { default: onDesk } = await tool('config/desktop-config.js');

const token = 'lighthouse-admin-token';

/** Something to look at: a provider, a user, a key, and calls. */
async function fill(hub, upstream) {
  const post = async (path, body) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = await fetch(`${hub}/admin/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  await post('providers', { name: 'scripted', base_url: upstream.url, secret: upstream.key });
  const user = await post('users', { name: 'ada' });
  const { key } = await post(`users/${user.id}/keys`, { name: 'laptop' });
  for (let n = 0; n < CALLS; n += 1) {
    const body = { model: 'claude-sonnet-4-5', max_tokens: 32, messages: [{ role: 'user', content: `call ${n}` }] };
    const headers = { 'x-api-key': key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' };
    await fetch(`${hub}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(body) }).then((answer) => answer.text());
  }
  await pause(2_000);
}

/** The cookie of a login. */
async function logIn(hub) {
  const page = await fetch(`${hub}/login`).then((answer) => answer.text());
  const [, action] = /action="(\/_ui\/log_in\d+)"/.exec(page);
  const answer = await fetch(hub + action, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ name: '', secret: token, next: '' }),
  });
  return answer.headers.get('set-cookie').split(';')[0];
}

const median = (values) => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];

/** The medians of a page, and what was held against it. */
async function measure(url, port, cookie, config) {
  const scores = Object.fromEntries(CATEGORIES.map((name) => [name, []]));
  const faults = new Set();
  for (let run = 0; run < RUNS; run += 1) {
    const options = { port, output: 'json', logLevel: 'error', onlyCategories: CATEGORIES, extraHeaders: { Cookie: cookie } };
    const { lhr } = await lighthouse(url, options, config);
    for (const name of CATEGORIES) {
      scores[name].push(Math.round(lhr.categories[name].score * 100));
      for (const { id, weight } of lhr.categories[name].auditRefs) {
        const audit = lhr.audits[id];
        if (weight > 0 && audit.score !== null && audit.score < 0.9) {
          faults.add(`${name}: ${audit.title} ${audit.displayValue ?? ''}`.trim());
        }
      }
    }
  }
  return { scores: CATEGORIES.map((name) => median(scores[name])), faults: [...faults] };
}

const data = await mkdtemp(join(tmpdir(), 'switchyard-lighthouse-'));
await chmod(data, 0o711);
const upstream = await startUpstream();
const lines = ['| Page | as on | performance | accessibility | best practices |', '|---|---|---:|---:|---:|'];
let browser;
try {
  const { url, hub, ended } = await startHub(data, token, {
    profile: process.env.PROFILE ?? 'release',
    SITE_ROOT: process.env.SITE_ROOT ?? 'target/site',
  });
  await fill(url, upstream);
  const cookie = await logIn(url);
  const port = await freePort();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', `--remote-debugging-port=${port}`],
  });
  for (const page of PAGES) {
    for (const [where, config] of [['a desk', onDesk], ['a phone', undefined]]) {
      const { scores, faults } = await measure(url + page, port, cookie, config);
      lines.push(`| ${page} | ${where} | ${scores.join(' | ')} |`);
      console.log(page, where, ...scores);
      for (const fault of faults) console.log('   ', fault);
      if (where === 'a desk' && scores.some((score) => score < LEAST)) process.exitCode = 1;
    }
  }
  hub.kill('SIGTERM');
  await ended;
} finally {
  await browser?.close();
  upstream.stop();
  await killPostgres(data);
  await rm(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
const table = `${lines.join('\n')}\n`;
await writeFile(join(root, process.env.CARGO_TARGET_DIR ?? 'target', 'lighthouse.md'), table);
console.log(table);
