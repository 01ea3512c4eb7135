//! What is answered before the hub sees it, because it is no request: bytes that are no HTTP, and heads that are too large.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{patience::within, waiting::gauge, world::World};

/// All that comes back for these bytes, until the connection is closed.
async fn answer(world: &World, bytes: &str) -> String {
    let mut stream = TcpStream::connect(world.hub.address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    within("the answer and its end", stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn what_is_no_request_gets_a_status_and_nothing_else() {
    let world = World::alone().await;
    world.provider("a").await;
    let key = world.key().await;
    let head = |target: &str, headers: &str| format!("GET {target} HTTP/1.1\r\nhost: hub\r\n{headers}\r\n");
    let many: Vec<String> = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect();
    for (bytes, status) in [
        ("NONSENSE\r\n\r\n".to_owned(), 400),
        ("GET /v1/models HTTP/9.9\r\n\r\n".to_owned(), 400),
        (head("/v1/models", "x api key: 1\r\n"), 400),
        (head("/v1/models", &format!("x-api-key: {}\r\ncontent-length: many\r\n", key.secret)), 400),
        (head(&format!("/{}", "x".repeat(70_000)), ""), 414),
        (head("/v1/models", &many.concat()), 431),
    ] {
        let answer = answer(&world, &bytes).await;
        let shown = bytes.get(..60).unwrap_or(&bytes);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{shown:?}: {answer}");
        assert!(answer.contains("content-length: 0\r\n") && answer.ends_with("\r\n\r\n"), "{shown:?}: {answer}");
        // Nobody has given it an id: it is neither counted nor a call (docs/rules.md, Edge and security).
        assert!(!answer.contains("x-switchyard"), "{shown:?}: {answer}");
    }
    gauge(&world, "switchyard_refused_before_authentication_total", 0).await;
    assert_eq!(world.message(&key).await.status, 200);
    assert_eq!(world.calls_of(&key, 1).await.len(), 1);
}
