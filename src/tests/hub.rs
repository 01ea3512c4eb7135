//! The process under test.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::Mutex,
};

use crate::{
    client::Request,
    patience::{until, within},
    postgres, reaper,
    upstream::tls,
};

/// The token an operator of these tests logs in with.
pub const ADMIN_TOKEN: &str = "it-admin-token-0123456789abcdef";

/// The key provider secrets are sealed with.
pub const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The repository's root: the hub runs from there.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// What a hub is started with.
#[derive(Clone, Debug)]
pub struct Setup {
    variables: BTreeMap<String, String>,
    pub data: PathBuf,
    bears_full_disks: bool,
}

impl Setup {
    /// Nothing but a folder and a port: it makes its own secrets and its own Postgres.
    pub fn bare() -> Self {
        let data = reaper::folder("hub").join("data");
        // Variables of the machine that must not matter: no call of any test may go through this proxy.
        let nobody = "http://127.0.0.1:9";
        Self { variables: BTreeMap::new(), data: data.clone(), bears_full_disks: false }
            .set("DATA_DIR", data.to_str().unwrap())
            .set("APP_PORT", &reaper::free_port().to_string())
            .set("HTTP_PROXY", nobody)
            .set("http_proxy", nobody)
            .set("HTTPS_PROXY", nobody)
            .set("ALL_PROXY", nobody)
            // Providers of the tests speak TLS with a certificate of their own authority.
            .set("SSL_CERT_FILE", tls::authority().to_str().unwrap())
            .set("PATH", &std::env::var("PATH").unwrap())
            .copy("PG_BIN")
            .copy("SITE_ROOT")
    }

    /// With a database of its own on the run's Postgres. Forwarding headers of the test's clients count.
    pub async fn usual() -> Self {
        Self::bare().with_dsn(&postgres::database().await)
    }

    /// With this database.
    pub fn with_dsn(self, dsn: &str) -> Self {
        self.set("DSN", dsn)
            .set("MASTER_KEY", MASTER_KEY)
            .set("ADMIN_TOKEN", ADMIN_TOKEN)
            .set("TRUSTED_PROXIES", "127.0.0.1")
            .set("LOG_LEVEL", "info,hub=debug")
    }

    /// A limit on the size of its files is to it as a full disk.
    #[must_use]
    pub fn bearing_full_disks(mut self) -> Self {
        self.bears_full_disks = true;
        self
    }

    /// Sets a variable; an empty one counts as absent.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn copy(self, name: &str) -> Self {
        match std::env::var(name) {
            Ok(value) => self.set(name, &value),
            Err(_) => self,
        }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    fn log(&self) -> PathBuf {
        self.data.with_file_name("hub.log")
    }

    fn spawn(&self) -> Child {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let binary = env!("CARGO_BIN_EXE_switchyard");
        let mut command = Command::new(if self.bears_full_disks { "sh" } else { binary });
        if self.bears_full_disks {
            // A write beyond the limit of a file's size is to fail, as on a full disk, and not to kill.
            command.args(["-c", "trap '' XFSZ; exec \"$0\"", binary]);
        }
        reaper::spawn(
            command
                .current_dir(root())
                .env_clear()
                .envs(&self.variables)
                .stdin(Stdio::null())
                .stdout(log.try_clone().unwrap())
                .stderr(log),
        )
    }

    /// Runs the executable with these words to its end: whether it succeeded, and all that it said.
    pub async fn run(&self, words: &[&str]) -> (bool, String) {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_switchyard"));
        command.args(words).current_dir(root()).env_clear().envs(&self.variables).stdin(Stdio::null());
        let output = within("the command is done", command.kill_on_drop(true).output()).await.unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }

    /// Starts it and waits until it is ready.
    pub async fn start(self) -> Hub {
        let address = SocketAddr::from(([127, 0, 0, 1], self.get("APP_PORT").unwrap().parse().unwrap()));
        let hub = Hub { address, child: Mutex::new(self.spawn()), setup: self };
        hub.ready().await;
        hub
    }

    /// Starts it, expects it to give up, and returns what it said.
    pub async fn fails(self) -> (ExitStatus, String) {
        let mut child = self.spawn();
        let status = until("the hub gives up", async || child.try_wait().unwrap()).await;
        reaper::forget(child.id());
        (status, std::fs::read_to_string(self.log()).unwrap())
    }
}

/// A running hub.
#[derive(Debug)]
pub struct Hub {
    pub address: SocketAddr,
    pub setup: Setup,
    child: Mutex<Child>,
}

impl Hub {
    /// Waits until it says that it is ready.
    pub async fn ready(&self) {
        until("the hub is ready", async || {
            if let Some(status) = self.child.lock().unwrap().try_wait().unwrap() {
                panic!("the hub gave up ({status}):\n{}", self.log_tail());
            }
            let reply = Request::get("/health/ready").try_send(self.address).await.ok()?;
            (reply.status == 200).then_some(())
        })
        .await;
    }

    pub fn pid(&self) -> u32 {
        self.child.lock().unwrap().id()
    }

    /// What it has printed so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.setup.log()).unwrap()
    }

    pub fn log_tail(&self) -> String {
        reaper::tail(&self.setup.log())
    }

    /// Takes the process away from under it.
    pub fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        reaper::forget(child.id());
    }

    /// Starts it again in the same place.
    pub async fn start_again(&self) {
        *self.child.lock().unwrap() = self.setup.spawn();
        self.ready().await;
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        assert!(reaper::signal(self.pid(), "TERM"));
    }

    /// Waits until it has stopped.
    pub async fn stopped(&self) -> ExitStatus {
        let status = until("the hub stops", async || self.child.lock().unwrap().try_wait().unwrap()).await;
        reaper::forget(self.pid());
        status
    }

    /// The process id of its private Postgres.
    pub fn postmaster(&self) -> Option<u32> {
        let found = Command::new("find").arg(&self.setup.data).args(["-name", "postmaster.pid"]).output().unwrap();
        let path = String::from_utf8(found.stdout).unwrap();
        std::fs::read_to_string(path.lines().next()?).ok()?.lines().next()?.trim().parse().ok()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("--- the last the hub at {} said\n{}", self.address, self.log_tail());
        }
        let postmaster = self.postmaster();
        let child = self.child.get_mut().unwrap();
        if matches!(child.try_wait(), Ok(None)) {
            let _ = child.kill();
            let _ = child.wait();
            reaper::forget(child.id());
        }
        if let Some(postmaster) = postmaster {
            reaper::signal(postmaster, "QUIT");
        }
        // Hundreds of journals and databases would fill a small disk before the tests end. What a dying Postgres still
        // holds, the reaper removes.
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.setup.data);
        }
    }
}
