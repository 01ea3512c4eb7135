//! A browser without its eyes: logged in by cookie, on one connection.

use std::time::{Duration, Instant};

use reqwest::{Client, Method, header};
use serde_json::{Value, json};

use super::{
    pages::Ask,
    process::{ADMIN_TOKEN, Process},
};

const PASSWORD: &str = "a password for the bench";

/// Somebody who is logged in.
pub struct Reader {
    client: Client,
    origin: String,
    cookie: String,
    /// The address of the server function that answers questions.
    ask: &'static str,
}

impl Reader {
    /// By the admin token.
    pub async fn admin(process: &Process) -> Self {
        Self::log_in(process, &[("name", ""), ("secret", ADMIN_TOKEN), ("next", "")]).await
    }

    /// As a user, who gets a password for it.
    pub async fn user(process: &Process, name: &str) -> Self {
        let found = process.get(&format!("users?search={name}&limit=1")).await;
        let path = format!("users/{}/password", found["items"][0]["id"].as_str().unwrap());
        process.send(Method::PUT, &path, &json!({ "password": PASSWORD })).await;
        Self::log_in(process, &[("name", name), ("secret", PASSWORD), ("next", "")]).await
    }

    async fn log_in(process: &Process, form: &[(&str, &str)]) -> Self {
        let client = Client::builder().no_proxy().build().unwrap();
        let origin = format!("http://{}", process.address);
        let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
        let form: Vec<_> = form.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        let request = client
            .post(format!("{origin}{}", function("log_in")))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .header("sec-fetch-site", "same-origin")
            .body(form.join("&"));
        let answer = request.send().await.unwrap();
        let cookie = answer.headers().get(header::SET_COOKIE).expect("no login").to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Self { client, origin, cookie, ask: function("ask") }
    }

    /// Asks for something, and reads all of the answer. How long that took.
    pub async fn ask(&self, what: &Ask) -> Duration {
        let request = match what {
            Ask::Document(path) => {
                self.client.get(format!("{}{path}", self.origin)).header(header::ACCEPT, "text/html,*/*;q=0.8")
            }
            Ask::Rest(path) => {
                self.client.get(format!("{}/admin/v1/{path}", self.origin)).header(header::ACCEPT, "application/json")
            }
            Ask::Question(question) => self
                .client
                .post(format!("{}{}", self.origin, self.ask))
                .header(header::ACCEPT, "application/json")
                .header(header::CONTENT_TYPE, "application/json")
                .body(json!({ "question": question }).to_string()),
        };
        let request = request
            .header(header::COOKIE, &self.cookie)
            .header(header::ACCEPT_ENCODING, "gzip, deflate, br")
            .header("sec-fetch-site", "same-origin");
        let started = Instant::now();
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let bytes = answer.bytes().await.unwrap();
        let time = started.elapsed();
        assert_eq!(status, 200, "{what:?}: {}", String::from_utf8_lossy(&bytes));
        time
    }
}

/// The address of a server function: its name and a hash.
fn function(name: &str) -> &'static str {
    // Names the console, so that it is linked with the functions that it registers.
    let _ = app::server::console;
    let ends = |path: &str| {
        let rest = path.strip_prefix("/_ui/").and_then(|path| path.strip_prefix(name));
        rest.is_some_and(|hash| hash.bytes().all(|byte| byte.is_ascii_digit()))
    };
    leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path).find(|path| ends(path)).unwrap()
}

/// A question without parts, or with some.
pub fn question(name: &str, parts: &Value) -> Ask {
    Ask::Question(if parts.is_null() { json!(name) } else { json!({ name: parts }) })
}
