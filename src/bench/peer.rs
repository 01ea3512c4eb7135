//! The processes that are measured, and what the system says about them.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use serde_json::{Value, json};

/// What the upstream's key is.
pub const UPSTREAM_KEY: &str = "sk-ant-bench-upstream-000000000000";

/// The repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

const ADMIN_TOKEN: &str = "bench-admin-token-000000000000";

/// How long the hub may take to start, and to write everything down after a burst.
const PATIENCE: Duration = Duration::from_mins(5);

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

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| Path::new(ROOT).join("target"), PathBuf::from)
}

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
    /// What a client shows.
    fn key(&self) -> &str;
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

    fn key(&self) -> &'static str {
        "sk-nobody-looks-at-it"
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

/// The hub as it is shipped, with its private Postgres.
pub struct HubProcess {
    child: Child,
    data: PathBuf,
    address: SocketAddr,
    key: String,
    client: reqwest::Client,
}

impl HubProcess {
    /// Starts it and sets up one provider, one user and one key over the management API.
    pub async fn start(upstream: &Upstream) -> Self {
        Self::start_as("hub", &[]).await.set_up(upstream, &json!({})).await
    }

    /// The same with limits switched off.
    pub async fn start_unlimited(upstream: &Upstream) -> Self {
        let off = [("ENABLE_RATE_LIMIT", "false")];
        Self::start_as("unlimited", &off).await.set_up(upstream, &json!({})).await
    }

    /// The same with every limit on the key, its user and the provider, all of them far away, and with many more keys.
    pub async fn start_limited(upstream: &Upstream) -> Self {
        let limits = json!({
            "limit_rpm": 1_000_000, "limit_tpm": 1_000_000_000_000_u64, "limit_5h_usd": "1000000",
            "limit_daily_usd": "1000000", "limit_weekly_usd": "1000000", "limit_monthly_usd": "1000000",
            "limit_total_usd": "1000000", "limit_concurrent_requests": 1_000_000, "limit_concurrent_sessions": 1_000_000,
            "limit_mode": "hard",
        });
        let hub = Self::start_as("limited", &[]).await.set_up(upstream, &limits).await;
        let user = hub.post("users", &json!({ "name": "many" })).await;
        let path = format!("users/{}/keys", user["id"].as_str().unwrap());
        let body = merged(&json!({ "name": "one of many" }), &limits);
        futures_util::stream::iter(0..N_KEYS)
            .for_each_concurrent(64, async |_| drop(hub.post(&path, &body).await))
            .await;
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
        let data = std::env::temp_dir().join(format!("switchyard-bench-{name}-{}", std::process::id()));
        fs::create_dir(&data).unwrap();
        // The account of the private Postgres passes through it.
        fs::set_permissions(&data, fs::Permissions::from_mode(0o711)).unwrap();
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new(target().join("release/switchyard"))
            .current_dir(ROOT)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("APP_PORT", address.port().to_string())
            .env("DATA_DIR", &data)
            .env("ADMIN_TOKEN", ADMIN_TOKEN)
            .env("LOG_LEVEL", "warn")
            .envs(variables.iter().copied())
            .spawn()
            .expect("target/release/switchyard: `make build` makes it");
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut hub = Self { child, data, address, key: String::new(), client };
        hub.until_ready().await;
        hub
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
        key["key"].as_str().unwrap().clone_into(&mut self.key);
        self
    }

    async fn until_ready(&mut self) {
        let started = Instant::now();
        let url = format!("http://{}/health/ready", self.address);
        while !self.client.get(&url).send().await.is_ok_and(|answer| answer.status() == 200) {
            assert!(self.child.try_wait().unwrap().is_none(), "the hub ended");
            assert!(started.elapsed() < PATIENCE, "the hub does not get ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.client.post(format!("http://{}/admin/v1/{path}", self.address)).bearer_auth(ADMIN_TOKEN);
        let answer = request.header("content-type", "application/json").body(body.to_string()).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "POST {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// How many calls are in Postgres.
    async fn n_recorded(&self) -> u64 {
        let url = format!("http://{}/admin/v1/usage?step=total", self.address);
        let answer = self.client.get(url).bearer_auth(ADMIN_TOKEN).send().await.unwrap();
        let usage: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let rows = usage["items"].as_array().or(usage.as_array()).unwrap();
        rows.iter().map(|row| row["calls"].as_u64().unwrap()).sum()
    }

    /// Ends it in order.
    pub async fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().unwrap().success());
        let asked = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(asked.elapsed() < PATIENCE, "the hub does not stop");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Measured for HubProcess {
    fn child(&self) -> &Child {
        &self.child
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn key(&self) -> &str {
        &self.key
    }

    async fn settled(&self) {
        let expected = super::load::n_sent_to(self.address);
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

impl Drop for HubProcess {
    /// Nothing is left behind, also when a measurement failed: neither the hub nor its Postgres.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Ok(lock) = fs::read_to_string(self.data.join("postgres/data/postmaster.pid")) {
            let _ = Command::new("kill").args(["-QUIT", lock.lines().next().unwrap_or_default()]).status();
            std::thread::sleep(Duration::from_secs(1));
        }
        let _ = fs::remove_dir_all(&self.data);
    }
}
