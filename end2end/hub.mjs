// A hub of its own for tests and pictures: started on a free port with a folder of its own, and ended with its Postgres.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the project. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const READY_WITHIN_MS = 240_000;

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** What `promise` gives, or `otherwise` after `ms`. */
export async function within(promise, ms, otherwise) {
  let timer;
  const late = new Promise((done) => {
    timer = setTimeout(() => done(otherwise), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A port that nobody listens on, below the range of outgoing connections: none of them takes it meanwhile. */
export function freePort() {
  return new Promise((found) => {
    const port = 22_000 + Math.floor(Math.random() * 10_000);
    const probe = createServer().on('error', () => found(freePort())).listen(port, '127.0.0.1', () => {
      probe.close(() => found(port));
    });
  });
}

/** Starts a hub. `more` is added to its environment, and says in `profile` which executable it is (`debug`, `release`). */
export async function startHub(data, token, { profile = 'debug', ...more } = {}) {
  const port = await freePort();
  const executable = resolve(root, process.env.CARGO_TARGET_DIR ?? 'target', profile, 'switchyard');
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
      ...more,
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
export async function killPostgres(data) {
  const lock = await readFile(join(data, 'postgres/data/postmaster.pid'), 'utf8').catch(() => null);
  if (lock) process.kill(Number.parseInt(lock, 10), 'SIGQUIT');
}
