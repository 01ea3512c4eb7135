//! Every page of the console, with the filters that people use, and what stands behind it.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::{fill::Filled, reader::question};

/// What a browser, or a script, asks for.
#[derive(Clone, Debug)]
pub enum Ask {
    /// A document, by its address.
    Document(String),
    /// A list of the management API, by its address below `/admin/v1/`.
    Rest(String),
    /// A question of the console, as the server function takes it.
    Question(Value),
}

/// One page.
pub struct Page {
    pub ask: Ask,
    /// True if it is about the reader's own use.
    pub is_own: bool,
}

impl Page {
    /// Its name in the table. Ids are of no interest.
    pub fn name(&self) -> String {
        let name = match &self.ask {
            Ask::Document(path) => path.clone(),
            Ask::Rest(path) => format!("REST {path}"),
            Ask::Question(question) => format!("question {question}"),
        };
        format!("`{name}`").replace('|', "\\|")
    }
}

/// All of them.
pub fn all(filled: &Filled) -> Vec<Page> {
    let page = |ask| Page { ask, is_own: false };
    let own = |ask| Page { ask, is_own: true };
    let document = |path: String| page(Ask::Document(path));
    let mut all: Vec<Page> = documents(filled).into_iter().map(document).collect();
    all.extend(calls(filled).into_iter().map(|query| document(format!("/calls?{query}"))));
    all.extend(rest(filled).into_iter().map(|path| page(Ask::Rest(path))));
    all.extend(questions(filled).into_iter().map(page));
    let Filled { own_call_id, model, .. } = filled;
    for path in ["/me", "/me?period=90d", "/me?period=1y", "/me/calls", "/me/setup", "/me/logins"] {
        all.push(own(Ask::Document(path.to_owned())));
    }
    all.push(own(Ask::Document(format!("/me/calls?model={model}&outcome=failed"))));
    all.push(own(Ask::Document(format!("/me/calls/{own_call_id}"))));
    for path in ["me", "me/usage?step=day", "me/calls?limit=500"] {
        all.push(own(Ask::Rest(path.to_owned())));
    }
    all
}

/// The documents of all routes but the list of calls.
fn documents(filled: &Filled) -> Vec<String> {
    let Filled { user_id, provider_id, model, call_id, .. } = filled;
    let mut all: Vec<String> = [
        "/login",
        "/",
        "/?period=30d&by=model",
        "/?period=90d&by=user",
        "/?period=1y&by=provider",
        "/leaderboard",
        "/leaderboard?period=month&by=provider",
        "/leaderboard?period=all&by=user",
        "/leaderboard?period=all&by=key",
        "/leaderboard?period=all&by=model",
        "/availability?range=1h",
        "/availability?range=24h",
        "/availability?range=7d",
        "/availability?range=30d",
        "/sessions",
        "/quotas",
        "/providers",
        "/providers?by=group",
        "/providers/new",
        "/providers/bulk",
        "/users",
        "/users?search=user-1",
        "/users?tag=team-3&status=enabled",
        "/users/new",
        "/users/bulk",
        "/routing",
        "/routing?model=claude-sonnet-4-5",
        "/prices",
        "/log",
        "/audit",
        "/audit?action=user.create",
        "/logins",
        "/settings",
    ]
    .map(str::to_owned)
    .into();
    for period in ["24h", "30d", "90d", "1y"] {
        all.push(format!("/users/{user_id}/use?period={period}"));
        all.push(format!("/providers/{provider_id}/use?period={period}"));
        all.push(format!("/models/{model}?period={period}"));
    }
    all.extend([format!("/calls/{call_id}"), format!("/providers/{provider_id}"), format!("/users/{user_id}")]);
    all
}

/// The query strings of the list of calls.
fn calls(filled: &Filled) -> Vec<String> {
    let Filled { user_id, key_id, provider_id, model, session_id, call_id, .. } = filled;
    let ago = |days| (Utc::now() - TimeDelta::days(days)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut all: Vec<String> = [
        "",
        "range=1h",
        "range=24h",
        "range=30d",
        "outcome=failed",
        "outcome=completed",
        "outcome=rejected&range=7d",
        "status=529",
        "status=200",
        "errors=true",
        "errors=true&range=30d",
        "retried=true",
        "retried=false",
        "cost_min=0.5",
        "cost_min=1000",
        "cost_min=0.01&cost_max=0.02",
        "seconds_min=60",
        "seconds_min=1000",
        "content_min=3.3",
        "content_min=1000",
        "error=overloaded",
        "error=truncated",
        "error=there+is+no+such+text",
        "range=24h&error=there+is+no+such+text",
    ]
    .map(str::to_owned)
    .into();
    all.extend([
        format!("user={user_id}"),
        format!("key={key_id}"),
        format!("provider={provider_id}"),
        format!("model={model}"),
        "model=no-such-model".to_owned(),
        format!("session={session_id}"),
        "session=no-such-session".to_owned(),
        format!("user={user_id}&outcome=failed"),
        format!("user={user_id}&model={model}&range=30d"),
        format!("user={user_id}&error=overloaded"),
        format!("key={key_id}&status=529"),
        format!("provider={provider_id}&errors=true"),
        format!("provider={provider_id}&retried=true&range=30d"),
        format!("provider={provider_id}&seconds_min=60"),
        format!("model={model}&cost_min=0.5"),
        format!("from={}&to={}", ago(90), ago(0)),
        format!("from={}&to={}", ago(61), ago(60)),
        format!("from={}&to={}&user={user_id}", ago(90), ago(30)),
        format!("cursor={call_id}"),
        format!("cursor={call_id}&user={user_id}"),
        format!("cursor={call_id}&errors=true"),
        format!("call={call_id}"),
    ]);
    all
}

/// The lists of the management API.
fn rest(filled: &Filled) -> Vec<String> {
    let Filled { user_id, key_id, provider_id, model, call_id, .. } = filled;
    let ago = |days| (Utc::now() - TimeDelta::days(days)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut all: Vec<String> = [
        "users?limit=500",
        "users/tags",
        "providers?limit=500",
        "providers/traffic",
        "groups",
        "holds",
        "quotas?limit=500",
        "sessions",
        "prices?limit=500",
        "calls?limit=500",
        "search?q=user",
        "usage",
        "usage?step=hour&by=provider",
        "usage/errors",
        "availability?range=30d",
        "leaderboard?period=all&by=user",
        "settings",
        "environment",
        "storage",
        "log",
        "audit?limit=500",
        "console-sessions",
    ]
    .map(str::to_owned)
    .into();
    all.extend([
        format!("users/{user_id}/keys"),
        format!("users/{user_id}/limits"),
        format!("keys/{key_id}/limits"),
        format!("providers/{provider_id}/limits"),
        format!("calls?limit=500&cursor={call_id}&provider_id={provider_id}"),
        format!("calls/{call_id}"),
        format!("prices/{model}/history"),
        format!("usage?from={}&step=day&by=model", ago(90)),
        format!("usage?from={}&step=week&by=user", ago(90)),
        format!("usage?from={}&step=day&user_id={user_id}&by=provider", ago(90)),
        format!("usage?from={}&step=total&key_id={key_id}&model={model}", ago(90)),
        format!("usage/errors?from={}", ago(90)),
        format!("usage/errors?from={}&user_id={user_id}", ago(90)),
    ]);
    all
}

/// What a page asks when the reader comes to it from another one, or looks for more of it.
fn questions(filled: &Filled) -> Vec<Ask> {
    let Filled { user_id, key_id, provider_id, model, session_id, call_id, .. } = filled;
    let none = Value::Null;
    let mut all = vec![
        question("Session", &none),
        question("Calls", &json!({ "pairs": [] })),
        question("Calls", &json!({ "pairs": [["user", user_id], ["cursor", call_id]] })),
        question("Calls", &json!({ "pairs": [["session", session_id]] })),
        question("Call", &json!(call_id)),
        question("Provider", &json!(provider_id)),
        question("Find", &json!("user")),
        question("Groups", &none),
        question("User", &json!(user_id)),
        question("Keys", &json!([user_id, null])),
        question("Limits", &json!(["user", user_id])),
        question("Quotas", &json!({ "at_least": 0 })),
        question("Price", &json!("claude-sonnet-4-5")),
        question("Settings", &none),
        question("Storage", &none),
    ];
    for drawing in [
        json!("Overview"),
        json!("Leaderboard"),
        json!("CallFilters"),
        json!("Providers"),
        json!("Users"),
        json!({ "User": user_id }),
        json!({ "Provider": provider_id }),
        json!({ "Model": model }),
        json!({ "PriceHistory": "claude-sonnet-4-5" }),
        json!({ "Losses": ["user", user_id] }),
        json!({ "Losses": ["key", key_id] }),
        json!({ "Losses": ["provider", provider_id] }),
        json!({ "UserLogins": user_id }),
    ] {
        all.push(question("Drawn", &json!([drawing, ""])));
    }
    all
}
