//! What holds in any interleaving of steps, settlements, releases, resets, changes of limits and jumps of the clock.

use proptest::{
    collection::vec,
    prelude::any,
    test_runner::{Config, TestRunner},
};

use super::{
    bench::{Bench, HOUR, MINUTE, T0},
    model::{Action, Dice, Model, play},
};
use crate::{
    domain::{
        id::{KeyId, ProviderId, UserId},
        limit::Subject,
    },
    state::step::{Answer, Check, Span, Step},
};

/// Plays `n_cases` random plays of at most `n_actions`.
fn for_all(n_cases: u32, n_actions: usize, may_go_back: bool, check: impl Fn(Vec<Action>)) {
    let config = Config { cases: n_cases, failure_persistence: None, ..Config::default() };
    let dice = vec(any::<Dice>(), 1..n_actions);
    TestRunner::new(config)
        .run(&dice, |dice| {
            check(play(&dice, may_go_back));
            Ok(())
        })
        .unwrap();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// No admission was granted that makes settled + reserved exceed a limit.
fn assert_within(model: &Model, step: &Step) {
    for check in &step.checks {
        if let Check::Money { subject, span, limit, .. } = check {
            let (settled, reserved) = model.money(*subject, *span);
            assert!(settled + reserved <= *limit, "{check:?}: {settled} settled, {reserved} reserved");
        }
    }
}

async fn memory_is_like_the_model(actions: Vec<Action>) {
    let (bench, mut model) = (Bench::memory(), Model::default());
    for action in actions {
        match action {
            Action::Take(mut step) => {
                // The model knows no sessions.
                step.session = None;
                step.checks.retain(|check| !matches!(check, Check::Sessions { .. }));
                let answer = bench.take(&step).await;
                let was_held = model.holds(step.lease);
                assert_eq!(answer, model.take(&step), "{step:?}");
                if matches!(answer, Answer::Taken(_)) && !was_held {
                    assert_within(&model, &step);
                }
            }
            Action::Settle(settlement) => {
                model.settle(&settlement);
                bench.settle(settlement).await;
            }
            Action::Release(release) => {
                model.release(release);
                bench.state.release(release);
            }
            Action::Reset(subject, reset_ms) => {
                model.reset(subject, reset_ms);
                bench.state.reset(subject, reset_ms).await.unwrap();
            }
            Action::Renew(_) | Action::EndSession(..) => {}
        }
    }
}

#[test]
fn memory_answers_as_the_model_does() {
    let runtime = runtime();
    for_all(400, 150, false, |actions| runtime.block_on(memory_is_like_the_model(actions)));
}

#[test]
fn a_clock_that_goes_back_changes_no_money() {
    let runtime = runtime();
    for_all(400, 150, true, |actions| runtime.block_on(memory_is_like_the_model(actions)));
}

/// All that can be seen of a state.
async fn sight(bench: &Bench, now_ms: i64) -> String {
    // No window of minutes is longer than a day: older ones are let go.
    let day = Span::Minutes((now_ms - 25 * HOUR) / MINUTE);
    let spans = [Span::All, Span::FiveHoursFixed(now_ms), Span::Quarters(T0 / (15 * MINUTE)), day];
    let mut sight = Vec::new();
    for subject in
        [Subject::Key(KeyId(1)), Subject::Key(KeyId(2)), Subject::User(UserId(1)), Subject::Provider(ProviderId(1))]
    {
        sight.push(format!("{subject} {:?}", bench.usage(subject, &spans, now_ms).await));
    }
    sight.push(format!("{:?}", bench.state.sessions(now_ms).await.unwrap()));
    sight.join("\n")
}

async fn redis_is_like_memory(redis: &Bench, actions: Vec<Action>) {
    let memory = Bench::memory();
    let mut now = T0;
    for action in actions {
        match action {
            Action::Take(step) => {
                now = step.now_ms;
                assert_eq!(redis.take(&step).await, memory.take(&step).await, "{step:?}");
            }
            Action::Settle(settlement) => {
                memory.state.settle(settlement.clone());
                redis.settle(settlement).await;
            }
            Action::Release(release) => {
                memory.state.release(release);
                redis.release(release.lease, release.now_ms, release.undo).await;
            }
            Action::Reset(subject, reset_ms) => {
                memory.state.reset(subject, reset_ms).await.unwrap();
                redis.state.reset(subject, reset_ms).await.unwrap();
            }
            Action::Renew(now_ms) => {
                now = now_ms;
                redis.renew(now_ms).await;
            }
            Action::EndSession(session, now_ms) => {
                let ended = memory.state.end_session(&session, now_ms).await;
                assert_eq!(redis.state.end_session(&session, now_ms).await, ended);
            }
        }
    }
    let (redis, memory) = (sight(redis, now).await, sight(&memory, now).await);
    assert!(redis == memory, "Redis:\n{redis}\nmemory:\n{memory}");
}

#[test]
fn redis_answers_as_memory_does() {
    let runtime = runtime();
    for (n_cases, may_go_back) in [(60, false), (20, true)] {
        let redis = runtime.block_on(Bench::redis());
        for_all(n_cases, 120, may_go_back, |actions| {
            runtime.block_on(async {
                redis.begin_anew().await;
                redis_is_like_memory(&redis, actions).await;
            });
        });
    }
}
