// Starts a hub of its own and a scripted provider, and runs the browser's tests against them.
//
// Names of test files as parameters run only these.
//
// The tests find in their environment: HUB_URL, ADMIN_TOKEN, UPSTREAM_URL, UPSTREAM_KEY, CHROMIUM.
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { killPostgres, root, startHub, within } from './hub.mjs';
import { start as startUpstream } from './upstream.mjs';

/** The tests, in this order: the console's begins with an empty hub. */
const FILES = ['console.mjs', 'insight.mjs', 'manage.mjs', 'access.mjs', 'looks.mjs'];
const STOP_WITHIN_MS = 120_000;
const TESTS_WITHIN_MS = 1_800_000;

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

const token = 'browser-tests-admin-token';
const data = await mkdtemp(join(tmpdir(), 'switchyard-browser-'));
await chmod(data, 0o711);
const upstream = await startUpstream();
let failed = 0;
try {
  const { url, hub, ended } = await startHub(data, token);
  const wanted = process.argv.slice(2);
  for (const file of FILES.filter((name) => wanted.length === 0 || wanted.includes(name))) {
    const tests = await run(process.execPath, [join(root, 'end2end', file)], {
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
  await killPostgres(data);
  await rm(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
console.log(`test result: ${failed ? 'FAILED' : 'ok'}. ${failed ? 0 : 1} passed; ${failed} failed; the hub around the browser's tests`);
if (failed) process.exitCode = 1;
