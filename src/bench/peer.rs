//! The processes that are measured, and what the system says about them.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};

use super::process::{PATIENCE, Process};

/// What the upstream's key is.
pub const UPSTREAM_KEY: &str = "sk-ant-bench-upstream-000000000000";

/// Which process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    Hub,
    Bare,
    /// A hub whose limits are switched off.
    Unlimited,
    /// A hub with many keys, each with every limit.
    Limited,
    /// A hub with three providers that are well.
    Calm,
    /// A hub with three providers in trouble.
    Chaos,
}

/// Keys of the hub with limits.
const N_KEYS: usize = 10_000;

/// Memory of a process, in KiB.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    pub rss_kib: u64,
    /// Its own share of what it has in common with others.
    pub pss_kib: u64,
}

/// What a scenario needs of a peer.
pub trait Measured {
    fn child(&self) -> &Child;
    fn address(&self) -> SocketAddr;
    /// What clients show, each request the next one.
    fn keys(&self) -> Vec<String>;
    /// Waits until everything that was sent so far is recorded.
    fn settled(&self) -> impl Future<Output = ()>;

    /// Processor time that the process has used, in microseconds.
    fn cpu_us(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child().id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        // utime and stime (proc_pid_stat(5)), in hundredths of a second.
        [11, 12].iter().map(|i| fields[*i].parse::<u64>().unwrap() * 10_000).sum()
    }

    fn memory(&self) -> Memory {
        let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child().id())).unwrap();
        let line = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse().unwrap()
        };
        Memory { rss_kib: line("Rss:"), pss_kib: line("Pss:") }
    }
}

/// A role of this executable in a process of its own; it ends with us.
struct Role {
    child: Child,
    address: SocketAddr,
}

impl Role {
    fn start(parameters: &[&str]) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(parameters)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, address: line.trim().parse().unwrap() }
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ends when whoever started this process is gone.
pub async fn parent_left() {
    let read = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0]));
    let _ = read.await;
}

/// The scripted upstream.
pub struct Upstream(Role);

impl Upstream {
    pub fn start() -> Self {
        Self(Role::start(&["upstream"]))
    }
}

/// The bare pass-through.
pub struct Bare(Role);

impl Bare {
    pub fn start(upstream: &Upstream) -> Self {
        Self(Role::start(&["bare", &upstream.0.address.to_string()]))
    }
}

impl Measured for Bare {
    fn child(&self) -> &Child {
        &self.0.child
    }

    fn address(&self) -> SocketAddr {
        self.0.address
    }

    fn keys(&self) -> Vec<String> {
        vec!["sk-nobody-looks-at-it".to_owned()]
    }

    async fn settled(&self) {}
}

/// `base` with the fields of `more`.
fn merged(base: &Value, more: &Value) -> Value {
    let mut base = base.clone();
    for (name, value) in more.as_object().unwrap() {
        base[name] = value.clone();
    }
    base
}

/// The secret of a key that was made just now.
fn secret(key: &Value) -> String {
    key["key"].as_str().unwrap().to_owned()
}

/// The hub as it is shipped, with keys to call it by: mostly one.
pub struct HubProcess {
    process: Process,
    keys: Vec<String>,
}

impl HubProcess {
    /// Starts it and sets up one provider, one user and one key over the management API.
    pub async fn start(upstream: &Upstream) -> Self {
        Self::start_as("hub", &[]).await.set_up(upstream, &json!({})).await
    }

    /// The same as `start_limited`, with limits switched off: nothing else is different.
    pub async fn start_unlimited(upstream: &Upstream) -> Self {
        Self::start_many("unlimited", &[("ENABLE_RATE_LIMIT", "false")], upstream).await
    }

    /// With every limit on the provider, and on many keys and their users, all of them far away.
    pub async fn start_limited(upstream: &Upstream) -> Self {
        Self::start_many("limited", &[], upstream).await
    }

    async fn start_many(name: &str, variables: &[(&str, &str)], upstream: &Upstream) -> Self {
        let limits = json!({
            "limit_rpm": 1_000_000, "limit_tpm": 1_000_000_000_000_u64, "limit_5h_usd": "1000000",
            "limit_daily_usd": "1000000", "limit_weekly_usd": "1000000", "limit_monthly_usd": "1000000",
            "limit_total_usd": "1000000", "limit_concurrent_requests": 1_000_000, "limit_concurrent_sessions": 1_000_000,
            "limit_mode": "hard",
        });
        let mut hub = Self::start_as(name, variables).await.set_up(upstream, &limits).await;
        let user = hub.post("users", &merged(&json!({ "name": "many" }), &limits)).await;
        let path = format!("users/{}/keys", user["id"].as_str().unwrap());
        let body = merged(&json!({ "name": "one of many" }), &limits);
        let made = futures_util::stream::iter(0..N_KEYS).map(async |_| secret(&hub.post(&path, &body).await));
        let made: Vec<String> = made.buffer_unordered(64).collect().await;
        hub.keys.extend(made);
        hub
    }

    /// With these providers, each a part of the upstream's path, all alike to it.
    pub async fn start_among(upstream: &Upstream, providers: &[String]) -> Self {
        let hub = Self::start_as("among", &[]).await;
        for name in providers {
            let url = format!("http://{}/{name}", upstream.0.address);
            hub.post("providers", &json!({ "name": name, "base_url": url, "secret": UPSTREAM_KEY })).await;
        }
        hub.with_key(&json!({})).await
    }

    async fn start_as(name: &str, variables: &[(&str, &str)]) -> Self {
        Self { process: Process::start(name, variables).await, keys: Vec::new() }
    }

    /// One provider, one user and one key, each with these limits.
    async fn set_up(self, upstream: &Upstream, limits: &Value) -> Self {
        let provider =
            json!({ "name": "bench", "base_url": format!("http://{}", upstream.0.address), "secret": UPSTREAM_KEY });
        self.post("providers", &merged(&provider, limits)).await;
        self.with_key(limits).await
    }

    /// One user and one key, both with these limits.
    async fn with_key(mut self, limits: &Value) -> Self {
        let user = self.post("users", &merged(&json!({ "name": "bench" }), limits)).await;
        let keys = format!("users/{}/keys", user["id"].as_str().unwrap());
        let key = self.post(&keys, &merged(&json!({ "name": "bench" }), limits)).await;
        self.keys.push(secret(&key));
        self
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        self.process.send(Method::POST, path, body).await
    }

    /// How many calls are in Postgres.
    async fn n_recorded(&self) -> u64 {
        let usage = self.process.get("usage?step=total").await;
        let rows = usage["items"].as_array().or(usage.as_array()).unwrap();
        rows.iter().map(|row| row["calls"].as_u64().unwrap()).sum()
    }

    /// Ends it in order.
    pub async fn stop(mut self) {
        self.process.end().await;
    }
}

impl Measured for HubProcess {
    fn child(&self) -> &Child {
        &self.process.child
    }

    fn address(&self) -> SocketAddr {
        self.process.address
    }

    fn keys(&self) -> Vec<String> {
        self.keys.clone()
    }

    async fn settled(&self) {
        let expected = super::load::n_sent_to(self.address());
        let started = Instant::now();
        loop {
            let recorded = self.n_recorded().await;
            if recorded >= expected {
                assert_eq!(recorded, expected, "more calls were recorded than made");
                return;
            }
            assert!(started.elapsed() < PATIENCE, "only {recorded} of {expected} calls were recorded");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
