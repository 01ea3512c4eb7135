use super::{conformance::bench::Redis, *};
use crate::clock;

/// How long a test waits for what must happen: far longer than anything takes.
const DEADLINE: Duration = Duration::from_mins(4);

/// The status, once it is `ok` or not.
async fn until(state: &State, ok: bool) -> Status {
    let asked = clock::instant();
    loop {
        let status = state.status().await;
        if status.ok == ok {
            return status;
        }
        assert!(asked.elapsed() < DEADLINE, "not {ok} within {DEADLINE:?}");
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
    assert_eq!(until(&state, true).await, Status { backend: "redis", ok: true, ..Status::default() });

    drop(first);
    until(&state, false).await;
    let mut times = Vec::new();
    for _ in 0..3 {
        let asked = clock::instant();
        state.status().await;
        times.push(asked.elapsed());
    }
    // A machine that stands still does not do so three times.
    assert!(times.iter().min() < Some(&Duration::from_secs(2)), "looks at a dead Redis took {times:?}");

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
    // It would never end.
    assert!(asked.elapsed() < Duration::from_secs(30), "{:?}", asked.elapsed());
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
