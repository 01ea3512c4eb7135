//! Waiting, always bounded.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use tokio::runtime::{Handle, Runtime};

/// How long a test waits for anything before it fails: far longer than anything takes on a busy machine.
pub const DEADLINE: Duration = Duration::from_mins(4);

/// How long a test waits before it asks again: a share of the time that it has waited, within these bounds.
const PAUSE: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(50);

/// Waits for `future`, or fails saying `what` did not happen.
pub async fn within<F: Future>(what: &str, future: F) -> F::Output {
    tokio::time::timeout(DEADLINE, future).await.unwrap_or_else(|_| panic!("{what}: not within {DEADLINE:?}"))
}

/// Asks again and again until there is an answer, or fails saying `what` did not happen.
pub async fn until<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    until_or(|| what, ask).await
}

/// The same, where only the end knows what to say.
pub async fn until_or<T, W: std::fmt::Display>(what: impl Fn() -> W, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = ask().await {
            return value;
        }
        let waited = began.elapsed();
        assert!(waited < DEADLINE, "{}: not within {DEADLINE:?}", what());
        tokio::time::sleep((waited / 8).clamp(PAUSE, PAUSE_MAX)).await;
    }
}

/// Where servers of the harness run: each test has a runtime of its own, which ends with it.
pub fn background() -> &'static Handle {
    static RUNTIME: LazyLock<Runtime> =
        LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());
    RUNTIME.handle()
}
