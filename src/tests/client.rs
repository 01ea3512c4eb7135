//! A client that sees every byte: HTTP/1.1 by hand, one connection for each request.

use std::{io, net::SocketAddr, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::patience::{until, within};

/// A request, as it will stand on the wire.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Request {
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.to_owned(), target: target.to_owned(), headers: Vec::new(), body: None }
    }

    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub fn post(target: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new("POST", target).header("content-type", "application/json").body(body)
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(header, _)| header.eq_ignore_ascii_case(name))
    }

    /// Head and body. A length is added unless the headers say how the body is framed.
    fn bytes(&self, to: SocketAddr) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !self.has("host") {
            head.push_str(&format!("host: {to}\r\n"));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body
            && !self.has("content-length")
            && !self.has("transfer-encoding")
        {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        [head.as_bytes(), self.body.as_deref().unwrap_or_default()].concat()
    }

    /// Sends it and waits for the head of the answer.
    pub async fn send(&self, to: SocketAddr) -> Reply {
        within("an answer", self.try_send(to)).await.unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }

    pub async fn try_send(&self, to: SocketAddr) -> io::Result<Reply> {
        self.open(to).await?.reply(&self.method).await
    }

    /// Sends it and does not wait for anything.
    pub async fn open(&self, to: SocketAddr) -> io::Result<Open> {
        let mut stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        // A server that refuses early may hang up while the body is still on its way: what counts is its answer.
        let _ = stream.write_all(&self.bytes(to)).await;
        Ok(Open { stream: BufReader::new(stream) })
    }
}

/// A connection whose request was sent.
#[derive(Debug)]
pub struct Open {
    stream: BufReader<TcpStream>,
}

impl Open {
    /// Sends more bytes.
    pub async fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes).await
    }

    /// Waits for the head of the answer.
    pub async fn reply(mut self, method: &str) -> io::Result<Reply> {
        loop {
            let head = read_head(&mut self.stream).await?;
            let (line, headers) = parse_head(&head);
            let status: u16 = line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(bad("no status"))?;
            if !(100..200).contains(&status) {
                let framing = Framing::of(&headers, method == "HEAD" || status == 204 || status == 304);
                return Ok(Reply { status, headers, stream: self.stream, framing });
            }
        }
    }

    /// Closes the connection and waits until the other side has closed it too.
    pub async fn leave(self) {
        leave(self.stream.into_inner()).await;
    }
}

/// An answer whose head has come.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    stream: BufReader<TcpStream>,
    framing: Framing,
}

impl Reply {
    /// The value of a header that stands there once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(header, _)| header == name).map(|(_, value)| value.as_str());
        let value = values.next();
        assert!(values.next().is_none(), "{name} stands there twice: {:?}", self.headers);
        value
    }

    /// The id the hub has given to this request.
    pub fn call_id(&self) -> String {
        self.header("x-switchyard-call-id").unwrap_or_else(|| panic!("no call id: {:?}", self.headers)).to_owned()
    }

    /// The next bytes of the body as they arrive, none at its proper end.
    pub async fn try_chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.framing.next(&mut self.stream).await
    }

    /// The whole body, and whether it reached its proper end.
    pub async fn drain(&mut self) -> (Vec<u8>, bool) {
        let mut body = Vec::new();
        loop {
            match within("more of the body", self.try_chunk()).await {
                Ok(Some(chunk)) => body.extend(chunk),
                Ok(None) => return (body, true),
                Err(_) => return (body, false),
            }
        }
    }

    /// The whole body; fails if it is cut.
    pub async fn body(&mut self) -> Vec<u8> {
        let (body, whole) = self.drain().await;
        assert!(whole, "the answer was cut after {:?}", String::from_utf8_lossy(&body));
        body
    }

    pub async fn text(&mut self) -> String {
        String::from_utf8(self.body().await).unwrap()
    }

    pub async fn json(&mut self) -> Value {
        let text = self.text().await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text:?} ({})", self.status))
    }

    /// Reads until the bytes so far end with `end`.
    pub async fn read_until(&mut self, end: &[u8]) -> Vec<u8> {
        let mut body = Vec::new();
        while !body.ends_with(end) {
            let chunk = within("the next event", self.try_chunk()).await.unwrap();
            body.extend(chunk.unwrap_or_else(|| panic!("ended before {:?}", String::from_utf8_lossy(end))));
        }
        body
    }

    /// Sends another request over the same connection, once this answer was read.
    pub async fn again(mut self, request: &Request) -> Open {
        let to = self.stream.get_ref().peer_addr().unwrap();
        self.stream.get_mut().write_all(&request.bytes(to)).await.unwrap();
        Open { stream: self.stream }
    }

    /// Closes the connection and waits until the other side has closed it too.
    pub async fn leave(self) {
        leave(self.stream.into_inner()).await;
    }
}

/// Closes a connection and waits until its peer has noticed: until then its end stands in the kernel's table.
async fn leave(stream: TcpStream) {
    let (ours, theirs) = (stream.local_addr().unwrap().port(), stream.peer_addr().unwrap().port());
    drop(stream);
    until("the peer closes the connection", async || {
        // 06 is TIME_WAIT: nobody holds that end any more
        kernel_row(theirs, ours).is_none_or(|row| row[3] == "06").then_some(())
    })
    .await;
}

/// Waits until everything that was written has arrived at the other side: a reset takes back what has not.
pub async fn arrived(stream: &TcpStream) {
    let (ours, theirs) = (stream.local_addr().unwrap().port(), stream.peer_addr().unwrap().port());
    let waits = || kernel_row(ours, theirs).is_some_and(|row| !row[4].starts_with("00000000:"));
    within("what was sent arrives", async {
        while waits() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

/// Waits until both ends of a connection between these ports have read all that was sent to them.
pub async fn was_read(ours: u16, theirs: u16) {
    let waits = |local, remote| kernel_row(local, remote).is_some_and(|row| row[4] != "00000000:00000000");
    until("what was sent is read", async || (!waits(ours, theirs) && !waits(theirs, ours)).then_some(())).await;
}

/// The fields of one end of a connection of this machine in the kernel's table (`proc_net_tcp`): the fourth is its
/// state, the fifth what waits to be sent and to be read.
fn kernel_row(local: u16, remote: u16) -> Option<Vec<String>> {
    let ends = (format!("0100007F:{local:04X}"), format!("0100007F:{remote:04X}"));
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    table.lines().find_map(|line| {
        let fields: Vec<String> = line.split_whitespace().take(5).map(str::to_owned).collect();
        (fields.len() == 5 && fields[1] == ends.0 && fields[2] == ends.1).then_some(fields)
    })
}

/// How the end of a body is found.
#[derive(Debug)]
pub enum Framing {
    /// This many bytes are left.
    Length(usize),
    /// Chunks, until the empty one.
    Chunked,
    /// Until the connection closes.
    Close,
    /// It was read.
    Over,
}

impl Framing {
    pub fn of(headers: &[(String, String)], empty: bool) -> Self {
        let value = |name: &str| headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str());
        if empty {
            Self::Over
        } else if value("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
            Self::Chunked
        } else if let Some(length) = value("content-length") {
            Self::Length(length.parse().unwrap())
        } else {
            Self::Close
        }
    }

    /// The next bytes, none at the proper end.
    pub async fn next(&mut self, stream: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
        match self {
            Self::Over | Self::Length(0) => Ok(None),
            Self::Close | Self::Length(_) => {
                let some = stream.fill_buf().await?;
                let most = if let Self::Length(left) = self { *left } else { usize::MAX };
                let some = some[..some.len().min(most)].to_vec();
                stream.consume(some.len());
                match self {
                    Self::Length(_) if some.is_empty() => Err(bad("cut before its length")),
                    Self::Length(left) => {
                        *left -= some.len();
                        Ok(Some(some))
                    }
                    _ => Ok((!some.is_empty()).then_some(some)),
                }
            }
            Self::Chunked => {
                let line = read_line(stream).await?;
                let size = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16);
                let size = size.map_err(|_| bad("no chunk size"))?;
                let mut chunk = vec![0; size];
                stream.read_exact(&mut chunk).await?;
                read_line(stream).await?;
                if size == 0 {
                    *self = Self::Over;
                    return Ok(None);
                }
                Ok(Some(chunk))
            }
        }
    }
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line).await?;
    line.ends_with(b"\r\n").then(|| String::from_utf8_lossy(&line).trim_end().to_owned()).ok_or(bad("cut in a line"))
}

/// Reads up to the empty line after a head.
pub async fn read_head(stream: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_until(b'\n', &mut head).await? == 0 {
            return Err(bad("closed before the end of the head"));
        }
    }
    Ok(head)
}

/// The first line, and the headers with names in lower case.
pub fn parse_head(head: &[u8]) -> (String, Vec<(String, String)>) {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.trim_end().split("\r\n");
    let first = lines.next().unwrap_or_default().to_owned();
    let headers = lines.filter_map(|line| line.split_once(':'));
    (first, headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect())
}

/// An error of a peer that does not keep to HTTP.
pub fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}
