// A scripted provider of the Anthropic protocol: the real event sequence, in small pieces with gaps, so that a
// browser has the time to see a call while it runs.
import { createServer } from 'node:http';

const WORDS = ['Hello', ', ', 'this ', 'is ', 'a ', 'scripted ', 'answer', '. ', 'It ', 'came ', 'in ', 'pieces', '.'];
const PAUSE_MS = 150;
const SLOW_PAUSE_MS = 400;

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

const usage = (outputTokens) => ({
  input_tokens: 25,
  cache_creation_input_tokens: 100,
  cache_read_input_tokens: 1000,
  cache_creation: { ephemeral_5m_input_tokens: 60, ephemeral_1h_input_tokens: 40 },
  output_tokens: outputTokens,
  service_tier: 'standard',
});

function error(response, status, type, text) {
  response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_scripted' });
  response.end(JSON.stringify({ type: 'error', error: { type, message: text }, request_id: 'req_scripted' }));
}

async function stream(response, model, gap) {
  const send = (event) => response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'request-id': 'req_scripted' });
  send({ type: 'message_start', message: message(model, [], null, usage(1)) });
  send({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
  send({ type: 'ping' });
  for (const text of WORDS) {
    await pause(gap);
    send({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
  }
  send({ type: 'content_block_stop', index: 0 });
  send({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: usage(42) });
  send({ type: 'message_stop' });
  response.end();
}

async function answer(request, response, key) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const path = new URL(request.url, 'http://upstream').pathname;
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
  const isSlow = JSON.stringify(body.messages).includes('slowly');
  if (body.stream) return stream(response, body.model, isSlow ? SLOW_PAUSE_MS : PAUSE_MS);
  const whole = message(body.model, [{ type: 'text', text: WORDS.join('') }], 'end_turn', usage(42));
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
