//! A scripted provider on a raw socket, so that it can misbehave to the byte.
//!
//! One server serves all tests; each test has scripts of its own, told apart by their path: `/s/<number>/v1/messages`.

pub mod answer;
pub mod tls;
pub mod turn;

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::watch,
};

pub use answer::{Answer, End};
pub use turn::{Said, Turn, Used};

use crate::{
    client::{Framing, arrived, parse_head, read_head},
    patience::{background, within},
};

/// A point at which an answer stops until the test says that it may go on.
#[derive(Clone, Debug)]
pub struct Gate {
    reached: watch::Sender<u32>,
    open: watch::Sender<bool>,
}

impl Gate {
    pub fn new() -> Self {
        Self { reached: watch::Sender::new(0), open: watch::Sender::new(false) }
    }

    /// Waits until an answer stands here.
    pub async fn reached(&self) {
        self.reached_by(1).await;
    }

    /// Waits until this many answers have come here.
    pub async fn reached_by(&self, n: u32) {
        within("the upstream gets there", self.reached.subscribe().wait_for(|reached| *reached >= n)).await.unwrap();
    }

    /// Lets everyone pass from now on.
    pub fn open(&self) {
        self.open.send_replace(true);
    }
}

/// A request as it arrived at the upstream.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    /// Path and query behind the script's own prefix.
    pub target: String,
    /// The head as it stood on the wire.
    pub head: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The port that it came from.
    pub port: u16,
    gone: watch::Sender<bool>,
}

impl Seen {
    /// All values of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(header, _)| header == name).map(|(_, value)| value.as_str()).collect()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn model(&self) -> String {
        self.json()["model"].as_str().unwrap_or_default().to_owned()
    }

    pub fn streams(&self) -> bool {
        self.json()["stream"] == true
    }

    /// Waits until the hub has hung up while its answer was held at a gate, or stalled.
    pub async fn hung_up(&self) {
        within("the hub hangs up", self.gone.subscribe().wait_for(|gone| *gone)).await.unwrap();
    }
}

type Behaviour = Arc<dyn Fn(&Seen) -> Answer + Send + Sync>;

/// What the upstream says to one provider, and what it was asked.
#[derive(Clone)]
pub struct Script(Arc<Inner>);

struct Inner {
    id: u64,
    next: Mutex<VecDeque<Answer>>,
    otherwise: Mutex<Behaviour>,
    seen: watch::Sender<Vec<Seen>>,
}

impl Script {
    /// Answers as the real one does, until told otherwise.
    pub fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let script = Self(Arc::new(Inner {
            id: COUNT.fetch_add(1, Ordering::Relaxed),
            next: Mutex::default(),
            otherwise: Mutex::new(Arc::new(Answer::proper)),
            seen: watch::Sender::new(Vec::new()),
        }));
        SERVER.scripts.lock().unwrap().insert(script.0.id, script.clone());
        script
    }

    /// The base URL of a provider that is answered by this script.
    pub fn url(&self) -> String {
        format!("http://{}{}", SERVER.address, self.prefix())
    }

    fn prefix(&self) -> String {
        format!("/s/{}", self.0.id)
    }

    /// Every request from now on is answered so.
    pub fn always(&self, answer: Answer) {
        self.by(move |_| answer.clone());
    }

    /// The answer follows from the request.
    pub fn by(&self, behaviour: impl Fn(&Seen) -> Answer + Send + Sync + 'static) {
        *self.0.otherwise.lock().unwrap() = Arc::new(behaviour);
    }

    /// One request is answered so, after those that were told before.
    pub fn once(&self, answer: Answer) {
        self.0.next.lock().unwrap().push_back(answer);
    }

    fn answer(&self, seen: &Seen) -> Answer {
        let next = self.0.next.lock().unwrap().pop_front();
        let otherwise = self.0.otherwise.lock().unwrap().clone();
        next.unwrap_or_else(|| otherwise(seen))
    }

    /// What was asked so far.
    pub fn requests(&self) -> Vec<Seen> {
        self.0.seen.borrow().clone()
    }

    /// The request with this number, counted from zero, once it has arrived.
    pub async fn request(&self, n: usize) -> Seen {
        let mut seen = self.0.seen.subscribe();
        within("a request reaches the upstream", seen.wait_for(|seen| seen.len() > n)).await.unwrap()[n].clone()
    }

    /// The only request so far.
    pub fn only_request(&self) -> Seen {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests[0].clone()
    }
}

struct Server {
    address: SocketAddr,
    scripts: Arc<Mutex<HashMap<u64, Script>>>,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let scripts: Arc<Mutex<HashMap<u64, Script>>> = Arc::default();
    let known = scripts.clone();
    background().spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, known.clone()));
        }
    });
    Server { address, scripts }
});

/// Where the upstream listens.
pub fn address() -> SocketAddr {
    SERVER.address
}

/// Answers one request after the other, until one side closes the connection.
async fn serve(stream: TcpStream, scripts: Arc<Mutex<HashMap<u64, Script>>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let (script, seen) = receive(&mut stream, &scripts).await?;
        let answer = match script {
            Some(script) => {
                script.0.seen.send_modify(|all| all.push(seen.clone()));
                script.answer(&seen)
            }
            None => Answer::error(404, "not_found_error", "no such script"),
        };
        if !play(&mut stream, &answer, &seen).await? {
            return Ok(());
        }
    }
}

/// Reads one request and finds its script.
async fn receive(
    stream: &mut BufReader<TcpStream>,
    scripts: &Mutex<HashMap<u64, Script>>,
) -> std::io::Result<(Option<Script>, Seen)> {
    let head = read_head(stream).await?;
    let (line, headers) = parse_head(&head);
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let has_body = headers.iter().any(|(name, _)| name == "content-length" || name == "transfer-encoding");
    let mut framing = Framing::of(&headers, !has_body);
    let mut body = Vec::new();
    while let Some(chunk) = framing.next(stream).await? {
        body.extend(chunk);
    }
    let rest = target.strip_prefix("/s/").unwrap_or_default();
    let (id, path) = rest.split_once('/').unwrap_or((rest, ""));
    let script = id.parse().ok().and_then(|id: u64| scripts.lock().unwrap().get(&id).cloned());
    let seen = Seen {
        method: method.to_owned(),
        target: format!("/{path}"),
        head: String::from_utf8_lossy(&head).into_owned(),
        headers,
        body,
        port: stream.get_ref().peer_addr()?.port(),
        gone: watch::Sender::new(false),
    };
    Ok((script, seen))
}

/// Plays an answer. False if the connection is not to be used again.
async fn play(stream: &mut BufReader<TcpStream>, answer: &Answer, seen: &Seen) -> std::io::Result<bool> {
    for step in answer.steps() {
        match step {
            answer::Step::Send(bytes) => {
                if let Err(error) = stream.get_mut().write_all(&bytes).await {
                    seen.gone.send_replace(true);
                    return Err(error);
                }
            }
            answer::Step::Wait(wait) => tokio::time::sleep(wait).await,
            answer::Step::Pause(gate) => {
                gate.reached.send_modify(|reached| *reached += 1);
                let mut open = gate.open.subscribe();
                let opened = tokio::select! {
                    _ = open.wait_for(|open| *open) => true,
                    _ = stream.fill_buf() => false,
                };
                if !opened {
                    seen.gone.send_replace(true);
                    return Ok(false);
                }
            }
        }
    }
    match answer.end() {
        End::Proper => Ok(true),
        End::Close => Ok(false),
        End::Reset => {
            arrived(stream.get_ref()).await;
            // Unread bytes or not: a linger of zero turns the close into a reset.
            stream.get_ref().set_zero_linger()?;
            Ok(false)
        }
        End::Garbage => {
            stream.get_mut().write_all(b"\0\xff no framing of HTTP\r\n").await?;
            Ok(false)
        }
        End::Stall => {
            let _ = stream.fill_buf().await;
            seen.gone.send_replace(true);
            Ok(false)
        }
    }
}
