//! Calls and tokens of the last minute.

use std::sync::Arc;

use super::bench::{Bench, KEY, MINUTE, PROVIDER, SECOND, T0, USER, cost, lease, nothing, session, step};
use crate::{
    domain::id::{CallId, ProviderId, UserId},
    state::step::{Bind, Binding, Check, LeaseId, SessionKey, SessionUse, Settlement, Step, Take},
};

on_both! {
    a_second_leaves_when_its_end_leaves,
    estimated_tokens_become_those_that_were_used,
    an_attempt_without_tokens_leaves_the_estimate_to_the_next,
    tokens_may_be_known_after_the_call_has_ended,
    what_is_undone_was_never_there,
    corrections_of_what_has_left_change_nothing,
    what_the_cache_is_expected_to_serve_counts_in_no_rate,
    no_tokens_a_minute_let_nothing_pass_whatever_is_cached,
}

/// A call of the key and its user with so many estimated tokens.
fn call(now_ms: i64, tokens: u64) -> Step {
    let takes = [KEY, USER].map(|subject| Take { request: true, rate: Some(tokens), ..nothing(subject) });
    Step { takes: takes.to_vec(), ..step(now_ms) }
}

fn attempt(now_ms: i64, tokens: u64) -> Step {
    Step { takes: vec![Take { request: true, rate: Some(tokens), ..nothing(PROVIDER) }], ..step(now_ms) }
}

fn used(attempt: &Step, call: LeaseId, tokens: u64, now_ms: i64) -> Settlement {
    Settlement { call, now_ms, tokens, ..cost(attempt.lease, T0, 0) }
}

async fn tokens(bench: &Bench, now_ms: i64) -> [u64; 3] {
    let mut tokens = [0; 3];
    for (tokens, subject) in tokens.iter_mut().zip([KEY, USER, PROVIDER]) {
        *tokens = bench.usage(subject, &[], now_ms).await.tpm;
    }
    tokens
}

async fn a_second_leaves_when_its_end_leaves(bench: Bench) {
    let limited = |now_ms| Step {
        checks: vec![Check::Rpm { subject: KEY, limit: 2 }, Check::Tpm { subject: KEY, limit: 100, tokens: 30 }],
        ..call(now_ms, 30)
    };
    assert_eq!(bench.taken(&limited(T0 + 999)).await.remaining, [1, 70]);
    assert_eq!(bench.taken(&limited(T0 + SECOND)).await.remaining, [0, 40]);
    for now in [T0 + 2 * SECOND, T0 + MINUTE, T0 + 61 * SECOND - 1] {
        let refusal = bench.refused(&limited(now)).await;
        assert_eq!((refusal.used, refusal.frees_at_ms), (2, Some(T0 + 61 * SECOND)));
    }
    assert_eq!(bench.taken(&limited(T0 + 61 * SECOND)).await.remaining, [0, 40]);
    assert_eq!(bench.refused(&limited(T0 + 62 * SECOND - 1)).await.frees_at_ms, Some(T0 + 62 * SECOND));
    let usage = bench.usage(KEY, &[], T0 + 62 * SECOND).await;
    assert_eq!((usage.rpm, usage.rpm_leaves_ms.is_some_and(|at| at > T0 + 62 * SECOND)), (1, true));
    let usage = bench.usage(KEY, &[], T0 + 200 * SECOND).await;
    assert_eq!((usage.rpm, usage.rpm_leaves_ms, usage.tpm_leaves_ms), (0, None, None));
    // What is more than the limit never passes, also when nothing is used.
    let huge = Step { checks: vec![Check::Tpm { subject: USER, limit: 10, tokens: 11 }], ..step(T0 + 300 * SECOND) };
    assert_eq!(bench.refused(&huge).await.frees_at_ms, None);
}

async fn estimated_tokens_become_those_that_were_used(bench: Bench) {
    let (call, attempt) = (call(T0, 100), attempt(T0 + SECOND, 100));
    bench.taken(&call).await;
    bench.taken(&attempt).await;
    assert_eq!(tokens(&bench, T0).await, [100, 100, 100]);
    bench.settle(used(&attempt, call.lease, 30, T0 + 2 * SECOND)).await;
    assert_eq!(tokens(&bench, T0 + 2 * SECOND).await, [30, 30, 30]);
    bench.release(call.lease, T0 + 2 * SECOND, false).await;
    assert_eq!(tokens(&bench, T0 + 2 * SECOND).await, [30, 30, 30]);
    assert_eq!(tokens(&bench, T0 + 61 * SECOND).await, [0, 0, 30], "each in its second");
}

async fn an_attempt_without_tokens_leaves_the_estimate_to_the_next(bench: Bench) {
    let call = call(T0, 100);
    bench.taken(&call).await;
    let (failed, second, third) = (attempt(T0, 100), attempt(T0, 100), attempt(T0, 100));
    for attempt in [&failed, &second, &third] {
        bench.taken(attempt).await;
    }
    bench.settle(used(&failed, call.lease, 0, T0)).await;
    assert_eq!(tokens(&bench, T0).await, [100, 100, 200]);
    bench.settle(used(&second, call.lease, 150, T0)).await;
    bench.settle(used(&third, call.lease, 20, T0)).await;
    assert_eq!(tokens(&bench, T0).await, [170, 170, 170]);
    bench.release(call.lease, T0, false).await;
    assert_eq!(tokens(&bench, T0).await, [170, 170, 170]);
}

async fn tokens_may_be_known_after_the_call_has_ended(bench: Bench) {
    let (served, failed) = (call(T0, 100), call(T0, 1_000));
    let (drained, lost) = (attempt(T0, 0), attempt(T0, 0));
    for step in [&served, &failed, &drained, &lost] {
        bench.taken(step).await;
    }
    // The client has left: its call is over, the attempt goes on.
    bench.release(served.lease, T0, false).await;
    assert_eq!(tokens(&bench, T0).await, [1_100, 1_100, 0]);
    bench.settle(used(&drained, served.lease, 40, T0 + SECOND)).await;
    assert_eq!(tokens(&bench, T0).await, [1_040, 1_040, 40]);
    // No attempt has used any.
    bench.settle(used(&lost, failed.lease, 0, T0)).await;
    bench.release(failed.lease, T0, false).await;
    assert_eq!(tokens(&bench, T0).await, [40, 40, 40]);
}

async fn what_is_undone_was_never_there(bench: Bench) {
    let (stays, undone) = (call(T0, 5), call(T0, 100));
    bench.taken(&stays).await;
    bench.taken(&undone).await;
    bench.release(undone.lease, T0 + SECOND, true).await;
    let usage = bench.usage(KEY, &[], T0 + SECOND).await;
    assert_eq!((usage.requests, usage.rpm, usage.tpm), (1, 1, 5));
}

async fn corrections_of_what_has_left_change_nothing(bench: Bench) {
    let (early, late) = (call(T0, 100), call(T0 + 70 * SECOND, 7));
    let attempt = attempt(T0, 100);
    bench.taken(&early).await;
    bench.taken(&attempt).await;
    bench.taken(&late).await;
    bench.settle(used(&attempt, early.lease, 900, T0 + 70 * SECOND)).await;
    bench.settle(used(&step(T0), lease(), 900, T0 + 70 * SECOND)).await;
    assert_eq!(tokens(&bench, T0 + 70 * SECOND).await, [7, 7, 0]);
}

/// A call of a session with 100 tokens, so many of them of its prompt, within a limit of tokens.
fn asked(talk: &Arc<SessionKey>, now_ms: i64, cacheable: u64, limit: u64) -> Step {
    let tokens = 100;
    Step {
        checks: vec![Check::Tpm { subject: KEY, limit, tokens }, Check::Rpm { subject: KEY, limit: 9 }],
        session: Some(SessionUse { session: Arc::clone(talk), user_id: UserId(2), active_ms: MINUTE }),
        cacheable,
        ..call(now_ms, tokens)
    }
}

async fn what_the_cache_is_expected_to_serve_counts_in_no_rate(bench: Bench) {
    let talk = Arc::new(session(1, "talk"));
    let asked = |now_ms, cacheable, limit| asked(&talk, now_ms, cacheable, limit);
    // Nobody knows of a cache yet.
    assert_eq!(bench.refused(&asked(T0, 90, 99)).await.check, 0);
    let first = asked(T0, 90, 100);
    assert_eq!(bench.taken(&first).await.remaining, [0, 8]);
    let binding = Binding { provider_id: ProviderId(3), call_id: CallId(first.lease.0), cached_tokens: 80 };
    let bind = Bind { session: Arc::clone(&talk), binding, ttl_ms: 5 * MINUTE };
    let attempt = attempt(T0, 100);
    bench.taken(&attempt).await;
    bench.settle(Settlement { bind: Some(bind), ..used(&attempt, first.lease, 95, T0) }).await;
    bench.release(first.lease, T0, false).await;
    // A step that is refused has taken nothing; one that fits counts without what the cache has.
    assert_eq!(bench.refused(&asked(T0, 90, 114)).await.used, 95);
    let second = asked(T0, 90, 115);
    let known = bench.taken(&second).await;
    assert_eq!((known.binding, known.remaining), (Some(binding), vec![0, 7]));
    assert_eq!(tokens(&bench, T0).await, [115, 115, 95]);
    // No more than the prompt has.
    let third = asked(T0, 30, 1_000);
    bench.taken(&third).await;
    assert_eq!(tokens(&bench, T0).await, [185, 185, 95]);
    // What is settled or undone takes back what was counted.
    bench.settle(used(&step(T0), second.lease, 40, T0)).await;
    assert_eq!(tokens(&bench, T0).await, [205, 205, 95]);
    bench.release(third.lease, T0, true).await;
    assert_eq!(tokens(&bench, T0).await, [135, 135, 95]);
    // Where it goes is known no more: all of it counts again.
    bench.taken(&asked(T0 + 6 * MINUTE, 90, 100)).await;
    assert_eq!(tokens(&bench, T0 + 6 * MINUTE).await, [100, 100, 0]);
}

async fn no_tokens_a_minute_let_nothing_pass_whatever_is_cached(bench: Bench) {
    let talk = Arc::new(session(1, "talk"));
    let binding = Binding { provider_id: ProviderId(3), call_id: CallId(lease().0), cached_tokens: 1_000 };
    let bind = Bind { session: Arc::clone(&talk), binding, ttl_ms: 5 * MINUTE };
    bench.settle(Settlement { bind: Some(bind), ..used(&attempt(T0, 100), lease(), 0, T0) }).await;
    assert_eq!(bench.refused(&asked(&talk, T0, 100, 0)).await.check, 0);
    assert_eq!(tokens(&bench, T0).await, [0, 0, 0]);
    // One token is what is asked for, and what is counted until the call is settled.
    let only = asked(&talk, T0, 100, 1);
    let known = bench.taken(&only).await;
    assert_eq!((known.binding, known.remaining), (Some(binding), vec![0, 8]));
    assert_eq!(tokens(&bench, T0).await, [1, 1, 0]);
    assert_eq!(bench.refused(&asked(&talk, T0, 100, 1)).await.used, 1);
    bench.release(only.lease, T0, true).await;
    assert_eq!(tokens(&bench, T0).await, [0, 0, 0]);
}
