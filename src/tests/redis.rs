//! A Redis for the tests.

use std::process::{Child, Command, Stdio};

use crate::{patience::until, reaper};

/// The address of a Redis: the one named by `TEST_REDIS_URL`, or one of our own.
pub async fn url() -> String {
    match std::env::var("TEST_REDIS_URL") {
        Ok(url) if !url.is_empty() => url,
        _ => start().await.0,
    }
}

/// Starts a Redis that keeps nothing.
pub async fn start() -> (String, Child) {
    start_at(reaper::free_port()).await
}

/// The same, at a certain port: the one that was there before was killed.
pub async fn start_at(port: u16) -> (String, Child) {
    let folder = reaper::folder("redis");
    let child = reaper::spawn(
        Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(&folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    );
    until("Redis starts", async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()).await;
    (format!("redis://127.0.0.1:{port}"), child)
}
