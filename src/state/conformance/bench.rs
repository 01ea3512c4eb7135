//! A state to try things on, and short names for what is tried.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use uuid::Uuid;

use crate::{
    clock,
    domain::{
        id::{KeyId, ProviderId, UserId},
        limit::{Limited, Subject},
    },
    secret::Secret,
    state::{
        State,
        redis::RedisState,
        source::{Attempts, Ledgered, Page, Source},
        step::{
            Answer, Check, LeaseId, Refusal, Release, SessionKey, SessionUse, Settlement, Span, Step, Take, Taken,
            Usage,
        },
    },
};

/// When everything begins: a whole day, so that buckets are easy to see.
pub(super) const T0: i64 = 20_000 * 86_400_000;
pub(super) const SECOND: i64 = 1_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;

pub(super) const KEY: Subject = Subject::Key(KeyId(1));
pub(super) const USER: Subject = Subject::User(UserId(2));
pub(super) const PROVIDER: Subject = Subject::Provider(ProviderId(3));

/// A Redis of its own on a unix socket.
pub(in crate::state) struct Redis {
    folder: PathBuf,
    server: Child,
}

impl Redis {
    pub(in crate::state) fn folder() -> PathBuf {
        std::env::temp_dir().join(format!("switchyard-redis-{}", Uuid::now_v7()))
    }

    pub(in crate::state) fn url(folder: &Path) -> Secret {
        Secret::new(format!("redis+unix://{}/s", folder.display()))
    }

    pub(in crate::state) fn start(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let server = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--dir"])
            .arg(folder)
            .arg("--unixsocket")
            .arg(folder.join("s"))
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed");
        Self { folder: folder.to_owned(), server }
    }

    /// Tells it something behind everybody's back.
    pub(super) fn tell(&self, command: &str) -> String {
        Self::send(&self.folder, command)
    }

    pub(super) fn send(folder: &Path, command: &str) -> String {
        let mut stream = UnixStream::connect(folder.join("s")).unwrap();
        stream.write_all(format!("{command}\r\nQUIT\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(!answer.starts_with('-'), "{command}: {answer}");
        answer
    }

    /// How often it was told this command.
    pub(super) fn n_commands(&self, command: &str) -> u64 {
        let stats = self.tell("INFO commandstats");
        let line = format!("cmdstat_{command}:calls=");
        let n = stats.split(&line).nth(1).and_then(|rest| rest.split(',').next());
        n.map_or(0, |n| n.parse().unwrap())
    }

    /// Lets it stand still, or go on.
    pub(super) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").arg(signal).arg(self.server.id().to_string()).status().unwrap();
        assert!(sent.success());
    }
}

impl Redis {
    /// It dies, and its folder stays.
    pub(super) fn kill(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What the ledger says, and whether it lacks something.
#[derive(Clone, Default)]
pub(super) struct Ledger(pub(super) Arc<Mutex<Ledgered<Vec<Uuid>>>>, pub(super) Arc<AtomicBool>);

impl Attempts for Vec<Uuid> {
    async fn next(&mut self) -> anyhow::Result<Page> {
        let n_attempts = self.len().min(1_000);
        Ok(Page { attempts: self.drain(..n_attempts).collect(), recorded_ms: clock::now().timestamp_millis() })
    }
}

impl Source for Ledger {
    type Attempts = Vec<Uuid>;

    async fn catch_up(&self) -> anyhow::Result<()> {
        anyhow::ensure!(!self.1.load(Ordering::Relaxed), "something is not recorded yet");
        Ok(())
    }

    async fn read(&self, _: i64) -> anyhow::Result<Ledgered<Vec<Uuid>>> {
        Ok(self.0.lock().unwrap().clone())
    }
}

/// A state, and what it stands on.
pub(super) struct Bench {
    pub(super) state: State,
    pub(super) ledger: Ledger,
    pub(super) redis: Option<Redis>,
}

impl Bench {
    pub(super) fn memory() -> Self {
        Self { state: State::Memory(Arc::default()), ledger: Ledger::default(), redis: None }
    }

    pub(super) async fn redis() -> Self {
        let folder = Redis::folder();
        let redis = Redis::start(&folder);
        let bench = Self::another(&folder).await;
        Self { redis: Some(redis), ..bench }
    }

    /// One more hub on the same Redis.
    pub(super) async fn another(folder: &Path) -> Self {
        let state = State::Redis(RedisState::new(&Redis::url(folder)).unwrap());
        // A machine that is busy is not a Redis that is away.
        state.wait_at_most(5_000);
        let bench = Self { state, ledger: Ledger::default(), redis: None };
        while bench.of_redis().look(&bench.ledger).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        // Nobody else is there to be waited for.
        Redis::send(folder, "DEL {sy}:gather");
        bench
    }

    /// Empties Redis and fills it from the ledger again, as its job does.
    pub(super) async fn fill_again(&self) {
        let redis = self.redis.as_ref().unwrap();
        redis.tell("FLUSHALL");
        self.of_redis().look(&self.ledger).await.unwrap();
        redis.tell("DEL {sy}:gather");
        self.flush().await;
    }

    /// As if nothing had ever happened.
    pub(super) async fn begin_anew(&self) {
        self.of_redis().forget();
        self.fill_again().await;
    }

    pub(super) fn folder(&self) -> &Path {
        &self.redis.as_ref().unwrap().folder
    }

    pub(super) fn of_redis(&self) -> &RedisState {
        match &self.state {
            State::Redis(redis) => redis,
            State::Memory(_) => panic!("this is memory"),
        }
    }

    /// Tells what waits.
    pub(super) async fn flush(&self) {
        if let State::Redis(redis) = &self.state {
            redis.flush().await.unwrap();
        }
    }

    /// Renews what is held, as a job does.
    pub(super) async fn renew(&self, now_ms: i64) {
        if let State::Redis(redis) = &self.state {
            redis.renew(now_ms).await.unwrap();
        }
    }

    pub(super) async fn take(&self, step: &Step) -> Answer {
        self.renew(step.now_ms).await;
        self.state.take(step.clone()).await.unwrap()
    }

    pub(super) async fn taken(&self, step: &Step) -> Taken {
        match self.take(step).await {
            Answer::Taken(taken) => taken,
            Answer::Refused(refusal) => panic!("{refusal:?}"),
        }
    }

    pub(super) async fn refused(&self, step: &Step) -> Refusal {
        match self.take(step).await {
            Answer::Refused(refusal) => refusal,
            Answer::Taken(taken) => panic!("{taken:?}"),
        }
    }

    pub(super) async fn settle(&self, settlement: Settlement) {
        self.state.settle(settlement);
        self.flush().await;
    }

    pub(super) async fn release(&self, lease: LeaseId, now_ms: i64, undo: bool) {
        self.state.release(Release { lease, now_ms, undo });
        self.flush().await;
    }

    pub(super) async fn usage(&self, subject: Subject, spans: &[Span], now_ms: i64) -> Usage {
        self.renew(now_ms).await;
        self.state.usage(subject, spans, now_ms).await.unwrap()
    }

    /// What is settled at all, and what is reserved.
    pub(super) async fn money(&self, subject: Subject, now_ms: i64) -> (i64, i64) {
        let usage = self.usage(subject, &[Span::All], now_ms).await;
        (usage.settled[0], usage.reserved)
    }
}

pub(super) fn lease() -> LeaseId {
    LeaseId(Uuid::now_v7())
}

/// A step that looks at nothing and takes nothing.
pub(super) fn step(now_ms: i64) -> Step {
    Step { lease: lease(), now_ms, checks: vec![], takes: vec![], session: None, cacheable: 0 }
}

pub(super) fn nothing(subject: Subject) -> Take {
    Take { subject, reset_ms: 0, request: false, session: false, rate: None, money: 0 }
}

/// A step that reserves money of the key, within a limit of its total.
pub(super) fn spend(now_ms: i64, amount: i64, limit: i64) -> Step {
    Step {
        checks: vec![money(KEY, Limited::Total, Span::All, limit, amount)],
        takes: vec![Take { money: amount, ..nothing(KEY) }],
        ..step(now_ms)
    }
}

pub(super) fn money(subject: Subject, window: Limited, span: Span, limit: i64, amount: i64) -> Check {
    Check::Money { subject, window, span, limit, amount }
}

/// The end of an attempt of the key that began now and has served.
pub(super) fn cost(lease: LeaseId, at_ms: i64, cost: i64) -> Settlement {
    Settlement {
        lease,
        call: LeaseId(Uuid::nil()),
        at_ms,
        now_ms: at_ms,
        cost,
        tokens: 0,
        served: true,
        subjects: vec![(KEY, 0)],
        bind: None,
    }
}

pub(super) fn session(key: i64, id: &str) -> SessionKey {
    SessionKey { key_id: KeyId(key), id: id.to_owned() }
}

/// A call of a session, which stays active for five minutes.
pub(super) fn call_of(session: &SessionKey, user_id: i64, now_ms: i64) -> Step {
    let used = SessionUse { session: Arc::new(session.clone()), user_id: UserId(user_id), active_ms: 5 * MINUTE };
    let takes = [Subject::Key(session.key_id), Subject::User(UserId(user_id))].map(|subject| Take {
        request: true,
        session: true,
        ..nothing(subject)
    });
    Step { takes: takes.to_vec(), session: Some(used), ..step(now_ms) }
}
