// A scripted provider of the Anthropic protocol: the real event sequence, in small pieces with gaps, so that a
// browser has the time to see a call while it runs.
//
// A request may say what is to come by an object (`Script` below): in the header `x-script`, or where that cannot be set,
// behind `script:` at the end of its text. The path before `/v1` tells providers apart: several of a hub may stand here.
import { createServer } from 'node:http';

const WORDS = ['Hello', ', ', 'this ', 'is ', 'a ', 'scripted ', 'answer', '. ', 'It ', 'came ', 'in ', 'pieces', '.'];
const PAUSE_MS = 150;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const message = (model, content, stopReason, usage) => ({
  id: `msg_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`,
  type: 'message',
  role: 'assistant',
  model,
  content,
  stop_reason: stopReason,
  stop_sequence: null,
  usage,
});

/**
 * What a request asks for: tokens, the milliseconds until the first content and of the whole answer, its text, which
 * paths fail with which status, and under which name a stream stands still in its middle until `POST /go-on/<name>`.
 *
 * @typedef {{ input?: number, write?: number, read?: number, output?: number, first?: number, ms?: number, says?: string, fail?: Record<string, number>, hold?: string }} Script
 */

/** What streams stand still for, by name. */
const held = new Map();

function hold(name) {
  if (!held.has(name)) {
    const one = {};
    one.over = new Promise((done) => {
      one.goOn = done;
    });
    held.set(name, one);
  }
  return held.get(name);
}

const usage = (outputTokens, { input = 25, write = 60, read = 1000, output } = {}) => ({
  input_tokens: input,
  cache_creation_input_tokens: write + 40,
  cache_read_input_tokens: read,
  cache_creation: { ephemeral_5m_input_tokens: write, ephemeral_1h_input_tokens: 40 },
  output_tokens: output ?? outputTokens,
  service_tier: 'standard',
});

/** The script of a request; none if it has none. */
function scriptOf(request, body) {
  const header = request.headers['x-script'];
  if (header) return JSON.parse(header);
  const text = body.messages?.at(-1)?.content;
  const found = typeof text === 'string' && /script:(\{.*\})$/s.exec(text);
  return found ? JSON.parse(found[1]) : {};
}

/** The pieces that an answer comes in. */
const piecesOf = (script) => script.says?.match(/\S+\s*/g) ?? WORDS;

const ERRORS = { 401: 'authentication_error', 429: 'rate_limit_error', 500: 'api_error', 503: 'api_error', 529: 'overloaded_error' };
const SAYS = { 401: 'invalid x-api-key', 429: 'This request would exceed your rate limit', 529: 'Overloaded' };

function error(response, status, type, text) {
  response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_scripted' });
  response.end(JSON.stringify({ type: 'error', error: { type, message: text }, request_id: 'req_scripted' }));
}

async function stream(response, model, gap, script) {
  if (script.first) await pause(script.first);
  const send = (event) => response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'request-id': 'req_scripted' });
  send({ type: 'message_start', message: message(model, [], null, usage(1, { ...script, output: 1 })) });
  send({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
  send({ type: 'ping' });
  for (const [place, text] of piecesOf(script).entries()) {
    await pause(gap);
    if (place === 3 && script.hold) await hold(script.hold).over;
    send({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
  }
  send({ type: 'content_block_stop', index: 0 });
  send({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: usage(42, script) });
  send({ type: 'message_stop' });
  response.end();
}

async function answer(request, response, key) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const [, place, path] = /^(.*?)(\/v1\/.*)$/.exec(new URL(request.url, 'http://upstream').pathname) ?? ['', '', request.url];
  if (request.url.startsWith('/go-on/')) {
    hold(request.url.slice('/go-on/'.length)).goOn();
    return response.writeHead(204).end();
  }
  if (request.headers['x-api-key'] !== key) return error(response, 401, 'authentication_error', 'invalid x-api-key');
  if (path === '/v1/models') {
    response.writeHead(200, { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ data: [], has_more: false, first_id: null, last_id: null }));
  }
  const body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
  if (path === '/v1/messages/count_tokens') {
    response.writeHead(200, { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ input_tokens: 25 }));
  }
  if (path !== '/v1/messages') return error(response, 404, 'not_found_error', 'no such route');
  if (body.model.includes('overloaded')) return error(response, 529, 'overloaded_error', 'Overloaded');
  const script = scriptOf(request, body);
  const status = script.fail?.[place];
  if (status) {
    await pause(script.first ?? 0);
    return error(response, status, ERRORS[status] ?? 'api_error', SAYS[status] ?? 'it broke');
  }
  const gap = script.ms === undefined ? PAUSE_MS : script.ms / piecesOf(script).length;
  if (body.stream) return stream(response, body.model, gap, script);
  await pause(script.ms ?? 0);
  const whole = message(body.model, [{ type: 'text', text: piecesOf(script).join('') }], 'end_turn', usage(42, script));
  response.writeHead(200, { 'content-type': 'application/json', 'request-id': 'req_scripted' });
  response.end(JSON.stringify(whole));
}

/** Starts the provider on a free port. Answers `{ url, key, stop }`. */
export async function start() {
  const key = 'sk-ant-scripted-upstream-0001';
  const server = createServer((request, response) => {
    answer(request, response, key).catch((fault) => error(response, 500, 'api_error', String(fault)));
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, key, stop };
}
