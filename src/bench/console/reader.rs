//! A browser without its eyes: logged in by cookie, on one connection.

use std::time::{Duration, Instant};

use reqwest::{Client, Method, header, redirect::Policy};
use serde_json::{Value, json};

use super::{
    pages::Ask,
    process::{ADMIN_TOKEN, Process},
};

const PASSWORD: &str = "a password for the bench";

/// How long an answer may take before it is none.
const ANSWER_WITHIN: Duration = Duration::from_mins(2);

/// What a document has in the place of something that could not be read.
const NOT_READ: &str = r#"class="empty" role="alert""#;

/// Characters of an answer that are shown when it is not what was asked for.
const SHOWN_MAX: usize = 2_000;

/// Somebody who is logged in.
pub struct Reader {
    client: Client,
    origin: String,
    cookie: String,
    /// The address of the server function that answers questions.
    ask: &'static str,
}

/// What came back.
struct Answer {
    status: u16,
    time: Duration,
    body: Vec<u8>,
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
        // Who is sent elsewhere did not get what was asked for.
        let client = Client::builder().no_proxy().redirect(Policy::none()).timeout(ANSWER_WITHIN).build().unwrap();
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

    /// Asks for something as a browser does, and reads all of the answer. How long that took, or what is wrong with it.
    pub async fn ask(&self, what: &Ask) -> Result<Duration, String> {
        match self.answer(what, "gzip, deflate, br").await {
            Ok(Answer { status: 200, time, .. }) => Ok(time),
            Ok(Answer { status, .. }) => Err(status.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The same, but not compressed, so that it can be looked at: how long that took and how many bytes came, or what is
    /// wrong with it.
    pub async fn check(&self, what: &Ask) -> Result<(Duration, usize), String> {
        let answer = self.answer(what, "identity").await.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&answer.body);
        if answer.status != 200 {
            return Err(format!("{}: {}", answer.status, beginning(&text)));
        }
        let not_read = if matches!(what, Ask::Document(_)) { text.split_once(NOT_READ) } else { None };
        match not_read {
            Some((_, rest)) => Err(format!("something on it could not be read: {}", beginning(rest))),
            None => Ok((answer.time, answer.body.len())),
        }
    }

    async fn answer(&self, what: &Ask, encodings: &str) -> Result<Answer, reqwest::Error> {
        let sent = |request: reqwest::RequestBuilder, body: &Value| {
            request
                .header(header::ACCEPT, "application/json")
                .header(header::CONTENT_TYPE, "application/json")
                .body(body.to_string())
        };
        let (origin, api) = (&self.origin, format!("{}/admin/v1", self.origin));
        let request = match what {
            Ask::Document(path) => {
                self.client.get(format!("{origin}{path}")).header(header::ACCEPT, "text/html,*/*;q=0.8")
            }
            Ask::Rest(path) => self.client.get(format!("{api}/{path}")).header(header::ACCEPT, "application/json"),
            Ask::Sent(path, body) => sent(self.client.post(format!("{api}/{path}")), body),
            Ask::Question(question) => {
                sent(self.client.post(format!("{origin}{}", self.ask)), &json!({ "question": question }))
            }
        };
        let request = request
            .header(header::COOKIE, &self.cookie)
            .header(header::ACCEPT_ENCODING, encodings)
            .header("sec-fetch-site", "same-origin");
        let started = Instant::now();
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await?.to_vec();
        Ok(Answer { status, time: started.elapsed(), body })
    }
}

fn beginning(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
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
