//! The bare pass-through: axum and reqwest, `TCP_NODELAY` on both legs. It swaps the key and copies bytes, nothing else.

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, header},
    response::Response,
    serve::ListenerExt,
};
use tokio::net::TcpListener;

use super::peer::UPSTREAM_KEY;

#[derive(Clone)]
struct Bare {
    client: reqwest::Client,
    upstream: String,
}

/// Serves until standard input ends. Prints its address first.
pub async fn serve(upstream: &str) {
    let client = reqwest::Client::builder().no_proxy().tcp_nodelay(true).build().unwrap();
    let bare = Bare { client, upstream: format!("http://{upstream}") };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let listener = listener.tap_io(|socket| socket.set_nodelay(true).unwrap());
    tokio::select! {
        served = axum::serve(listener, Router::new().fallback(pass).with_state(bare)) => served.unwrap(),
        () = super::peer::parent_left() => {}
    }
}

async fn pass(State(bare): State<Bare>, request: Request) -> Response {
    let (mut head, body) = request.into_parts();
    head.headers.remove(header::HOST);
    head.headers.insert("x-api-key", HeaderValue::from_static(UPSTREAM_KEY));
    let url = format!("{}{}", bare.upstream, head.uri.path_and_query().unwrap());
    let body = reqwest::Body::wrap_stream(body.into_data_stream());
    let answer = bare.client.request(head.method, url).headers(head.headers).body(body).send().await.unwrap();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    *response.body_mut() = Body::from_stream(answer.bytes_stream());
    response
}
