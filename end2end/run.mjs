// Starts a hub of its own and a scripted provider, and runs the browser's tests against them.
//
// Names of test files as parameters run only these.
//
// The tests find in their environment: HUB_URL, ADMIN_TOKEN, UPSTREAM_URL, UPSTREAM_KEY, CHROMIUM.
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { start as startUpstream } from './upstream.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
/** The tests, in this order: the console's begins with an empty hub. */
const FILES = ['console.mjs', 'insight.mjs', 'manage.mjs', 'access.mjs'];
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 40_000;
const TESTS_WITHIN_MS = 300_000;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** What `promise` gives, or `otherwise` after `ms`. */
async function within(promise, ms, otherwise) {
  let timer;
  const late = new Promise((done) => {
    timer = setTimeout(() => done(otherwise), ms);
  });
  const first = await Promise.race([promise, late]);
  clearTimeout(timer);
  return first;
}

function freePort() {
  return new Promise((found) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => found(port));
    });
  });
}

/** Runs a program to its end, at most `ms`. Answers its exit code, and what it printed. */
function run(program, parameters, options, ms) {
  return new Promise((done) => {
    const child = spawn(program, parameters, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
    const late = setTimeout(() => child.kill('SIGKILL'), ms);
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      process.stdout.write(chunk);
    });
    child.on('close', (code) => {
      clearTimeout(late);
      done({ code, text });
    });
  });
}

async function startHub(data, token) {
  const port = await freePort();
  const executable = resolve(root, process.env.CARGO_TARGET_DIR ?? 'target', 'debug', 'switchyard');
  const hub = spawn(executable, [], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      PATH: process.env.PATH,
      APP_PORT: String(port),
      DATA_DIR: data,
      ADMIN_TOKEN: token,
      LOG_LEVEL: 'warn',
      STORE_SESSION_MESSAGES: 'true',
      PG_BIN: process.env.PG_BIN ?? '',
      SITE_ROOT: process.env.SITE_ROOT ?? 'target/test-site',
    },
  });
  const ended = new Promise((done) => hub.on('exit', (code, signal) => done(signal ?? code)));
  const url = `http://127.0.0.1:${port}`;
  const asked = Date.now();
  for (;;) {
    const ready = await fetch(`${url}/health/ready`).then((answer) => answer.ok, () => false);
    if (ready) return { url, hub, ended };
    if (hub.exitCode !== null || Date.now() - asked > READY_WITHIN_MS) {
      hub.kill('SIGKILL');
      throw new Error('the hub does not get ready');
    }
    await pause(100);
  }
}

/** Ends the Postgres that a hub which did not stop in order leaves behind. */
async function killPostgres() {
  const lock = await readFile(join(data, 'postgres/data/postmaster.pid'), 'utf8').catch(() => null);
  if (lock) process.kill(Number.parseInt(lock, 10), 'SIGQUIT');
}

const token = 'browser-tests-admin-token';
const data = await mkdtemp(join(tmpdir(), 'switchyard-browser-'));
await chmod(data, 0o711);
const upstream = await startUpstream();
let failed = 0;
try {
  const { url, hub, ended } = await startHub(data, token);
  const wanted = process.argv.slice(2);
  for (const file of FILES.filter((name) => wanted.length === 0 || wanted.includes(name))) {
    const tests = await run(process.execPath, [join(here, file)], {
      cwd: root,
      env: {
        ...process.env,
        HUB_URL: url,
        ADMIN_TOKEN: token,
        UPSTREAM_URL: upstream.url,
        UPSTREAM_KEY: upstream.key,
        CHROMIUM: process.env.CHROMIUM ?? '/usr/bin/chromium',
      },
    }, TESTS_WITHIN_MS);
    const counts = /\d+ passed; \d+ failed;/.test(tests.text);
    if (tests.code !== 0 && !counts) failed += 1;
    if (tests.code !== 0) process.exitCode = 1;
  }

  hub.kill('SIGTERM');
  const exit = await within(ended, STOP_WITHIN_MS, 'nothing at all');
  if (exit !== 0) {
    console.log(`the hub ended with ${exit} after SIGTERM`);
    hub.kill('SIGKILL');
    failed += 1;
  }
} catch (fault) {
  console.log(fault);
  failed += 1;
} finally {
  upstream.stop();
  await killPostgres();
  await rm(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
console.log(`test result: ${failed ? 'FAILED' : 'ok'}. ${failed ? 0 : 1} passed; ${failed} failed; the hub around the browser's tests`);
if (failed) process.exitCode = 1;
