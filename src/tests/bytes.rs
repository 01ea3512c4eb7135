//! What goes in comes out: request and answer, byte for byte.

use serde_json::json;

use crate::{
    client::Request,
    patience::within,
    upstream::{
        Answer, End, Gate, Turn, Used,
        turn::{EVENTS_TO_FIRST_CONTENT, event},
    },
    world::{World, ask},
};

/// Legal JSON that a parse and a print would change: spacing, order, escapes, numbers, repeated names, a big integer.
const ODD_BODY: &str = " {\r\n\t\"zeta\" :1e2 ,\"model\":  \"claude-sonnet-4-5\",\"alpha\":[1.0,-0,1E+2,0.10],\
    \"text\":\"\\u00e9\\ud83d\\ude00 \\/ 你好\",\"x\":1,\"x\":2,\"big\":123456789012345678901234567890,\
    \"max_tokens\" : 16,\"nested\":{\"model\":\"inner\",\"model\":\"again\"},\"messages\":[ ] , \"stream\":false}\n ";

#[tokio::test]
async fn a_request_body_arrives_at_the_provider_byte_for_byte() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let reply = world.request(&world.key().await, ODD_BODY).send(world.hub.address).await;
    assert_eq!(reply.status, 200);
    assert_eq!(String::from_utf8(provider.script.only_request().body).unwrap(), ODD_BODY);
}

#[tokio::test]
async fn a_redirect_changes_the_name_of_the_model_and_nothing_else() {
    let world = World::shared().await;
    let redirects = json!([{"from": {"kind": "exact", "value": "claude-sonnet-4-5"}, "to": "vendor/\"sonnet\""}]);
    let provider = world.provider_with("a", json!({"redirects": redirects})).await;
    let reply = world.request(&world.key().await, ODD_BODY).send(world.hub.address).await;
    assert_eq!(reply.status, 200);
    let expected = ODD_BODY.replacen(r#""claude-sonnet-4-5""#, r#""vendor/\"sonnet\"""#, 1);
    assert_eq!(String::from_utf8(provider.script.only_request().body).unwrap(), expected);
    let call = world.call_of(&reply).await;
    assert_eq!(call["model"], "claude-sonnet-4-5");
    assert_eq!(call["model_sent"], "vendor/\"sonnet\"");
}

#[tokio::test]
async fn a_model_written_with_escapes_is_understood_and_sent_as_it_was_written() {
    let world = World::shared().await;
    let provider = world.provider_with("a", json!({"models": ["claude-sonnet-*"]})).await;
    let body = r#"{"model":"claude\u002dsonnet\u002d4-5","max_tokens":1,"messages":[]}"#;
    let reply = world.request(&world.key().await, body).send(world.hub.address).await;
    assert_eq!(reply.status, 200);
    assert_eq!(provider.script.only_request().body, body.as_bytes());
    assert_eq!(world.call_of(&reply).await["model"], "claude-sonnet-4-5");
}

#[tokio::test]
async fn a_body_sent_in_chunks_arrives_whole() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let request = Request::new("POST", "/v1/messages")
        .header("x-api-key", &world.key().await.secret)
        .header("content-type", "application/json")
        .header("transfer-encoding", "chunked");
    let mut open = request.open(world.hub.address).await.unwrap();
    for piece in ODD_BODY.as_bytes().chunks(7) {
        open.push(format!("{:x}\r\n", piece.len()).as_bytes()).await.unwrap();
        open.push(piece).await.unwrap();
        open.push(b"\r\n").await.unwrap();
    }
    open.push(b"0\r\n\r\n").await.unwrap();
    assert_eq!(open.reply("POST").await.unwrap().status, 200);
    assert_eq!(provider.script.only_request().body, ODD_BODY.as_bytes());
}

#[tokio::test]
async fn the_query_is_forwarded() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let request =
        Request::post("/v1/messages?beta=true&x=%2F%20y", ODD_BODY).header("x-api-key", &world.key().await.secret);
    assert_eq!(request.send(world.hub.address).await.status, 200);
    assert_eq!(provider.script.only_request().target, "/v1/messages?beta=true&x=%2F%20y");
}

#[tokio::test]
async fn a_stream_comes_back_byte_for_byte_however_it_is_cut() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let stream = Turn::new().answer(true);
    let odd = odd_stream();
    for answer in [
        stream.clone(),
        stream.clone().in_pieces_of(1),
        stream.clone().in_pieces_of(7),
        stream.clone().in_pieces_of(100_000),
        Answer::events([odd.clone()]),
        Answer::events([odd.clone()]).in_pieces_of(1),
    ] {
        provider.script.always(answer.clone());
        let mut reply = world.stream(&key).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-type"), Some("text/event-stream; charset=utf-8"));
        assert_eq!(reply.text().await, String::from_utf8(answer.body()).unwrap());
        let call = world.call_of(&reply).await;
        assert_eq!((&call["outcome"], &call["usage"]["output"]), (&json!("completed"), &json!(385)), "{call}");
    }
}

/// A line ends with LF, CR LF or CR, the data of an event may take several, and a mark may stand before all of them
/// (WHATWG HTML, 9.2.5 and 9.2.6).
#[tokio::test]
async fn usage_is_read_whatever_the_lines_of_a_stream_are_like() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let plain = Turn::new().events();
    let in_lines: Vec<String> = plain.iter().map(|event| event.replace(",\"", ",\ndata: \"")).collect();
    assert!(in_lines.concat().contains("\ndata: \"usage\""), "{in_lines:?}");
    let with = |events: &[String], end: &str| events.iter().map(|event| event.replace('\n', end)).collect::<Vec<_>>();
    let marked = Answer::events([format!("\u{feff}{}", in_lines.concat())]);
    // The hub does not wait for what may come behind the last CR, and passes it on if it comes.
    let kept_open = Answer::events([with(&plain, "\r"), vec!["\n".to_owned()]].concat()).ends(End::Stall);
    for answer in [
        Answer::events(in_lines.clone()),
        Answer::events(in_lines.clone()).in_pieces_of(1),
        Answer::events(with(&plain, "\r")),
        Answer::events(with(&plain, "\r")).in_pieces_of(1),
        Answer::events(with(&plain, "\r\n")).in_pieces_of(1),
        Answer::events(with(&in_lines, "\r")).in_pieces_of(100_000),
        marked.clone(),
        marked.in_pieces_of(1),
        kept_open,
    ] {
        provider.script.always(answer.clone());
        let mut reply = world.stream(&key).await;
        assert_eq!((reply.status, reply.text().await), (200, String::from_utf8(answer.body()).unwrap()));
        let call = world.call_of(&reply).await;
        let settled = (&call["outcome"], &call["token_source"], &call["usage"]);
        assert_eq!(settled, (&json!("completed"), &json!("reported"), &Used::EVERY_CLASS.shown()), "{call}");
    }
}

/// What is between the hub and its provider may write the media type in capitals, lose it, or take it for text.
#[tokio::test]
async fn a_stream_that_was_asked_for_is_one_whatever_its_type_is_called() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    for name in ["Text/Event-Stream", "text/event-stream ; charset=UTF-8", "text/plain; charset=utf-8", ""] {
        let answer = Turn::new().answer(true).media_type(name);
        provider.script.always(answer.clone());
        let mut reply = world.stream(&key).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, Some(name).filter(|name| !name.is_empty())));
        assert_eq!(reply.text().await, String::from_utf8(answer.body()).unwrap());
        let call = world.call_of(&reply).await;
        assert_eq!((&call["outcome"], &call["usage"]["output"]), (&json!("completed"), &json!(385)), "{call}");
    }
}

/// A stream as the grammar of events allows it: comments, other line ends, unknown events, data over several lines.
fn odd_stream() -> String {
    let turn = Turn::new().events().concat();
    let (head, rest) = turn.split_at(turn.find("event: content_block_start").unwrap());
    format!(
        ": welcome\n\n{head}event: brand_new\nid: 7\nretry: 10\ndata: {{\"type\":\"brand_new\",\ndata:\"x\":[1]}}\n\n{}",
        rest.replace("event: ping\n", "event:ping\r\n")
    )
}

#[tokio::test]
async fn a_message_comes_back_byte_for_byte_with_its_length() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let message = Turn::new().message().to_string().replace(":{", " : {").replace("ö", "\\u00f6");
    provider.script.always(Answer::new(200, "application/json", message.clone()));
    let mut reply = world.message(&world.key().await).await;
    assert_eq!(reply.header("content-length"), Some(message.len().to_string().as_str()));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.text().await, message);
    let call = world.call_of(&reply).await;
    assert_eq!((&call["outcome"], &call["usage"]["output"]), (&json!("completed"), &json!(385)), "{call}");
}

#[tokio::test]
async fn a_long_message_in_small_pieces_comes_back_byte_for_byte() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let mut message = Turn::new().message();
    message["content"][1]["text"] = "wörld ".repeat(50_000).into();
    let answer = Answer::json(200, &message).in_pieces_of(4_093);
    provider.script.always(answer.clone());
    let mut reply = world.message(&world.key().await).await;
    assert!(reply.body().await == answer.body(), "the body was changed");
    assert_eq!(world.call_of(&reply).await["usage"]["output"], 385);
}

#[tokio::test]
async fn a_large_body_passes_in_both_directions() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let mut body = ask("claude-sonnet-4-5", true);
    body["system"] = "You are a careful assistant — 你好. ".repeat(100_000).into();
    let reply = world.messages(&world.key().await, &body).await;
    assert_eq!(reply.status, 200);
    assert!(provider.script.only_request().body == body.to_string().as_bytes(), "the body was changed");
}

#[tokio::test]
async fn a_compressed_answer_is_passed_on_as_it_is() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let bytes = b"\x1f\x8b\x08\x00 this is not for the hub to open".to_vec();
    let answer = Answer::new(200, "application/json", bytes.clone()).header("content-encoding", "gzip");
    provider.script.always(answer);
    let mut reply = world.message(&world.key().await).await;
    assert_eq!(reply.header("content-encoding"), Some("gzip"));
    assert_eq!(reply.body().await, bytes);
}

#[tokio::test]
async fn every_event_arrives_before_the_next_one_is_sent() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let events = Turn::new().events();
    let gates: Vec<Gate> = events.iter().map(|_| Gate::new()).collect();
    let held = |answer: Answer, (n, gate): (usize, &Gate)| answer.pause_after(n + 1, gate);
    provider.script.always(gates.iter().enumerate().fold(Answer::events(events.clone()), held));
    let body = ask("claude-sonnet-4-5", true).to_string();
    let open = world.request(&world.key().await, body).open(world.hub.address).await.unwrap();

    // The head is held back until there is content, so what comes before it arrives together with it.
    for gate in &gates[..EVENTS_TO_FIRST_CONTENT - 1] {
        gate.reached().await;
        gate.open();
    }
    let mut reply = within("the head", open.reply("POST")).await.unwrap();
    let (first, rest) = events.split_at(EVENTS_TO_FIRST_CONTENT);
    assert_eq!(reply.read_until(first.last().unwrap().as_bytes()).await, first.concat().as_bytes());
    for (event, gate) in rest.iter().zip(&gates[EVENTS_TO_FIRST_CONTENT - 1..]) {
        gate.open();
        assert_eq!(reply.read_until(event.as_bytes()).await, event.as_bytes());
    }
    gates.last().unwrap().open();
    assert!(reply.body().await.is_empty());
}

#[tokio::test]
async fn many_streams_at_once_never_mix() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    // The upstream says back what it was asked, one piece at a time.
    provider.script.by(|seen| {
        let said = seen.json()["messages"][0]["content"].as_str().unwrap().to_owned();
        let text = json!({"index": 0, "delta": {"type": "text_delta", "text": said}});
        let mut events = Turn::new().events();
        events.splice(3..6, (0..20).map(|_| event("content_block_delta", text.clone())));
        Answer::events(events).in_pieces_of(33)
    });
    let key = world.key().await;
    let ask_for = async |n: usize| {
        let mut body = ask("claude-sonnet-4-5", true);
        body["messages"][0]["content"] = format!("number {n} 你好").into();
        let mut reply = world.messages(&key, &body).await;
        assert_eq!(reply.status, 200);
        let text = reply.text().await;
        assert_eq!(text.matches("number ").count(), 20);
        assert_eq!(text.matches(&format!("\"number {n} 你好\"")).count(), 20, "{text}");
        assert!(text.ends_with("\"message_stop\"}\n\n"), "{text}");
        reply.call_id()
    };
    let ids = futures_util::future::join_all((0..150).map(ask_for)).await;
    let calls = world.calls_of(&key, 150).await;
    assert!(ids.iter().all(|id| calls.iter().any(|call| call["id"] == id.as_str() && call["outcome"] == "completed")));
}

#[tokio::test]
async fn one_connection_serves_one_request_after_the_other() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let mut open =
        world.request(&key, ask("claude-sonnet-4-5", true).to_string()).open(world.hub.address).await.unwrap();
    for n in 0..5 {
        let mut reply = within("an answer", open.reply("POST")).await.unwrap();
        assert_eq!(reply.text().await, Turn::new().events().concat(), "{n}");
        open = reply.again(&world.request(&key, ask("claude-sonnet-4-5", n % 2 == 0).to_string())).await;
        if n % 2 != 0 {
            let mut reply = within("an answer", open.reply("POST")).await.unwrap();
            assert_eq!(reply.json().await, Turn::new().message());
            open = reply.again(&world.request(&key, ask("claude-sonnet-4-5", true).to_string())).await;
        }
    }
    provider.script.request(7).await;
}

#[tokio::test]
async fn the_base_of_a_provider_is_joined_with_the_path_in_one_way() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let base = provider.script.url();
    for (n, (base, path)) in [
        (format!("{base}/"), "/v1/messages"),
        (format!("{base}/v1"), "/v1/messages"),
        (format!("{base}/v1/"), "/v1/messages"),
        (format!("{base}/deeper/still"), "/deeper/still/v1/messages"),
    ]
    .into_iter()
    .enumerate()
    {
        world.patch(&format!("/admin/v1/providers/{}", provider.id), &json!({"base_url": base})).await;
        world.message(&key).await.drain().await;
        assert_eq!(provider.script.requests()[n].target, path, "{base}");
    }
}
