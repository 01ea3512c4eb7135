//! The scripted upstream: answers at once, or as the header `anthropic-bench-plan` says.

use std::{convert::Infallible, time::Duration};

use futures_util::{Stream, stream};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::{
    Request, Response,
    body::{Bytes, Frame, Incoming},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::{
    chaos::{Luck, luck},
    load::now_ns,
};

/// The header that says how to answer: `<deltas>,<milliseconds between them>`; without it the answer is one JSON text.
pub const PLAN: &str = "anthropic-bench-plan";

const ANSWER: &str = r#"{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"Hello! How can I help you today?"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":12,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":9,"service_tier":"standard"}}"#;

const ERROR: &str = r#"{"type":"error","error":{"type":"api_error","message":"Internal server error"}}"#;

const START: &str = concat!(
    "event: message_start\n",
    r#"data: {"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1}}}"#,
    "\n\nevent: content_block_start\n",
    r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    "\n\n",
);

const STOP: &str = concat!(
    "event: content_block_stop\n",
    r#"data: {"type":"content_block_stop","index":0}"#,
    "\n\nevent: message_delta\n",
    r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":50}}"#,
    "\n\nevent: message_stop\n",
    r#"data: {"type":"message_stop"}"#,
    "\n\n",
);

/// Serves until standard input ends. Prints its address first.
pub async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    tokio::select! {
        () = accept(listener) => {}
        () = super::peer::parent_left() => {}
    }
}

async fn accept(listener: TcpListener) {
    loop {
        let Ok((socket, _)) = listener.accept().await else { continue };
        socket.set_nodelay(true).unwrap();
        tokio::spawn(async move {
            let service = service_fn(answer);
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
        });
    }
}

/// One answer; an error closes the connection.
async fn answer(
    request: Request<Incoming>,
) -> Result<Response<BoxBody<Bytes, Infallible>>, Box<dyn std::error::Error + Send + Sync>> {
    let plan = request.headers().get(PLAN).map(|plan| plan.to_str().unwrap().split_once(',').unwrap());
    let plan = plan.map(|(deltas, gap)| (deltas.parse().unwrap(), Duration::from_millis(gap.parse().unwrap())));
    let path = request.uri().path().to_owned();
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        frame?;
    }
    match luck(&path).await {
        Luck::Answered => {}
        Luck::Refused => return Ok(Response::builder().status(500).body(Full::from(ERROR).boxed())?),
        Luck::Dropped => return Err("no answer".into()),
    }
    let response = Response::builder().header("request-id", "req_01");
    Ok(match plan {
        None => response.header("content-type", "application/json").body(Full::from(ANSWER).boxed()).unwrap(),
        Some((deltas, gap)) => {
            let body = StreamBody::new(events(deltas, gap));
            response.header("content-type", "text/event-stream; charset=utf-8").body(BoxBody::new(body)).unwrap()
        }
    })
}

/// The events: a start, the deltas, each with the time it was made, and an end.
fn events(deltas: u32, gap: Duration) -> impl Stream<Item = Result<Frame<Bytes>, Infallible>> + Send + Sync {
    let step = move |step: u32| async move {
        let bytes = match step {
            0 => Bytes::from_static(START.as_bytes()),
            delta if delta <= deltas => {
                if !gap.is_zero() && delta > 1 {
                    tokio::time::sleep(gap).await;
                }
                let text = now_ns();
                format!(
                    "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\
                     \"delta\":{{\"type\":\"text_delta\",\"text\":\"{text}\"}}}}\n\n"
                )
                .into()
            }
            end if end == deltas + 1 => Bytes::from_static(STOP.as_bytes()),
            _ => return None,
        };
        Some((Ok(Frame::data(bytes)), step + 1))
    };
    stream::unfold(0, step)
}
