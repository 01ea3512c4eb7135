//! What the console's pages ask by the server function for it.

use serde_json::{Value, json};

use super::{
    found::{Filled, named},
    pages::Ask,
};

/// What a page asks when the reader comes to it from another one, or looks for more of it.
pub fn questions(filled: &Filled) -> Vec<Ask> {
    let Filled { user_id, key_id, provider_id, session_id, call_id, told_call_id, .. } = filled;
    let none = Value::Null;
    vec![
        question("Door", &none),
        question("Session", &none),
        question("Calls", &json!({ "pairs": [] })),
        question("Calls", &json!({ "pairs": [["user", user_id], ["cursor", named(call_id)]] })),
        question("Calls", &json!({ "pairs": [["session", session_id]] })),
        question("Call", &json!(call_id)),
        question("Call", &json!(told_call_id)),
        question("Provider", &json!(provider_id)),
        question("Find", &json!("user")),
        question("Find", &json!("talk-0")),
        question("Groups", &none),
        question("User", &json!(user_id)),
        question("Keys", &json!([user_id, null])),
        question("Limits", &json!(["user", user_id])),
        question("Limits", &json!(["key", key_id])),
        question("Limits", &json!(["provider", provider_id])),
        question("Quotas", &json!({ "at_least": 0 })),
        question("Quotas", &json!({ "owner": "key", "at_least": 1 })),
        question("Price", &json!("claude-sonnet-4-5")),
        question("Settings", &none),
        question("Storage", &none),
    ]
}

/// The pages, and parts of pages, that the server draws, each with its query string.
pub fn drawings(filled: &Filled) -> Vec<(Value, String)> {
    let Filled { user_id, key_id, provider_id, model, told_call_id, session, long_session, .. } = filled;
    let plain = |drawing: Value| (drawing, String::new());
    let mut all: Vec<(Value, String)> = [
        ("Overview", ""),
        ("Overview", "period=90d&by=user"),
        ("Leaderboard", ""),
        ("Leaderboard", "period=all&by=key"),
        ("Availability", "range=7d"),
        ("CallFilters", ""),
        ("CallFilters", "range=30d"),
        ("Sessions", "state=recent"),
        ("Log", ""),
        ("Providers", ""),
        ("ManyProviders", "all=1&look=1&set_weight=2"),
        ("Users", ""),
        ("Users", "sort=cost"),
        ("ManyUsers", "all=1&look=1&set_limit_rpm=50"),
        ("Prices", ""),
        ("Audit", ""),
        ("Logins", ""),
    ]
    .map(|(drawing, search)| (json!(drawing), search.to_owned()))
    .into();
    all.extend([
        (json!("ManyKeys"), format!("id={key_id}&look=1&set_limit_rpm=50")),
        (json!("Routing"), format!("model={model}&key={key_id}&limits=1")),
        (json!("CallFilters"), format!("user={user_id}&model={model}&range=30d")),
        (json!({ "User": user_id }), "period=90d".to_owned()),
        (json!({ "Key": key_id }), "period=90d".to_owned()),
        (json!({ "Provider": provider_id }), "period=90d".to_owned()),
        (json!({ "Model": model }), "period=90d".to_owned()),
        plain(json!({ "CallMessages": told_call_id })),
        plain(json!({ "Session": session })),
        plain(json!({ "Session": long_session })),
        plain(json!({ "PriceHistory": "claude-sonnet-4-5" })),
        plain(json!({ "Losses": ["user", user_id] })),
        plain(json!({ "Losses": ["key", key_id] })),
        plain(json!({ "Losses": ["provider", provider_id] })),
        plain(json!({ "UserLogins": user_id })),
    ]);
    all
}

/// A question without parts, or with some.
pub fn question(name: &str, parts: &Value) -> Ask {
    Ask::Question(if parts.is_null() { json!(name) } else { json!({ name: parts }) })
}

/// The question for a page that the server draws.
pub fn drawn((drawing, search): (Value, String)) -> Ask {
    question("Drawn", &Value::Array(vec![drawing, Value::String(search)]))
}
