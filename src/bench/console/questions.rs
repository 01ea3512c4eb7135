//! What the console's pages ask by the server function for it.

use serde_json::{Value, json};

use super::{
    found::{Filled, named},
    pages::Ask,
};

/// What a page asks when the reader comes to it from another one, or looks for more of it.
pub fn questions(filled: &Filled) -> Vec<Ask> {
    let Filled { user_id, session_id, call_id, .. } = filled;
    let none = Value::Null;
    vec![
        question("Door", &none),
        question("Session", &none),
        question("Calls", &json!({ "pairs": [] })),
        question("Calls", &json!({ "pairs": [["user", user_id], ["cursor", named(call_id)]] })),
        question("Calls", &json!({ "pairs": [["session", session_id]] })),
        question("Find", &json!("user")),
        question("Find", &json!("talk-0")),
        question("Quotas", &json!({ "at_least": 0 })),
        question("Quotas", &json!({ "owner": "key", "at_least": 1 })),
    ]
}

/// The pages, and parts of pages, that the server draws, each with its query string.
pub fn drawings(filled: &Filled) -> Vec<(Value, String)> {
    let Filled { user_id, key_id, provider_id, model, call_id, told_call_id, session, long_session, .. } = filled;
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
        ("Keys", ""),
        ("ManyUsers", "all=1&look=1&set_limit_rpm=50"),
        ("Prices", ""),
        ("Settings", ""),
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
        plain(json!({ "Call": call_id })),
        plain(json!({ "CallAlone": told_call_id })),
        plain(json!({ "CallMessages": told_call_id })),
        plain(json!({ "Session": session })),
        plain(json!({ "Session": long_session })),
        plain(json!({ "OneUser": user_id })),
        plain(json!({ "OneProvider": provider_id })),
        (json!({ "Dialog": "Providers" }), "edit=default".to_owned()),
        (json!({ "Dialog": "Prices" }), "edit=claude-sonnet-4-5".to_owned()),
        (json!({ "Dialog": "Prices" }), "history=claude-sonnet-4-5".to_owned()),
        (json!({ "Dialog": { "OneUser": user_id } }), "confirm=delete".to_owned()),
        (json!({ "Dialog": { "OneUser": user_id } }), format!("limits={key_id}")),
        (json!({ "Dialog": { "OneUser": user_id } }), format!("drop={key_id}")),
        (json!({ "Dialog": { "OneProvider": provider_id } }), "confirm=delete".to_owned()),
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
