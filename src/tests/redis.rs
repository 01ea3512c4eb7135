//! A Redis for the tests.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Mutex,
};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

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
    (format!("redis://127.0.0.1:{port}"), start_kept(port, true).await)
}

/// Starts one at this port in the place of the one that was killed: one that is `empty`, or knows what that one was told
/// to `SAVE`.
pub async fn start_kept(port: u16, empty: bool) -> Child {
    static FOLDERS: Mutex<BTreeMap<u16, PathBuf>> = Mutex::new(BTreeMap::new());
    let folder = FOLDERS.lock().unwrap().entry(port).or_insert_with(|| reaper::folder("redis")).clone();
    if empty {
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::create_dir(&folder).unwrap();
    }
    let child = reaper::spawn(
        Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(&folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    );
    let url = format!("127.0.0.1:{port}");
    until("Redis starts", async || {
        let mut stream = tokio::net::TcpStream::connect(&url).await.ok()?;
        stream.write_all(b"PING\r\n").await.ok()?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).await.ok()?;
        (&answer == b"+PONG").then_some(())
    })
    .await;
    child
}

/// Waits until a Redis of the tests holds counters, and everybody has had the time to say what they know of: a hub to
/// which it was too slow at the start goes on without.
pub async fn is_filled(url: &str) {
    if url.trim_start_matches("redis://").parse::<SocketAddr>().is_err() {
        // One of the machine's own: it is told nothing behind its back.
        return;
    }
    let is_there = |key: &str| tell(url, &["EXISTS", key]).starts_with(":1");
    until("the counters are there", async || (is_there("{sy}:sentinel") && !is_there("{sy}:gather")).then_some(()))
        .await;
}

/// Tells one at this address something behind everybody's back, and gives its answer as it stands on the wire.
pub fn tell(url: &str, words: &[&str]) -> String {
    let mut stream = TcpStream::connect(url.trim_start_matches("redis://")).unwrap();
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    request.push_str("*1\r\n$4\r\nQUIT\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(!answer.starts_with('-'), "{words:?}: {answer}");
    answer
}
