use super::{conformance::bench::Redis, *};
use crate::clock;

async fn until(state: &State, ok: bool) {
    let asked = clock::instant();
    while state.status().await.ok != ok {
        assert!(asked.elapsed() < Duration::from_secs(10), "not {ok} within 10 s");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn redis_may_come_late_go_and_come_back() {
    let folder = Redis::folder();
    let url = Redis::url(&folder);
    let state = State::connect(Some(&url)).await.unwrap();
    let away = state.status().await;
    assert_eq!((away.backend, away.ok), ("redis", false));
    assert!(away.detail.is_some());

    let first = Redis::start(&folder);
    until(&state, true).await;
    assert_eq!(state.status().await, Status { backend: "redis", ok: true, ..Status::default() });

    drop(first);
    let asked = clock::instant();
    until(&state, false).await;
    state.status().await;
    assert!(asked.elapsed() < Duration::from_secs(2), "a look at a dead Redis took {:?}", asked.elapsed());

    let _second = Redis::start(&folder);
    until(&state, true).await;
}

#[tokio::test]
async fn a_redis_that_never_answers_does_not_hold_the_start_up() {
    // Accepts connections in its backlog and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Secret::new(format!("redis://{}", silent.local_addr().unwrap()));
    let asked = clock::instant();
    let state = State::connect(Some(&url)).await.unwrap();
    assert!(!state.status().await.ok);
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn a_url_that_is_none_is_refused_without_showing_it() {
    let error = State::connect(Some(&Secret::new("amqp://:hunter2@host".into()))).await.unwrap_err();
    let text = format!("{error:#}");
    assert!(text.starts_with("REDIS_URL") && !text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn tls_is_understood() {
    State::connect(Some(&Secret::new("rediss://:secret@127.0.0.1:1/0".into()))).await.unwrap();
}

#[tokio::test]
async fn without_a_url_the_state_is_memory() {
    let state = State::connect(None).await.unwrap();
    assert_eq!(state.status().await, Status { backend: "memory", ok: true, ..Status::default() });
}
