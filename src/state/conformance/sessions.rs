//! Sessions: who is active, and where they go.

use std::sync::Arc;

use uuid::Uuid;

use super::bench::{
    Bench, HOUR, KEY, MINUTE, PROVIDER, SECOND, T0, USER, call_of, cost, lease, nothing, session, step,
};
use crate::{
    domain::{
        id::{CallId, ProviderId, UserId},
        limit::Subject,
    },
    state::step::{ActiveSession, Bind, Binding, Check, SessionKey, Settlement, Span, Step, Take},
};

on_both! {
    sessions_are_counted_for_keys_users_and_providers,
    a_session_stays_active_for_a_while,
    a_stream_that_is_longer_keeps_its_place,
    a_derived_session_is_active_only_while_it_runs,
    an_undone_call_leaves_its_session_as_it_was,
    what_did_not_serve_keeps_no_session,
    a_binding_lasts_while_it_is_used,
    a_slow_call_does_not_overwrite_a_newer_binding,
    an_ended_session_begins_anew,
    sessions_are_listed,
}

fn limited(step: Step, subject: Subject, limit: u32) -> Step {
    Step { checks: vec![Check::Sessions { subject, limit }], ..step }
}

/// Tokens that a provider has cached after a success.
const CACHED: u64 = 20_480;

/// A success of a call that binds its session to a provider.
fn success(session: &SessionKey, provider: i64, call_id: CallId, at_ms: i64, now_ms: i64) -> Settlement {
    let binding = Binding { provider_id: ProviderId(provider), call_id, cached_tokens: CACHED };
    let bind = Some(Bind { session: Arc::new(session.clone()), binding, ttl_ms: 5 * MINUTE });
    Settlement { now_ms, bind, ..cost(lease(), at_ms, 0) }
}

async fn binding(bench: &Bench, session: &SessionKey, now_ms: i64) -> Option<i64> {
    let look = Step { takes: vec![], ..call_of(session, 2, now_ms) };
    bench.taken(&look).await.binding.map(|binding| binding.provider_id.0)
}

async fn sessions_are_counted_for_keys_users_and_providers(bench: Bench) {
    let (here, there) = (session(1, "same"), session(9, "same"));
    let first = call_of(&here, 2, T0);
    bench.taken(&limited(first.clone(), KEY, 1)).await;
    // It is active: more calls of it are no more sessions.
    bench.taken(&limited(call_of(&here, 2, T0), KEY, 1)).await;
    assert_eq!(bench.refused(&limited(call_of(&session(1, "other"), 2, T0), KEY, 1)).await.used, 1);
    // Another key's is another one, and both are its user's.
    assert_eq!(bench.refused(&limited(call_of(&there, 2, T0), USER, 1)).await.used, 1);
    bench.taken(&limited(call_of(&there, 2, T0), USER, 2)).await;
    assert_eq!(bench.usage(USER, &[], T0).await.sessions, 2);
    assert_eq!(bench.usage(KEY, &[], T0).await.sessions, 1);
    // A call without a session can only be one more.
    bench.refused(&limited(step(T0), KEY, 1)).await;

    let at_provider = |session: &SessionKey| Step {
        takes: vec![Take { session: true, ..nothing(PROVIDER) }],
        ..limited(call_of(session, 2, T0), PROVIDER, 1)
    };
    bench.taken(&at_provider(&here)).await;
    bench.taken(&at_provider(&here)).await;
    bench.refused(&at_provider(&there)).await;
    assert_eq!(bench.usage(PROVIDER, &[], T0).await.sessions, 1);
}

async fn a_session_stays_active_for_a_while(bench: Bench) {
    let (one, two) = (session(1, "one"), session(1, "two"));
    let first = call_of(&one, 2, T0);
    bench.taken(&first).await;
    bench.release(first.lease, T0 + MINUTE, false).await;
    let ends = T0 + 6 * MINUTE;
    bench.refused(&limited(call_of(&two, 2, ends - 1), KEY, 1)).await;
    assert_eq!(bench.usage(KEY, &[], ends - 1).await.sessions, 1);
    let second = limited(call_of(&two, 2, ends), KEY, 1);
    bench.taken(&second).await;
    assert_eq!(bench.usage(KEY, &[], ends).await.sessions, 1);
    // Whoever sleeps must queue again.
    bench.refused(&limited(call_of(&one, 2, ends), KEY, 1)).await;
}

async fn a_stream_that_is_longer_keeps_its_place(bench: Bench) {
    let long = call_of(&session(1, "long"), 2, T0);
    bench.taken(&long).await;
    for n in 1..200 {
        bench.renew(T0 + n * 10 * SECOND).await;
    }
    let now = T0 + 1_990 * SECOND;
    bench.refused(&limited(call_of(&session(1, "two"), 2, now), KEY, 1)).await;
    let usage = bench.usage(KEY, &[], now).await;
    assert_eq!((usage.requests, usage.sessions), (1, 1));
    bench.release(long.lease, now, false).await;
    assert_eq!(bench.usage(KEY, &[], now + 5 * MINUTE - 1).await.sessions, 1);
    assert_eq!(bench.usage(KEY, &[], now + 5 * MINUTE).await.sessions, 0);
}

async fn a_derived_session_is_active_only_while_it_runs(bench: Bench) {
    let mut derived = call_of(&session(1, "hash"), 2, T0);
    if let Some(used) = derived.session.as_mut() {
        used.active_ms = 0;
    }
    let mut again = derived.clone();
    again.lease = lease();
    bench.taken(&limited(derived.clone(), KEY, 1)).await;
    bench.taken(&limited(again.clone(), KEY, 1)).await;
    bench.release(derived.lease, T0, false).await;
    assert_eq!(bench.usage(KEY, &[], T0).await.sessions, 1);
    bench.release(again.lease, T0, false).await;
    assert_eq!(bench.usage(KEY, &[], T0).await.sessions, 0);
    assert_eq!(bench.state.sessions(T0).await, Ok(vec![]));
}

async fn an_undone_call_leaves_its_session_as_it_was(bench: Bench) {
    let fresh = call_of(&session(1, "fresh"), 2, T0);
    bench.taken(&fresh).await;
    bench.release(fresh.lease, T0, true).await;
    assert_eq!(bench.usage(KEY, &[], T0).await.sessions, 0);
    assert_eq!(bench.state.sessions(T0).await, Ok(vec![]));

    let known = session(1, "known");
    let first = call_of(&known, 2, T0);
    bench.taken(&first).await;
    bench.release(first.lease, T0, false).await;
    let undone = call_of(&known, 2, T0 + 4 * MINUTE);
    bench.taken(&undone).await;
    bench.release(undone.lease, T0 + 4 * MINUTE, true).await;
    let listed = bench.state.sessions(T0 + 4 * MINUTE).await.unwrap();
    assert_eq!(listed[0].calls, 1);
    assert_eq!(bench.usage(KEY, &[], T0 + 5 * MINUTE - 1).await.sessions, 1);
    assert_eq!(bench.usage(KEY, &[], T0 + 5 * MINUTE).await.sessions, 0);
}

async fn what_did_not_serve_keeps_no_session(bench: Bench) {
    let here = session(1, "a");
    let attempt = |now_ms: i64| Step {
        takes: vec![Take { request: true, session: true, rate: Some(10), money: 5, ..nothing(PROVIDER) }],
        ..call_of(&here, 2, now_ms)
    };
    let end = |attempt: &Step, served: bool, now_ms: i64| Settlement {
        now_ms,
        tokens: 7,
        served,
        subjects: vec![(PROVIDER, 0)],
        ..cost(attempt.lease, attempt.now_ms, 3)
    };
    let n_active = async |now_ms: i64| bench.usage(PROVIDER, &[], now_ms).await.sessions;

    let failed = attempt(T0);
    bench.taken(&failed).await;
    assert_eq!(n_active(T0).await, 1, "it runs");
    bench.settle(end(&failed, false, T0 + SECOND)).await;
    let usage = bench.usage(PROVIDER, &[Span::All], T0 + SECOND).await;
    assert_eq!(usage.sessions, 0);
    // Everything else is settled as if it had served.
    assert_eq!((usage.settled, usage.reserved, usage.requests, usage.rpm, usage.tpm), (vec![3], 0, 0, 1, 7));

    // Another attempt of the session runs there, and serves: its time counts, whatever fails before and after its end.
    let (served, failed) = (attempt(T0 + MINUTE), attempt(T0 + MINUTE));
    bench.taken(&served).await;
    bench.taken(&failed).await;
    bench.settle(end(&failed, false, T0 + 2 * MINUTE)).await;
    assert_eq!(n_active(T0 + 2 * MINUTE).await, 1, "the other one runs");
    bench.settle(end(&served, true, T0 + 3 * MINUTE)).await;
    let failed = attempt(T0 + 4 * MINUTE);
    bench.taken(&failed).await;
    bench.settle(end(&failed, false, T0 + 5 * MINUTE)).await;
    assert_eq!(n_active(T0 + 8 * MINUTE - 1).await, 1);
    assert_eq!(n_active(T0 + 8 * MINUTE).await, 0);
}

async fn a_binding_lasts_while_it_is_used(bench: Bench) {
    let here = session(1, "a");
    assert_eq!(binding(&bench, &here, T0).await, None);
    bench.settle(success(&here, 3, CallId::fresh(), T0, T0)).await;
    for minute in [1, 5, 9, 13] {
        assert_eq!(binding(&bench, &here, T0 + minute * MINUTE).await, Some(3), "{minute}");
    }
    assert_eq!(binding(&bench, &session(9, "a"), T0).await, None, "two keys never share one");
    assert_eq!(binding(&bench, &here, T0 + 18 * MINUTE).await, None);
}

async fn a_slow_call_does_not_overwrite_a_newer_binding(bench: Bench) {
    let here = session(1, "a");
    let (slow, fast) = (CallId(Uuid::now_v7()), CallId(Uuid::now_v7()));
    assert!(slow < fast);
    bench.settle(success(&here, 4, fast, T0, T0 + SECOND)).await;
    bench.settle(success(&here, 3, slow, T0, T0 + 2 * SECOND)).await;
    assert_eq!(binding(&bench, &here, T0 + 2 * SECOND).await, Some(4));
    // The same call may: another attempt of it has served it.
    bench.settle(success(&here, 5, fast, T0, T0 + 3 * SECOND)).await;
    assert_eq!(binding(&bench, &here, T0 + 3 * SECOND).await, Some(5));
    // What has ended stands in nobody's way.
    bench.settle(success(&here, 3, slow, T0, T0 + HOUR)).await;
    assert_eq!(binding(&bench, &here, T0 + HOUR).await, Some(3));
}

async fn an_ended_session_begins_anew(bench: Bench) {
    let here = session(1, "a");
    assert_eq!(bench.state.end_session(&here, T0).await, Ok(false));
    let (done, running) = (call_of(&here, 2, T0), call_of(&here, 2, T0));
    bench.taken(&done).await;
    bench.release(done.lease, T0, false).await;
    bench.settle(success(&here, 3, CallId::fresh(), T0, T0)).await;
    bench.taken(&running).await;

    assert_eq!(bench.state.end_session(&here, T0 + SECOND).await, Ok(true));
    // The call goes on, and counts.
    let usage = bench.usage(KEY, &[], T0 + SECOND).await;
    assert_eq!((usage.requests, usage.sessions), (1, 1));
    assert_eq!(binding(&bench, &here, T0 + SECOND).await, None);
    // It does not bind the session again, nor keep it awake.
    bench.settle(success(&here, 3, CallId::fresh(), T0, T0 + 2 * SECOND)).await;
    assert_eq!(binding(&bench, &here, T0 + 2 * SECOND).await, None);
    bench.release(running.lease, T0 + 2 * SECOND, false).await;
    assert_eq!(bench.usage(KEY, &[], T0 + 2 * SECOND).await.sessions, 0);
    assert_eq!(bench.usage(USER, &[], T0 + 2 * SECOND).await.sessions, 0);
    assert_eq!(bench.state.sessions(T0 + 2 * SECOND).await, Ok(vec![]));
    assert_eq!(bench.state.end_session(&here, T0 + 3 * SECOND).await, Ok(false));
    // A later one does.
    let later = T0 + 4 * SECOND;
    bench.settle(success(&here, 4, CallId::fresh(), later, later)).await;
    assert_eq!(binding(&bench, &here, later).await, Some(4));
}

async fn sessions_are_listed(bench: Bench) {
    // As long as it may be, and not made of letters only.
    let (first, second) = (session(1, &"é %s:\"x\"".repeat(20)), session(9, "b"));
    let call = call_of(&first, 2, T0);
    bench.taken(&call).await;
    bench.release(call.lease, T0 + SECOND, false).await;
    bench.taken(&call_of(&first, 2, T0 + 2 * SECOND)).await;
    bench.taken(&call_of(&second, 7, T0 + SECOND)).await;
    let call_id = CallId::fresh();
    bench.settle(success(&first, 3, call_id, T0, T0)).await;
    let listed = bench.state.sessions(T0 + 3 * SECOND).await.unwrap();
    let bound = Some(Binding { provider_id: ProviderId(3), call_id, cached_tokens: CACHED });
    let expected = [
        ActiveSession {
            session: second,
            user_id: UserId(7),
            binding: None,
            began_ms: T0 + SECOND,
            seen_ms: T0 + SECOND,
            in_flight: 1,
            calls: 1,
        },
        ActiveSession {
            session: first,
            user_id: UserId(2),
            binding: bound,
            began_ms: T0,
            seen_ms: T0 + 2 * SECOND,
            in_flight: 1,
            calls: 2,
        },
    ];
    assert_eq!(listed, expected);
    for n in 0..1_100 {
        bench.taken(&call_of(&session(1, &n.to_string()), 2, T0 + 4 * SECOND)).await;
    }
    assert_eq!(bench.state.sessions(T0 + 4 * SECOND).await.unwrap().len(), 1_102);
}
