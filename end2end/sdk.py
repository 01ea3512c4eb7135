"""Drives the official Python SDK against the hub and prints what it saw, one JSON object a line."""

import json
import os

import anthropic

ERRORS = (400, 401, 403, 404, 409, 413, 422, 429, 500, 503, 504, 529)
ASK = {
    "max_tokens": 2048,
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "tools": [
        {
            "name": "get_weather",
            "description": "The weather in a city",
            "input_schema": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}},
        }
    ],
    "messages": [{"role": "user", "content": "Wie wird das Wetter in Köln?"}],
}


def say(case, **what):
    print(json.dumps({"case": case, **what}), flush=True)


def failure(case, call):
    try:
        call()
        say(case, status=200)
    except anthropic.APIStatusError as error:
        say(
            case,
            status=error.status_code,
            **{"class": type(error).__name__},
            type=error.body["error"]["type"],
            message=str(error),
            request_id=error.response.headers.get("request-id"),
        )


def read_stream(client, model):
    text, thinking, tool_json = "", "", ""
    with client.messages.stream(model=model, **ASK) as stream:
        for event in stream:
            if event.type == "content_block_delta":
                delta = event.delta
                if delta.type == "text_delta":
                    text += delta.text
                elif delta.type == "thinking_delta":
                    thinking += delta.thinking
                elif delta.type == "input_json_delta":
                    tool_json += delta.partial_json
        message = stream.get_final_message()
    return {"message": message.to_dict(), "text": text, "thinking": thinking, "tool_json": tool_json}


client = anthropic.Anthropic(max_retries=0)
say("message", message=client.messages.create(model="claude-sonnet-4-5", **ASK).to_dict())
say("stream", **read_stream(client, "claude-sonnet-4-5"))
bearer = anthropic.Anthropic(api_key=None, auth_token=os.environ["ANTHROPIC_API_KEY"], max_retries=0)
say("bearer", message=bearer.messages.create(model="claude-sonnet-4-5", **ASK).to_dict())
count = client.messages.count_tokens(model="claude-sonnet-4-5", messages=ASK["messages"])
say("count_tokens", input_tokens=count.input_tokens)
say("models", ids=[model.id for model in client.models.list(limit=1000)])
for status in ERRORS:
    model = f"claude-error-{status}"
    failure(f"message-{status}", lambda: client.messages.create(model=model, **ASK))
    failure(f"stream-{status}", lambda: read_stream(client, model))
for how in ("error", "cut"):
    failure(f"breaks-{how}", lambda: read_stream(client, f"claude-breaks-{how}"))
# The hub's own no.
failure("unknown-path", lambda: client.post("/v1/nothing", body={}, cast_to=object))
large = {**ASK, "messages": [{"role": "user", "content": "x" * (2 << 20)}]}
failure("too-large", lambda: client.messages.create(model="claude-sonnet-4-5", **large))
failure("nobody-serves", lambda: client.messages.create(model="nobody-serves-this", **ASK))
failure("nobody-streams", lambda: read_stream(client, "nobody-serves-this"))
wrong = anthropic.Anthropic(api_key="sk-wrong", max_retries=0)
failure("wrong-key", lambda: wrong.messages.create(model="claude-sonnet-4-5", **ASK))
failure("wrong-key-large", lambda: wrong.messages.create(model="claude-sonnet-4-5", **large))
