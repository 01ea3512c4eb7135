//! The hub as it is shipped, with its private Postgres: a process that is asked over HTTP.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command},
    time::{Duration, Instant},
};

use serde_json::Value;

/// The repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What opens the console and the management API.
pub const ADMIN_TOKEN: &str = "bench-admin-token-000000000000";

/// How long the hub may take to start, and to write everything down after a burst.
pub const PATIENCE: Duration = Duration::from_mins(5);

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| Path::new(ROOT).join("target"), PathBuf::from)
}

/// A running hub; its data go with it.
pub struct Process {
    pub child: Child,
    pub address: SocketAddr,
    /// The folder of its data.
    pub data: PathBuf,
    client: reqwest::Client,
}

impl Process {
    /// Starts it with a fresh folder of data and these variables, and waits until it is ready.
    pub async fn start(name: &str, variables: &[(&str, &str)]) -> Self {
        let data = std::env::temp_dir().join(format!("switchyard-bench-{name}-{}", std::process::id()));
        fs::create_dir(&data).unwrap();
        // The account of the private Postgres passes through it.
        fs::set_permissions(&data, fs::Permissions::from_mode(0o711)).unwrap();
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = spawn(&data, address, variables);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut process = Self { child, address, data, client };
        process.until_ready().await;
        process
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

    /// Asks the management API for something.
    pub async fn get(&self, path: &str) -> Value {
        let request = self.client.get(format!("http://{}/admin/v1/{path}", self.address)).bearer_auth(ADMIN_TOKEN);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "GET {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Has the management API make or change something; null if it answers nothing.
    pub async fn send(&self, method: reqwest::Method, path: &str, body: &Value) -> Value {
        let url = format!("http://{}/admin/v1/{path}", self.address);
        let request = self.client.request(method.clone(), url).bearer_auth(ADMIN_TOKEN);
        let answer = request.header("content-type", "application/json").body(body.to_string()).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() }
    }

    /// Ends it in order.
    pub async fn end(&mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().unwrap().success());
        let asked = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(asked.elapsed() < PATIENCE, "the hub does not stop");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn spawn(data: &Path, address: SocketAddr, variables: &[(&str, &str)]) -> Child {
    Command::new(target().join("release/switchyard"))
        .current_dir(ROOT)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("PG_BIN", std::env::var_os("PG_BIN").unwrap_or_default())
        .env("APP_PORT", address.port().to_string())
        .env("DATA_DIR", data)
        .env("ADMIN_TOKEN", ADMIN_TOKEN)
        .env("LOG_LEVEL", "warn")
        .envs(variables.iter().copied())
        .spawn()
        .expect("target/release/switchyard: `make build` makes it")
}

impl Drop for Process {
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
