//! Every page of the console, with the filters that people use, and what stands behind it.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    found::{Filled, named},
    questions::{drawings, drawn, question, questions},
};

/// What a browser, or a script, asks for.
#[derive(Clone, Debug)]
pub enum Ask {
    /// A document, by its address.
    Document(String),
    /// Something of the management API, by its address below `/admin/v1/`.
    Rest(String),
    /// The same with a body. Nothing is changed by it.
    Sent(String, Value),
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
    /// Its name in the table.
    pub fn name(&self) -> String {
        let name = match &self.ask {
            Ask::Document(path) => path.clone(),
            Ask::Rest(path) => format!("REST {path}"),
            Ask::Sent(path, body) => format!("REST {path} {body}"),
            Ask::Question(question) => format!("question {question}"),
        };
        format!("`{name}`").replace('|', "\\|")
    }
}

/// All of them.
pub fn all(filled: &Filled) -> Vec<Page> {
    let mut admins: Vec<Ask> = DOCUMENTS.iter().map(|path| Ask::Document((*path).to_owned())).collect();
    admins.extend(documents(filled).into_iter().map(Ask::Document));
    let lists = CALLS.iter().map(|query| (*query).to_owned()).chain(calls(filled));
    admins.extend(lists.map(|query| Ask::Document(format!("/calls?{query}"))));
    admins.extend(REST.iter().map(|path| Ask::Rest((*path).to_owned())));
    admins.extend(rest(filled).into_iter().map(Ask::Rest));
    admins.extend(sums(filled).into_iter().map(Ask::Rest));
    admins.extend(sent(filled));
    admins.extend(questions(filled));
    admins.extend(drawings(filled).into_iter().map(drawn));
    let admins = admins.into_iter().map(|ask| Page { ask, is_own: false });
    admins.chain(own(filled).into_iter().map(|ask| Page { ask, is_own: true })).collect()
}

/// A time so many days ago.
fn ago(days: i64) -> String {
    (Utc::now() - TimeDelta::days(days)).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A day so many days ago.
fn day(days: i64) -> String {
    (Utc::now() - TimeDelta::days(days)).date_naive().to_string()
}

/// The documents of all routes but the list of calls, as far as they name nobody.
const DOCUMENTS: &[&str] = &[
    "/login",
    "/",
    "/?period=1h",
    "/?period=30d&by=model",
    "/?period=90d&by=user",
    "/?period=1y&by=provider",
    "/leaderboard",
    "/leaderboard?period=week&by=key&sort=calls&order=reverse",
    "/leaderboard?period=month&by=provider",
    "/leaderboard?period=all&by=user",
    "/leaderboard?period=all&by=user&tag=team-3",
    "/leaderboard?period=all&by=key",
    "/leaderboard?period=all&by=key&all=1",
    "/leaderboard?period=all&by=model",
    "/availability?range=1h",
    "/availability?range=24h",
    "/availability?range=7d",
    "/availability?range=30d",
    "/sessions",
    "/sessions?state=recent",
    "/sessions?state=recent&search=talk-0",
    "/sessions?state=recent&search=no-such-session",
    "/quotas",
    "/quotas?of=key&share=1",
    "/providers",
    "/providers?by=group",
    "/providers?by=priority",
    "/providers?sort=p95&state=enabled",
    "/providers/new",
    "/providers/bulk",
    "/providers/bulk?all=1&look=1&set_weight=2",
    "/users",
    "/users?search=user-1",
    "/users?tag=team-3&status=active",
    "/users?sort=cost",
    "/users/new",
    "/users/bulk",
    "/users/bulk?all=1&look=1&set_limit_rpm=50",
    "/users/bulk?all=1&tag=team-3&look=1&set_add_tags=new&set_renew_days=30",
    "/keys",
    "/keys?search=user-1&unused=30&order=reverse",
    "/keys?search=no-such-key",
    "/keys/bulk",
    "/routing",
    "/routing?model=claude-sonnet-4-5",
    "/prices",
    "/prices?q=opus&source=builtin",
    "/prices?history=claude-sonnet-4-5",
    "/prices?edit=claude-sonnet-4-5",
    "/log",
    "/log?level=warn",
    "/audit",
    "/audit?action=user.update",
    "/audit?actor=user%20user-001",
    "/logins",
    "/settings",
];

/// The documents about somebody or something.
fn documents(filled: &Filled) -> Vec<String> {
    let Filled { user_id, key_id, provider_id, model, call_id, told_call_id, session, long_session, .. } = filled;
    let mut all = Vec::new();
    for period in ["24h", "30d", "90d", "1y"] {
        all.push(format!("/users/{user_id}/use?period={period}"));
        all.push(format!("/keys/{key_id}/use?period={period}"));
        all.push(format!("/providers/{provider_id}/use?period={period}"));
        all.push(format!("/models/{model}?period={period}"));
    }
    all.extend([
        format!("/?from={}&to={}", day(70), day(10)),
        format!("/leaderboard?from={}&to={}&by=user", day(70), day(10)),
        format!("/calls/{call_id}"),
        format!("/calls/{told_call_id}"),
        format!("/calls/{told_call_id}/messages"),
        format!("/calls/{told_call_id}/messages?all=1"),
        format!("/calls/{told_call_id}/messages?view=raw"),
        format!("/sessions/{session}"),
        format!("/sessions/{long_session}"),
        format!("/sessions?state=recent&cursor={}", named(call_id)),
        format!("/providers/{provider_id}"),
        format!("/users/{user_id}"),
        format!("/users/{user_id}?limits={key_id}"),
        format!("/users?cursor={}", named(user_id)),
        format!("/keys/bulk?id={key_id}&look=1&set_limit_rpm=50"),
        format!("/routing?model={model}&key={key_id}&limits=1"),
    ]);
    all
}

/// The query strings of the list of calls that name nobody.
const CALLS: &[&str] = &[
    "",
    "range=1h",
    "range=24h",
    "range=30d",
    "outcome=failed",
    "outcome=completed",
    "outcome=rejected&range=7d",
    "status=529",
    "status=200",
    "errors=yes",
    "errors=yes&range=30d",
    "retried=yes",
    "retried=no",
    "cost_min=0.5",
    "cost_min=1000",
    "cost_min=0.01&cost_max=0.02",
    "seconds_min=60",
    "seconds_min=1000",
    "seconds_min=1&seconds_max=1.5",
    "content_min=3.3",
    "content_min=1000",
    "error=overloaded",
    "error=truncated",
    "error=there%20is%20no%20such%20text",
    "range=24h&error=there%20is%20no%20such%20text",
    "model=no-such-model",
    "session=no-such-session",
    "key=key-007",
];

/// The query strings of the list of calls that name somebody or something.
fn calls(filled: &Filled) -> Vec<String> {
    let Filled { user_id, key_id, provider_id, model, session_id, call_id, .. } = filled;
    let cursor = named(call_id);
    vec![
        format!("user={user_id}"),
        format!("key={key_id}"),
        format!("provider={provider_id}"),
        format!("model={model}"),
        format!("session={session_id}"),
        format!("user={user_id}&outcome=failed"),
        format!("user={user_id}&model={model}&range=30d"),
        format!("user={user_id}&error=overloaded"),
        format!("key={key_id}&status=529"),
        format!("provider={provider_id}&errors=yes"),
        format!("provider={provider_id}&retried=yes&range=30d"),
        format!("provider={provider_id}&seconds_min=60"),
        format!("model={model}&cost_min=0.5"),
        format!("from={}&to={}", ago(90), ago(0)),
        format!("from={}&to={}", ago(61), ago(60)),
        format!("from={}&to={}&user={user_id}", ago(90), ago(30)),
        format!("cursor={cursor}"),
        format!("cursor={cursor}&user={user_id}"),
        format!("cursor={cursor}&errors=yes"),
        format!("call={call_id}"),
    ]
}

/// What the management API answers about nobody in particular.
const REST: &[&str] = &[
    "openapi.json",
    "overview",
    "users?limit=500",
    "users?tag=team-3&status=active&limit=500",
    "users/tags",
    "keys?limit=500",
    "keys?search=no-such-key",
    "providers?limit=500",
    "providers/traffic",
    "groups",
    "groups/default",
    "holds",
    "quotas?limit=500",
    "quotas?subject=key&at_least=1",
    "sessions",
    "sessions?state=recent&limit=500",
    "sessions?state=recent&search=talk-0",
    "prices?limit=500",
    "prices/claude-sonnet-4-5/history",
    "calls?limit=500",
    "calls?limit=500&retried=false",
    "calls?limit=500&errors=true",
    "search?search=user",
    "search?search=talk-0",
    "usage",
    "usage?step=hour&by=provider",
    "usage/errors",
    "availability?range=30d",
    "leaderboard?period=all&by=user",
    "leaderboard?period=all&by=user&tag=team-3",
    "leaderboard?period=all&by=key",
    "settings",
    "environment",
    "storage",
    "log",
    "audit?limit=500",
    "console-sessions?limit=500",
];

/// What it answers about somebody or something.
fn rest(filled: &Filled) -> Vec<String> {
    let Filled { user_id, key_id, provider_id, call_id, told_call_id, session, session_id, .. } = filled;
    let cursor = named(call_id);
    vec![
        format!("users/{user_id}"),
        format!("users/{user_id}/keys?limit=500"),
        format!("users/{user_id}/limits"),
        format!("keys/{key_id}"),
        format!("keys/{key_id}/limits"),
        format!("providers/{provider_id}"),
        format!("providers/{provider_id}/limits"),
        format!("holds?provider_id={provider_id}"),
        format!("calls?limit=500&cursor={cursor}&provider_id={provider_id}"),
        format!("calls/{call_id}"),
        format!("calls/{told_call_id}/messages"),
        format!("calls/export?format=csv&session_id={session_id}"),
        format!("sessions/{session}"),
        format!("sessions?state=recent&limit=500&cursor={cursor}"),
        format!("search?search={call_id}"),
        format!("console-sessions?user_id={user_id}"),
    ]
}

/// The sums that it answers.
fn sums(filled: &Filled) -> Vec<String> {
    let Filled { user_id, key_id, model, .. } = filled;
    vec![
        format!("usage?from={}&step=day&by=model", ago(90)),
        format!("usage?from={}&step=week&by=user", ago(90)),
        format!("usage?from={}&step=day&user_id={user_id}&by=provider", ago(90)),
        format!("usage?from={}&step=total&key_id={key_id}&model={model}", ago(90)),
        format!("usage/errors?from={}", ago(90)),
        format!("usage/errors?from={}&user_id={user_id}", ago(90)),
    ]
}

/// What it answers to a body: looks at what would be.
fn sent(filled: &Filled) -> Vec<Ask> {
    let Filled { key_id, model, .. } = filled;
    let look = |path: &str, mut body: Value, patch: Value| {
        body["patch"] = patch;
        body["preview"] = true.into();
        Ask::Sent(path.to_owned(), body)
    };
    vec![
        look("users/bulk", json!({ "filter": {} }), json!({ "limit_rpm": 50 })),
        look("keys/bulk", json!({ "ids": [key_id] }), json!({ "limit_rpm": 50 })),
        look("providers/bulk", json!({ "filter": {} }), json!({ "weight": 2 })),
        Ask::Sent("routing/explain".to_owned(), json!({ "key_id": key_id, "model": model, "limits": true })),
    ]
}

/// What a user asks for.
fn own(filled: &Filled) -> Vec<Ask> {
    let Filled { own_call_id, model, key_id, .. } = filled;
    let mut all: Vec<Ask> = ["/me", "/me?period=90d", "/me?period=1y", "/me/calls", "/me/setup", "/me/logins"]
        .map(|path| Ask::Document(path.to_owned()))
        .into();
    all.extend([
        Ask::Document(format!("/me/calls?model={model}&outcome=failed")),
        Ask::Document(format!("/me/calls?key={key_id}&cursor={}", named(own_call_id))),
        Ask::Document(format!("/me/calls/{own_call_id}")),
        Ask::Rest("me".to_owned()),
        Ask::Rest("me/usage?step=day".to_owned()),
        Ask::Rest(format!("me/usage?from={}&step=week&by=model", ago(90))),
        Ask::Rest("me/calls?limit=500".to_owned()),
        Ask::Rest(format!("me/calls/{own_call_id}")),
        Ask::Rest("me/console-sessions".to_owned()),
        question("Session", &Value::Null),
        drawn((json!({ "OwnCall": own_call_id }), String::new())),
    ]);
    all.extend(["Mine", "OwnCalls", "Setup", "OwnLogins"].map(|drawing| drawn((json!(drawing), String::new()))));
    all
}
