//! The vocabulary of the tests: a hub, the providers behind it, the people in front of it.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::{
    client::{Reply, Request},
    hub::{Hub, Setup},
    patience::until,
    postgres, redis,
    upstream::Script,
};

/// One test's part of a hub: a group, and what is in it.
#[derive(Clone)]
pub struct World {
    pub hub: Arc<Hub>,
    /// A name that no other test uses: its group, and the beginning of its names.
    pub tag: String,
    /// The address its clients come from.
    pub address: String,
    /// What operators log in with here.
    pub admin_token: String,
}

/// A provider and what it says.
#[derive(Clone)]
pub struct Provider {
    pub id: String,
    pub script: Script,
}

/// A key of a user.
#[derive(Clone, Debug)]
pub struct Key {
    pub id: String,
    pub user_id: String,
    pub secret: String,
}

/// What a provider in the tests has as its secret.
pub const UPSTREAM_SECRET: &str = "sk-ant-upstream-secret-0123456789";

impl World {
    /// In the hub that most tests share.
    pub async fn shared() -> Self {
        static HUB: OnceCell<Arc<Hub>> = OnceCell::const_new();
        let hub = HUB.get_or_init(async || {
            let redis = redis::url().await;
            Self::with(Setup::usual().await.set("REDIS_URL", &redis)).await.hub
        });
        Self::of(hub.await.clone())
    }

    /// In a hub of its own.
    pub async fn alone() -> Self {
        Self::with(Setup::usual().await).await
    }

    /// In a hub of its own that is started so.
    pub async fn with(setup: Setup) -> Self {
        let redis_url = setup.get("REDIS_URL").map(str::to_owned);
        let world = Self::of(Arc::new(setup.start().await));
        if let Some(url) = redis_url {
            // How fast a debug build is beside other tests must not decide whether Redis counts as away.
            world.patch("/admin/v1/settings", &json!({"redis_wait_ms": 10_000})).await;
            redis::is_filled(&url).await;
        }
        world
    }

    /// Another test's part of the same hub.
    pub fn another(&self) -> Self {
        Self::of(self.hub.clone())
    }

    fn of(hub: Arc<Hub>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let admin_token = match hub.setup.get("ADMIN_TOKEN") {
            Some(token) => token.to_owned(),
            None => generated_admin_token(&hub),
        };
        let address = format!("10.{}.{}.{}", n / 62_500, n / 250 % 250, n % 250 + 1);
        Self { hub, tag: format!("t{n}"), address, admin_token }
    }

    /// A key of a new user who may use this test's providers.
    pub async fn key(&self) -> Key {
        self.key_with(json!({}), json!({})).await
    }

    /// The same; `user` and `key` add fields.
    pub async fn key_with(&self, user: Value, key: Value) -> Key {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let user = merge(json!({"name": format!("{}-user-{n}", self.tag), "group": [self.tag]}), user);
        let user_id = self.create("/admin/v1/users", &user).await["id"].as_str().unwrap().to_owned();
        let key = merge(json!({"name": "laptop"}), key);
        let key = self.create(&format!("/admin/v1/users/{user_id}/keys"), &key).await;
        let text = |field: &str| key[field].as_str().unwrap_or_else(|| panic!("{field} in {key}")).to_owned();
        Key { id: text("id"), user_id, secret: text("key") }
    }

    /// A provider that answers properly until its script is told otherwise. Nobody but the test asks it.
    pub async fn provider(&self, name: &str) -> Provider {
        self.provider_with(name, json!({})).await
    }

    /// The same; `fields` adds to it.
    pub async fn provider_with(&self, name: &str, fields: Value) -> Provider {
        let script = Script::new();
        let usual = json!({
            "name": format!("{}-{name}", self.tag), "kind": "anthropic", "base_url": script.url(),
            "secret": UPSTREAM_SECRET, "group": [self.tag], "probe": false,
        });
        let provider = self.create("/admin/v1/providers", &merge(usual, fields)).await;
        Provider { id: provider["id"].as_str().unwrap().to_owned(), script }
    }

    /// Ends all that is on hold at a provider, as if it had never failed.
    pub async fn well_again(&self, provider: &Provider) {
        let holds = self.get(&format!("/admin/v1/holds?provider_id={}", provider.id)).await;
        for hold in holds["items"].as_array().unwrap() {
            let path = format!("/admin/v1/holds/{}", hold["id"].as_str().unwrap());
            assert_eq!(self.admin("DELETE", &path, &Value::Null).await.0, 204, "{hold}");
        }
    }

    /// Gives a model a price and returns the model's name, which no other test uses.
    ///
    /// Dollars per million tokens: 3 in, 15 out, 3.75 and 6 for writing to the cache, 0.30 for reading from it.
    pub async fn priced_model(&self) -> String {
        let model = format!("claude-{}", self.tag);
        let price = json!({
            "input": "3", "output": "15", "cache_write_5m": "3.75", "cache_write_1h": "6", "cache_read": "0.3",
        });
        let (status, answer) = self.admin("PUT", &format!("/admin/v1/prices/{model}"), &price).await;
        assert!(status == 200 || status == 201, "{status} {answer}");
        model
    }

    /// A request to the management API: its status and its JSON, `null` if there is none.
    pub async fn admin(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let mut request = Request::new(method, path)
            .header("authorization", format!("Bearer {}", self.admin_token))
            .header("x-forwarded-for", &self.address);
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let mut reply = request.send(self.hub.address).await;
        let text = reply.text().await;
        let value =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
        (reply.status, value)
    }

    /// Reads something that must be there.
    pub async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.admin("GET", path, &Value::Null).await;
        assert_eq!(status, 200, "GET {path}: {answer}");
        answer
    }

    /// Creates something that must be allowed.
    pub async fn create(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.admin("POST", path, body).await;
        assert_eq!(status, 201, "POST {path} {body}: {answer}");
        answer
    }

    /// Changes something that must be allowed.
    pub async fn patch(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.admin("PATCH", path, body).await;
        assert_eq!(status, 200, "PATCH {path} {body}: {answer}");
        answer
    }

    /// A client's request with a key, not sent yet.
    pub fn request(&self, key: &Key, body: impl Into<Vec<u8>>) -> Request {
        Request::post("/v1/messages", body)
            .header("x-api-key", &key.secret)
            .header("anthropic-version", "2023-06-01")
            .header("x-forwarded-for", &self.address)
    }

    /// Asks for one message, in a conversation of its own.
    pub async fn message(&self, key: &Key) -> Reply {
        self.anew(key, &ask("claude-sonnet-4-5", false)).await
    }

    /// Asks for a stream, in a conversation of its own.
    pub async fn stream(&self, key: &Key) -> Reply {
        self.anew(key, &ask("claude-sonnet-4-5", true)).await
    }

    /// `POST /v1/messages` in a conversation of its own, so that no binding to a provider matters.
    pub async fn anew(&self, key: &Key, body: &Value) -> Reply {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let session = format!("{}-{}", self.tag, COUNT.fetch_add(1, Ordering::Relaxed));
        let request = self.request(key, body.to_string()).header("x-claude-code-session-id", session);
        request.send(self.hub.address).await
    }

    /// `POST /v1/messages`.
    pub async fn messages(&self, key: &Key, body: &Value) -> Reply {
        self.request(key, body.to_string()).send(self.hub.address).await
    }

    /// The record of a call, once it has arrived in Postgres.
    pub async fn call(&self, id: &str) -> Value {
        let sql = format!("select id from calls where id = '{id}'");
        until("the call is recorded", async || self.rows(&sql).await.pop()).await;
        self.get(&format!("/admin/v1/calls/{id}")).await
    }

    /// The record of the call that this answer belongs to.
    pub async fn call_of(&self, reply: &Reply) -> Value {
        self.call(&reply.call_id()).await
    }

    /// The records of this test's calls with this key, oldest first, once there are `n`.
    pub async fn calls_of(&self, key: &Key, n: usize) -> Vec<Value> {
        let sql = format!("select id from calls where key_id = {} order by id", key.id);
        let rows = until("all calls are recorded", async || {
            let rows = self.rows(&sql).await;
            assert!(rows.len() <= n, "{n} calls expected: {rows:?}");
            (rows.len() == n).then_some(rows)
        });
        let mut calls = Vec::new();
        for row in rows.await {
            calls.push(self.get(&format!("/admin/v1/calls/{}", row["id"].as_str().unwrap())).await);
        }
        calls
    }

    /// The hub's database.
    pub fn dsn(&self) -> &str {
        self.hub.setup.get("DSN").expect("this hub runs its own Postgres")
    }

    /// Rows of a query, each a JSON object.
    pub async fn rows(&self, sql: &str) -> Vec<Value> {
        postgres::rows(self.dsn(), sql).await
    }

    /// The only value of the only row of a query.
    pub async fn value(&self, sql: &str) -> Value {
        let rows = self.rows(sql).await;
        assert_eq!(rows.len(), 1, "{sql}: {rows:?}");
        rows[0].as_object().unwrap().values().next().unwrap().clone()
    }
}

/// A body as a client would send it.
pub fn ask(model: &str, stream: bool) -> Value {
    json!({
        "model": model, "max_tokens": 1024, "stream": stream,
        "messages": [{"role": "user", "content": "Say hello."}],
    })
}

/// `base` with the fields of `more` put over it.
pub fn merge(mut base: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        base[name] = value.clone();
    }
    base
}

/// The token that the hub has made for itself, from its data folder.
fn generated_admin_token(hub: &Hub) -> String {
    let files = std::fs::read_dir(&hub.setup.data).unwrap().flatten();
    let file = files.map(|file| file.path()).find(|path| path.to_string_lossy().contains("admin"));
    std::fs::read_to_string(file.expect("a file with the admin token")).unwrap().trim().to_owned()
}
