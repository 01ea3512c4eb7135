//! The official SDKs, as their users have them, against the hub.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    hub::root,
    patience::within,
    upstream::{Answer, End, Seen, Turn, turn::error_event},
    world::World,
};

/// The class of error that both SDKs have for each status.
const ERRORS: [(u16, &str); 12] = [
    (400, "BadRequestError"),
    (401, "AuthenticationError"),
    (403, "PermissionDeniedError"),
    (404, "NotFoundError"),
    (409, "ConflictError"),
    (413, "ContentTooLargeError"),
    (422, "UnprocessableEntityError"),
    (429, "RateLimitError"),
    (500, "InternalServerError"),
    (503, "ServiceUnavailableError"),
    (504, "GatewayTimeoutError"),
    (529, "OverloadedError"),
];

/// What the hub itself refuses: the case, the status, its class, and the type of the error in the body.
const REFUSALS: [(&str, u16, &str, &str); 6] = [
    ("wrong-key", 401, "AuthenticationError", "authentication_error"),
    ("wrong-key-large", 401, "AuthenticationError", "authentication_error"),
    ("unknown-path", 404, "NotFoundError", "not_found_error"),
    ("too-large", 413, "ContentTooLargeError", "request_too_large"),
    ("nobody-serves", 503, "ServiceUnavailableError", "overloaded_error"),
    ("nobody-streams", 503, "ServiceUnavailableError", "overloaded_error"),
];

/// Events of a turn that pass before it breaks: the text has begun.
const EVENTS_BEFORE_THE_BREAK: usize = 9;

/// What the provider says in these tests: `claude-error-<status>` is answered with that status, `claude-breaks-error` and
/// `claude-breaks-cut` with a stream that ends with an error event, or without one.
fn behave(seen: &Seen) -> Answer {
    let model = seen.model();
    if let Some(status) = model.strip_prefix("claude-error-") {
        return Answer::status(status.parse().unwrap());
    }
    let events = Turn::new().events();
    match model.strip_prefix("claude-breaks-") {
        Some("error") => {
            let last = error_event("overloaded_error", "upstream gives up");
            Answer::events(events.into_iter().take(EVENTS_BEFORE_THE_BREAK).chain([last]))
        }
        Some(_) => Answer::events(events).cut_after(EVENTS_BEFORE_THE_BREAK, End::Reset),
        None => Answer::proper(seen),
    }
}

/// Runs a script against a hub whose provider behaves so. Its lines, by name.
async fn run(program: PathBuf, script: &str) -> serde_json::Map<String, Value> {
    assert!(program.exists(), "{} is missing: run `make test`, which installs it", program.display());
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &json!({"body_bytes_max": 1 << 20})).await;
    // Each error is passed on as it came, and puts nothing on hold.
    let rules: Vec<Value> = ERRORS.iter().map(|(status, _)| json!({"status": status, "class": "client"})).collect();
    let provider = world.provider_with("a", json!({"failure_rules": rules, "models": ["claude-*"]})).await;
    provider.script.by(behave);
    let key = world.key().await;
    let output = Command::new(program)
        .arg(root().join("end2end").join(script))
        .current_dir(root())
        .env("ANTHROPIC_BASE_URL", format!("http://{}", world.hub.address))
        .env("ANTHROPIC_API_KEY", &key.secret)
        .env_remove("ANTHROPIC_AUTH_TOKEN")
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = within("the SDK is done", output).await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {said}\n{failed}");
    let lines = said.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")));
    lines.map(|line: Value| (line["case"].as_str().unwrap().to_owned(), line)).collect()
}

/// What every SDK must have seen.
fn check(lines: &serde_json::Map<String, Value>) {
    let message = Turn::new().message();
    for case in ["message", "stream", "bearer"] {
        let got = &lines[case]["message"];
        assert_eq!(got["content"], message["content"], "{case}");
        assert_eq!(got["stop_reason"], "tool_use", "{case}");
        assert_eq!(got["usage"]["output_tokens"], 385, "{case}");
        assert_eq!(got["usage"]["cache_creation"]["ephemeral_1h_input_tokens"], 512, "{case}");
    }
    assert_eq!(lines["stream"]["text"], "Hello, wörld — 你好.");
    assert_eq!(lines["stream"]["thinking"], "The user greets me.");
    assert_eq!(lines["stream"]["tool_json"], "{\"city\": \"Köln\", \"days\": 3}");
    assert_eq!(lines["count_tokens"]["input_tokens"], 2095);
    assert_eq!(lines["models"]["ids"], json!(["claude-sonnet-4-5"]));
    for (status, class) in ERRORS {
        for how in ["message", "stream"] {
            let line = &lines[&format!("{how}-{status}")];
            assert_eq!((&line["status"], &line["class"]), (&json!(status), &json!(class)), "{line}");
            assert!(line["message"].as_str().unwrap().contains(&format!("upstream says {status}")), "{line}");
            assert_eq!(line["request_id"], "req_upstream", "{line}");
        }
    }
    for (case, kind, message) in
        [("breaks-error", "overloaded_error", "upstream gives up"), ("breaks-cut", "api_error", "connection broke")]
    {
        let line = &lines[case];
        assert_eq!(line["type"], kind, "{line}");
        assert!(line["message"].as_str().unwrap().contains(message), "{line}");
        assert!(["APIError", "APIStatusError"].contains(&line["class"].as_str().unwrap()), "{line}");
    }
    for (case, status, class, kind) in REFUSALS {
        let line = &lines[case];
        assert_eq!(
            (&line["status"], &line["class"], &line["type"]),
            (&json!(status), &json!(class), &json!(kind)),
            "{line}"
        );
    }
}

#[tokio::test]
async fn the_official_python_sdk_works_against_the_hub() {
    let lines = run(root().join(".venv/bin/python"), "sdk.py").await;
    check(&lines);
}

#[tokio::test]
async fn the_official_typescript_sdk_works_against_the_hub() {
    let sdk = root().join("node_modules/@anthropic-ai/sdk");
    assert!(sdk.exists(), "{} is missing: run `make test`, which installs it", sdk.display());
    let lines = run(node(), "sdk.mjs").await;
    check(&lines);
}

/// Where node is.
fn node() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("node")).find(|node| node.exists());
    found.unwrap_or_else(|| Path::new("node").to_owned())
}
