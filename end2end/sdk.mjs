// Drives the official TypeScript SDK against the hub and prints what it saw, one JSON object a line.
import Anthropic from "@anthropic-ai/sdk";

const ERRORS = [400, 401, 403, 404, 409, 413, 422, 429, 500, 503, 504, 529];
const ASK = {
  max_tokens: 2048,
  thinking: { type: "enabled", budget_tokens: 1024 },
  tools: [
    {
      name: "get_weather",
      description: "The weather in a city",
      input_schema: { type: "object", properties: { city: { type: "string" }, days: { type: "integer" } } },
    },
  ],
  messages: [{ role: "user", content: "Wie wird das Wetter in Köln?" }],
};

const say = (name, what) => console.log(JSON.stringify({ case: name, ...what }));

async function failure(name, call) {
  try {
    await call();
    say(name, { status: 200 });
  } catch (error) {
    say(name, {
      status: error.status,
      class: error.constructor.name,
      type: error.type,
      message: error.message,
      request_id: error.headers?.get("request-id"),
    });
  }
}

async function readStream(client, model) {
  let [text, thinking, toolJson] = ["", "", ""];
  const stream = client.messages.stream({ model, ...ASK });
  for await (const event of stream) {
    if (event.type !== "content_block_delta") continue;
    if (event.delta.type === "text_delta") text += event.delta.text;
    if (event.delta.type === "thinking_delta") thinking += event.delta.thinking;
    if (event.delta.type === "input_json_delta") toolJson += event.delta.partial_json;
  }
  return { message: await stream.finalMessage(), text, thinking, tool_json: toolJson };
}

const client = new Anthropic({ maxRetries: 0 });
const model = "claude-sonnet-4-5";
say("message", { message: await client.messages.create({ model, ...ASK }) });
say("stream", await readStream(client, model));
const bearer = new Anthropic({ apiKey: null, authToken: process.env.ANTHROPIC_API_KEY, maxRetries: 0 });
say("bearer", { message: await bearer.messages.create({ model, ...ASK }) });
const count = await client.messages.countTokens({ model, messages: ASK.messages });
say("count_tokens", { input_tokens: count.input_tokens });
const ids = [];
for await (const found of client.models.list({ limit: 1000 })) ids.push(found.id);
say("models", { ids });
for (const status of ERRORS) {
  const failing = `claude-error-${status}`;
  await failure(`message-${status}`, () => client.messages.create({ model: failing, ...ASK }));
  await failure(`stream-${status}`, () => readStream(client, failing));
}
for (const how of ["error", "cut"]) await failure(`breaks-${how}`, () => readStream(client, `claude-breaks-${how}`));
// The hub's own no.
await failure("unknown-path", () => client.post("/v1/nothing", { body: {} }));
const large = { ...ASK, messages: [{ role: "user", content: "x".repeat(2 << 20) }] };
await failure("too-large", () => client.messages.create({ model, ...large }));
await failure("nobody-serves", () => client.messages.create({ model: "nobody-serves-this", ...ASK }));
await failure("nobody-streams", () => readStream(client, "nobody-serves-this"));
const wrong = new Anthropic({ apiKey: "sk-wrong", maxRetries: 0 });
await failure("wrong-key", () => wrong.messages.create({ model, ...ASK }));
await failure("wrong-key-large", () => wrong.messages.create({ model, ...large }));
