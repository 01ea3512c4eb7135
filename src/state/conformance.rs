//! What both backends are held to. Every case runs against memory and against a real Redis.

/// Runs each case on both backends.
macro_rules! on_both {
    ($($case:ident),* $(,)?) => {$(
        mod $case {
            use crate::state::conformance::bench::Bench;

            #[tokio::test]
            async fn memory() {
                super::$case(Bench::memory()).await;
            }

            #[tokio::test]
            async fn redis() {
                super::$case(Bench::redis().await).await;
            }
        }
    )*};
}

pub(super) mod bench;
mod laws;
mod limits;
mod model;
mod outages;
mod queue;
mod rates;
mod resets;
mod sessions;
