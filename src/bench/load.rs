//! The load: raw HTTP/1 connections, one task for each.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, body::Bytes, client::conn::http1::SendRequest, header::HeaderValue};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet};

use super::{body::Template, upstream::PLAN};

/// What to send, and to whom.
pub struct Shot {
    pub address: SocketAddr,
    pub callers: Callers,
    pub body: Template,
    /// Deltas and milliseconds between them; none: not streamed.
    pub plan: Option<(u32, u32)>,
    /// Read the time in every delta, to see how long it was on its way.
    pub time_deltas: bool,
}

/// Those who call: each request is the next one's.
pub struct Callers {
    keys: Vec<HeaderValue>,
    next: AtomicUsize,
}

impl Callers {
    pub fn new(keys: &[String]) -> Self {
        Self { keys: keys.iter().map(|key| key.parse().unwrap()).collect(), next: AtomicUsize::new(0) }
    }

    /// The next one's key, and its conversation. One who is alone has one for each of its connections.
    fn next(&self, line: &str) -> (HeaderValue, String) {
        let place = self.next.fetch_add(1, Ordering::Relaxed) % self.keys.len();
        let session = if self.keys.len() == 1 { line.to_owned() } else { format!("bench-session-of-key-{place}") };
        (self.keys[place].clone(), session)
    }
}

/// What came of it. Times in microseconds.
#[derive(Debug, Default)]
pub struct Tally {
    pub n: u64,
    pub errors: u64,
    /// What the first error was.
    pub error: Option<String>,
    pub whole: Vec<u32>,
    pub first_delta: Vec<u32>,
    pub relay: Vec<u32>,
}

impl Tally {
    fn fail(&mut self, error: impl FnOnce() -> String) {
        self.errors += 1;
        self.error.get_or_insert_with(error);
    }

    fn add(&mut self, other: Self) {
        self.n += other.n;
        self.errors += other.errors;
        self.error = self.error.take().or(other.error);
        self.whole.extend(other.whole);
        self.first_delta.extend(other.first_delta);
        self.relay.extend(other.relay);
    }
}

/// The time of day: the same clock for every process of this machine.
pub fn now_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos().try_into().unwrap()
}

/// How many requests each address was sent.
static SENT: LazyLock<Mutex<HashMap<SocketAddr, u64>>> = LazyLock::new(Mutex::default);

/// How many requests `address` was sent.
pub fn n_sent_to(address: SocketAddr) -> u64 {
    SENT.lock().unwrap().get(&address).copied().unwrap_or_default()
}

/// How many connections there were.
static LINES: AtomicU64 = AtomicU64::new(1);

/// A connection.
struct Line {
    sender: SendRequest<Full<Bytes>>,
    /// The conversation it carries on, as a coding tool names it.
    session: String,
}

impl Line {
    async fn open(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).await.unwrap();
        socket.set_nodelay(true).unwrap();
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.unwrap();
        tokio::spawn(connection);
        Self { sender, session: format!("bench-session-{:032}", LINES.fetch_add(1, Ordering::Relaxed)) }
    }

    /// Sends one request and reads all of its answer.
    async fn fire(&mut self, shot: &Shot, tally: &mut Tally) {
        let (key, session) = shot.callers.next(&self.session);
        let request = Request::builder()
            .method(Method::POST)
            .uri("/v1/messages")
            .header("host", "bench")
            .header("content-type", "application/json")
            .header("anthropic-version", "2023-06-01")
            .header("x-claude-code-session-id", session)
            .header("x-api-key", key);
        let request = match shot.plan {
            Some((deltas, gap)) => request.header(PLAN, format!("{deltas},{gap}")),
            None => request,
        };
        let request = request.body(Full::new(shot.body.next())).unwrap();
        let started = Instant::now();
        tally.n += 1;
        match self.sender.send_request(request).await {
            Ok(answer) if answer.status() == 200 => {
                let mut body = answer.into_body();
                let mut seen_delta = shot.plan.is_none();
                while let Some(frame) = body.frame().await {
                    let data = match frame.map(hyper::body::Frame::into_data) {
                        Ok(Ok(data)) => data,
                        Ok(Err(_)) => continue,
                        Err(error) => return tally.fail(|| format!("within the answer: {error:?}")),
                    };
                    if !seen_delta && find(&data, b"content_block_delta").is_some() {
                        seen_delta = true;
                        tally.first_delta.push(micros(started));
                    }
                    if shot.time_deltas {
                        relay_times(&data, &mut tally.relay);
                    }
                }
                tally.whole.push(micros(started));
            }
            Ok(answer) => {
                let status = answer.status();
                let text = answer.into_body().collect().await.map(http_body_util::Collected::to_bytes);
                tally.fail(|| format!("{status}: {text:?}"));
            }
            Err(error) => tally.fail(|| format!("{error:?}")),
        }
    }
}

fn micros(since: Instant) -> u32 {
    since.elapsed().as_micros().try_into().unwrap_or(u32::MAX)
}

fn find(data: &[u8], what: &[u8]) -> Option<usize> {
    data.windows(what.len()).position(|window| window == what)
}

/// How long each delta in `data` was on its way.
fn relay_times(mut data: &[u8], times: &mut Vec<u32>) {
    const BEFORE: &[u8] = br#""text_delta","text":""#;
    let now = now_ns();
    while let Some(at) = find(data, BEFORE) {
        data = &data[at + BEFORE.len()..];
        let digits = data.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let made: u64 = std::str::from_utf8(&data[..digits]).unwrap().parse().unwrap();
        times.push((now.saturating_sub(made) / 1_000).try_into().unwrap_or(u32::MAX));
    }
}

/// Adds up what the tasks report.
async fn gather(address: SocketAddr, mut tasks: JoinSet<Tally>) -> Tally {
    let mut sum = Tally::default();
    while let Some(tally) = tasks.join_next().await {
        sum.add(tally.unwrap());
    }
    *SENT.lock().unwrap().entry(address).or_default() += sum.n;
    sum
}

/// Each of `connections` sends `n` requests, one when the last is answered.
pub async fn each(shot: Arc<Shot>, connections: u32, n: u32) -> Tally {
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let shot = Arc::clone(&shot);
        tasks.spawn(async move {
            let mut tally = Tally::default();
            let mut line = Line::open(shot.address).await;
            for _ in 0..n {
                line.fire(&shot, &mut tally).await;
            }
            tally
        });
    }
    gather(shot.address, tasks).await
}

/// Closed loop: each of `connections` sends its next request when the last is answered.
pub async fn closed(shot: Arc<Shot>, connections: u32, length: Duration) -> Tally {
    let mut tasks = JoinSet::new();
    let end = Instant::now() + length;
    for _ in 0..connections {
        let shot = Arc::clone(&shot);
        tasks.spawn(async move {
            let mut tally = Tally::default();
            let mut line = Line::open(shot.address).await;
            while Instant::now() < end {
                let errors = tally.errors;
                line.fire(&shot, &mut tally).await;
                if tally.errors > errors {
                    line = Line::open(shot.address).await;
                }
            }
            tally
        });
    }
    gather(shot.address, tasks).await
}

/// Open loop: `per_second` requests a second, whether or not the earlier ones are answered.
pub async fn open(shot: Arc<Shot>, per_second: u32, length: Duration) -> Tally {
    let lines: Arc<Mutex<Vec<Line>>> = Arc::default();
    let mut tasks = JoinSet::new();
    let mut clock = tokio::time::interval(Duration::from_secs(1) / per_second);
    for _ in 0..length.as_secs() * u64::from(per_second) {
        clock.tick().await;
        let (shot, lines) = (Arc::clone(&shot), Arc::clone(&lines));
        tasks.spawn(async move {
            let mut tally = Tally::default();
            let idle = lines.lock().unwrap().pop();
            let mut line = match idle {
                Some(line) => line,
                None => Line::open(shot.address).await,
            };
            line.fire(&shot, &mut tally).await;
            if tally.errors == 0 {
                lines.lock().unwrap().push(line);
            }
            tally
        });
    }
    gather(shot.address, tasks).await
}

/// Each of `n` connections sends one request, 5 ms apart.
pub async fn once_each(shot: Arc<Shot>, n: u32) -> Tally {
    let mut tasks = JoinSet::new();
    let mut clock = tokio::time::interval(Duration::from_millis(5));
    for _ in 0..n {
        clock.tick().await;
        let shot = Arc::clone(&shot);
        tasks.spawn(async move {
            let mut tally = Tally::default();
            Line::open(shot.address).await.fire(&shot, &mut tally).await;
            tally
        });
    }
    gather(shot.address, tasks).await
}
