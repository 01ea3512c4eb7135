//! What is held depends on what a provider says is used up.

use serde_json::json;

use super::{holds, served_by, two};
use crate::{
    upstream::Answer,
    world::{World, ask},
};

/// Why something is held, and what.
type Held = Option<(&'static str, &'static str)>;

/// What is used up, how that is said, and what is held then.
fn cases() -> [(&'static str, Answer, Held); 7] {
    let limited = || Answer::status(429).header("retry-after", "100");
    let quota = || limited().header("anthropic-ratelimit-unified-status", "rejected");
    let error = json!({"type": "rate_limit_error", "details": {"error_code": "enforced_spend_limit_reached"}});
    let extra = "Extra usage is required for long context requests.";
    let closed = "This organization has been disabled.";
    [
        ("a rate", limited(), Some(("rate_limit", "model"))),
        ("fast mode", limited().header("anthropic-fast-output-tokens-remaining", "0"), None),
        ("what costs extra", Answer::error(429, "rate_limit_error", extra), None),
        (
            "the week of one model",
            quota().header("anthropic-ratelimit-unified-5h-status", "allowed"),
            Some(("quota_window", "model")),
        ),
        (
            "five hours",
            quota().header("anthropic-ratelimit-unified-5h-status", "rejected"),
            Some(("quota_window", "credential")),
        ),
        ("money", Answer::json(429, &json!({"type": "error", "error": error})), Some(("spend_limit", "credential"))),
        ("the account", Answer::error(400, "invalid_request_error", closed), Some(("credential", "credential"))),
    ]
}

#[tokio::test]
async fn no_more_is_held_than_is_used_up() {
    let world = World::shared().await;
    let (a, b, key) = two(&world, json!({})).await;
    for (what, answer, expected) in cases() {
        a.script.once(answer);
        assert_eq!(served_by(&world, &key).await, b.id, "{what}");
        let held = holds(&world, &a).await;
        let held: Vec<_> = held.iter().map(|hold| (hold["reason"].as_str(), hold["scope"]["kind"].as_str())).collect();
        let expected: Vec<_> = expected.into_iter().map(|(reason, scope)| (Some(reason), Some(scope))).collect();
        assert_eq!(held, expected, "{what}");
        let of_all = expected.iter().any(|(_, scope)| *scope == Some("credential"));
        let other = world.anew(&key, &ask("claude-haiku-4-5", false)).await;
        let server = if of_all { &b } else { &a };
        assert_eq!(other.header("x-switchyard-provider"), Some(server.id.as_str()), "{what}, another model");
        world.well_again(&a).await;
    }
}
