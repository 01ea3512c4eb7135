//! Providers that are reached through a proxy, and the promise that nothing goes around it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::{
    auth::refused,
    client::{parse_head, read_head},
    holds::{hold, holds},
    patience::background,
    upstream,
    world::World,
};

/// A proxy that leads everything to one place and notes where it was asked to go.
pub struct Proxy {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// To the scripted upstream. It knows no tunnels.
    pub async fn start(kind: Kind) -> Self {
        Self::new(None, kind).await
    }

    /// By tunnels, to the server at `to`.
    pub async fn to(to: SocketAddr, kind: Kind) -> Self {
        Self::new(Some(to), kind).await
    }

    async fn new(tunnel: Option<SocketAddr>, kind: Kind) -> Self {
        let listener = background().spawn(async { TcpListener::bind("127.0.0.1:0").await.unwrap() }).await.unwrap();
        let proxy = Self { address: listener.local_addr().unwrap(), asked: Arc::default() };
        let asked = proxy.asked.clone();
        background().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(kind.serve(stream, tunnel, asked.clone()));
            }
        });
        proxy
    }

    /// Where it was asked to go, oldest first.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// How a proxy is spoken to.
#[derive(Clone, Copy)]
pub enum Kind {
    Http,
    Refusing,
    /// It cannot lead any further.
    Stuck,
    Socks,
    /// The same.
    StuckSocks,
}

impl Kind {
    async fn serve(
        self,
        stream: TcpStream,
        tunnel: Option<SocketAddr>,
        asked: Arc<Mutex<Vec<String>>>,
    ) -> std::io::Result<()> {
        let mut near = BufReader::new(stream);
        let mut far = TcpStream::connect(tunnel.unwrap_or_else(upstream::address)).await?;
        match self {
            Self::Http | Self::Refusing | Self::Stuck => {
                let head = read_head(&mut near).await?;
                let (line, headers) = parse_head(&head);
                let credentials = headers.iter().find(|(name, _)| name == "proxy-authorization");
                let words: Vec<&str> = line.split(' ').take(2).collect();
                let words = words.join(" ");
                asked.lock().unwrap().push(match credentials {
                    Some((_, credentials)) => format!("{words} as {credentials}"),
                    None => words,
                });
                if matches!(self, Self::Stuck) {
                    near.write_all(b"HTTP/1.1 502 Nobody There\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                        .await?;
                    return near.shutdown().await;
                }
                if tunnel.is_some() && line.starts_with("CONNECT") {
                    near.write_all(b"HTTP/1.1 200 Go On\r\n\r\n").await?;
                    return copy_bidirectional(&mut near, &mut far).await.map(|_| ());
                }
                if matches!(self, Self::Refusing) || line.starts_with("CONNECT") {
                    near.write_all(b"HTTP/1.1 407 Not You\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await?;
                    return near.shutdown().await;
                }
                // From the absolute form back to the path.
                let text = String::from_utf8(head).unwrap();
                let at = text.find("http://").unwrap();
                let end = at + 7 + text[at + 7..].find('/').unwrap();
                far.write_all(format!("{}{}", &text[..at], &text[end..]).as_bytes()).await?;
            }
            Self::Socks | Self::StuckSocks => {
                let mut hello = [0; 2];
                near.read_exact(&mut hello).await?;
                let mut methods = vec![0; usize::from(hello[1])];
                near.read_exact(&mut methods).await?;
                near.write_all(&[5, 0]).await?;
                let mut request = [0; 4];
                near.read_exact(&mut request).await?;
                let host = if request[3] == 3 {
                    let mut host = vec![0; usize::from(near.read_u8().await?)];
                    near.read_exact(&mut host).await?;
                    format!("name {}", String::from_utf8(host).unwrap())
                } else {
                    let mut address = [0; 4];
                    near.read_exact(&mut address).await?;
                    format!("address {address:?}")
                };
                let port = near.read_u16().await?;
                asked.lock().unwrap().push(format!("{host}:{port}"));
                if matches!(self, Self::StuckSocks) {
                    // RFC 1928, 6: connection refused.
                    near.write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
                    return near.shutdown().await;
                }
                near.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
            }
        }
        copy_bidirectional(&mut near, &mut far).await.map(|_| ())
    }
}

#[tokio::test]
async fn a_provider_is_reached_through_its_http_proxy() {
    let world = World::shared().await;
    let proxy = Proxy::start(Kind::Http).await;
    let provider = world.provider("a").await;
    // A name that only the proxy can know: nothing is looked up on this side.
    let base = provider.script.url().replace("127.0.0.1", "provider.invalid");
    let fields =
        json!({"base_url": base, "secret": "sk-ant-1", "proxy_url": format!("http://user:p%40ss@{}", proxy.address)});
    let shown = world.patch(&format!("/admin/v1/providers/{}", provider.id), &fields).await;
    assert!(!shown.to_string().contains("p%40ss") && !shown.to_string().contains("p@ss"), "{shown}");
    let mut reply = world.stream(&world.key().await).await;
    assert_eq!(reply.status, 200);
    reply.body().await;
    assert_eq!(proxy.asked(), [format!("POST {base}/v1/messages as Basic dXNlcjpwQHNz")]);
    assert!(provider.script.only_request().all("proxy-authorization").len() <= 1);
}

#[tokio::test]
async fn a_provider_behind_tls_is_reached_by_a_tunnel() {
    let world = World::shared().await;
    let proxy = Proxy::start(Kind::Http).await;
    let proxy_url = format!("http://{}", proxy.address);
    world.provider_with("a", json!({"base_url": "https://provider.invalid", "proxy_url": proxy_url})).await;
    let mut reply = world.message(&world.key().await).await;
    refused(&mut reply, 502, "api_error").await;
    assert_eq!(proxy.asked(), ["CONNECT provider.invalid:443"]);
    assert_eq!(world.call_of(&reply).await["attempts"][0]["error"]["cause"], "proxy");
}

#[tokio::test]
async fn names_are_looked_up_by_the_socks_proxy() {
    let world = World::shared().await;
    for scheme in ["socks5", "socks5h"] {
        let proxy = Proxy::start(Kind::Socks).await;
        let provider = world.provider(scheme).await;
        let base = provider.script.url().replace("127.0.0.1", "provider.invalid");
        let fields =
            json!({"base_url": base, "secret": "sk-ant-1", "proxy_url": format!("{scheme}://{}", proxy.address)});
        let path = format!("/admin/v1/providers/{}", provider.id);
        world.patch(&path, &fields).await;
        let reply = world.message(&world.key().await).await;
        assert_eq!(reply.status, 200, "{scheme}");
        assert_eq!(proxy.asked(), [format!("name provider.invalid:{}", upstream::address().port())]);
        assert_eq!(world.admin("DELETE", &path, &Value::Null).await.0, 204);
    }
}

#[tokio::test]
async fn a_proxy_that_cannot_be_used_fails_the_attempt_and_nothing_goes_around_it() {
    let world = World::shared().await;
    let refusing = Proxy::start(Kind::Refusing).await;
    let closed = crate::reaper::free_port();
    let key = world.key().await;
    for (n, proxy_url) in [
        format!("http://127.0.0.1:{closed}"),
        format!("https://127.0.0.1:{closed}"),
        format!("socks5://127.0.0.1:{closed}"),
        format!("socks5h://{}", refusing.address),
        format!("http://{}", refusing.address),
    ]
    .into_iter()
    .enumerate()
    {
        let provider = world.provider_with(&format!("p{n}"), json!({"proxy_url": proxy_url})).await;
        let reply = world.message(&key).await;
        assert!(reply.status >= 400, "{proxy_url}: {}", reply.status);
        let call = world.call_of(&reply).await;
        assert_ne!(call["outcome"], "completed", "{call}");
        assert_eq!(call["attempts"].as_array().unwrap().len(), 1, "{call}");
        assert!(provider.script.requests().is_empty(), "{proxy_url} was passed by");
        let path = format!("/admin/v1/providers/{}", provider.id);
        assert_eq!(world.admin("DELETE", &path, &Value::Null).await.0, 204);
    }
}

#[tokio::test]
async fn what_lies_beyond_a_proxy_is_not_its_fault() {
    let world = World::shared().await;
    let closed = crate::reaper::free_port();
    let [stuck, socks, refusing] =
        [Proxy::start(Kind::Stuck).await, Proxy::start(Kind::StuckSocks).await, Proxy::start(Kind::Refusing).await];
    let key = world.key().await;
    for (n, (base, proxy, cause)) in [
        ("https://provider.invalid", format!("http://{}", stuck.address), "connect"),
        ("http://provider.invalid", format!("socks5://{}", socks.address), "connect"),
        ("https://provider.invalid", format!("socks5h://{}", socks.address), "connect"),
        ("https://provider.invalid", format!("http://{}", refusing.address), "proxy"),
        ("http://provider.invalid", format!("http://{}", refusing.address), "proxy"),
        ("https://provider.invalid", format!("http://127.0.0.1:{closed}"), "proxy"),
        ("https://provider.invalid", format!("socks5://127.0.0.1:{closed}"), "proxy"),
        ("http://provider.invalid", format!("http://127.0.0.1:{closed}"), "proxy"),
    ]
    .into_iter()
    .enumerate()
    {
        let fields = json!({"base_url": base, "proxy_url": proxy});
        let provider = world.provider_with(&format!("p{n}"), fields).await;
        let mut reply = world.message(&key).await;
        refused(&mut reply, 502, "api_error").await;
        let call = world.call_of(&reply).await;
        assert_eq!(call["attempts"][0]["error"]["cause"], cause, "{base} by {proxy}: {call}");
        let holds = world.get(&format!("/admin/v1/holds?provider_id={}", provider.id)).await;
        let reasons: Vec<&Value> = holds["items"].as_array().unwrap().iter().map(|hold| &hold["reason"]).collect();
        assert_eq!(reasons, if cause == "proxy" { vec!["proxy"] } else { vec![] }, "{base} by {proxy}");
        let path = format!("/admin/v1/providers/{}", provider.id);
        assert_eq!(world.admin("DELETE", &path, &Value::Null).await.0, 204);
    }
}

#[tokio::test]
async fn a_corrected_password_ends_what_is_held_about_the_proxy() {
    let world = World::shared().await;
    let refusing = Proxy::start(Kind::Refusing).await;
    let by = |password: &str| format!("http://user:{password}@{}", refusing.address);
    let provider = world.provider_with("a", json!({"proxy_url": by("wrong")})).await;
    let path = format!("/admin/v1/providers/{}", provider.id);
    let key = world.key().await;
    let edits = [json!({"proxy_url": by("right")}), json!({"proxy_url": by("other"), "secret": "sk-ant-1"})];
    for (n, corrected) in (1..).zip(edits) {
        refused(&mut world.message(&key).await, 502, "api_error").await;
        assert_eq!(refusing.asked().len(), n);
        assert_eq!(hold(&world, &provider).await["reason"], "proxy");
        // What is shown, sent back, is no edit.
        world.patch(&path, &json!({"proxy_url": by("***")})).await;
        assert_eq!(hold(&world, &provider).await["reason"], "proxy");
        world.patch(&path, &corrected).await;
        assert!(holds(&world, &provider).await.is_empty(), "{corrected}");
    }
}

#[tokio::test]
async fn after_a_proxy_that_fails_another_provider_serves() {
    let world = World::shared().await;
    let closed = crate::reaper::free_port();
    let proxy_url = format!("socks5://127.0.0.1:{closed}");
    let a = world.provider_with("a", json!({"proxy_url": proxy_url, "priority": 0})).await;
    let b = world.provider_with("b", json!({"priority": 1})).await;
    let reply = world.stream(&world.key().await).await;
    assert_eq!((reply.status, reply.header("x-switchyard-provider")), (200, Some(b.id.as_str())));
    assert!(a.script.requests().is_empty());
}

#[tokio::test]
async fn the_way_to_a_provider_is_tried_without_its_secret() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let path = format!("/admin/v1/providers/{}", provider.id);
    let base = provider.script.url().replace("127.0.0.1", "provider.invalid");
    let http = Proxy::start(Kind::Http).await;
    let own = format!("http://user:pass-word@{}", http.address);
    world.patch(&path, &json!({"base_url": base, "secret": "sk-ant-1", "proxy_url": own})).await;
    let test = async |body: Value| {
        let (status, result) = world.admin("POST", &format!("{path}/test-proxy"), &body).await;
        assert_eq!(status, 200, "{result}");
        assert!(!result.to_string().contains("pass-word"), "{result}");
        result
    };
    let port = upstream::address().port();
    let reached = test(Value::Null).await;
    assert_eq!((&reached["ok"], &reached["status"], &reached["error"]), (&json!(true), &json!(404), &Value::Null));
    assert_eq!(reached["origin"], format!("http://provider.invalid:{port}"));
    assert_eq!(reached["proxy_url"], format!("http://user:***@{}", http.address));
    let seen = provider.script.only_request();
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("HEAD", "/"));
    assert!(seen.all("x-api-key").is_empty() && seen.all("authorization").is_empty(), "{}", seen.head);
    // The masked form stands for the stored one; a new connection is made each time.
    assert_eq!(test(json!({"proxy_url": reached["proxy_url"]})).await["ok"], true);
    assert_eq!(http.asked().len(), 2);

    // One that is not saved yet.
    let socks = Proxy::start(Kind::Socks).await;
    let by_socks = test(json!({"proxy_url": format!("socks5://{}", socks.address)})).await;
    assert_eq!((&by_socks["ok"], socks.asked()), (&json!(true), vec![format!("name provider.invalid:{port}")]));
    let refusing = Proxy::start(Kind::Refusing).await;
    let closed = crate::reaper::free_port();
    for wrong in [format!("http://{}", refusing.address), format!("socks5://127.0.0.1:{closed}"), String::new()] {
        let result = test(json!({"proxy_url": wrong})).await;
        assert!(result["ok"] == false && result["error"].is_string(), "{wrong}: {result}");
    }
    // Another server than its own, and one of a provider that is not made yet.
    let elsewhere = provider.script.url();
    let there = test(json!({"base_url": elsewhere, "proxy_url": ""})).await;
    assert_eq!((&there["ok"], &there["proxy_url"]), (&json!(true), &Value::Null), "{there}");
    let new = json!({"base_url": base, "proxy_url": format!("http://new:pass-word@{}", http.address)});
    let (status, made) = world.admin("POST", "/admin/v1/providers/test-proxy", &new).await;
    assert_eq!((status, &made["ok"], &made["status"]), (200, &json!(true), &json!(404)), "{made}");
    assert_eq!(made["proxy_url"], format!("http://new:***@{}", http.address));
    for (body, field) in [(json!({"base_url": "ftp://x"}), "base_url"), (json!({}), "base_url")] {
        let (status, answer) = world.admin("POST", "/admin/v1/providers/test-proxy", &body).await;
        assert_eq!((status, &answer["field"]), (422, &json!(field)), "{answer}");
    }
    assert_eq!(provider.script.requests().len(), 5);
    let refused = world.admin("POST", &format!("{path}/test-proxy"), &json!({"proxy_url": "gopher://x"})).await;
    assert_eq!((refused.0, &refused.1["field"]), (422, &json!("proxy_url")), "{}", refused.1);
    let sql =
        format!("select after from audit_log where action = 'provider.test_proxy' and subject = '{}'", provider.id);
    let trace = world.rows(&sql).await;
    assert_eq!((trace.len(), json!(trace).to_string().contains("pass-word")), (7, false), "{trace:?}");
    let named = format!(
        "select count(*) from audit_log where action = 'provider.test_proxy' and subject = '' \
        and after::text like '%new:***@{}%'",
        http.address
    );
    assert_eq!(world.value(&named).await, json!(1));
}
