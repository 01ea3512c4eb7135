//! Steps, money and places.

use super::bench::{
    Bench, HOUR, KEY, MINUTE, PROVIDER, SECOND, T0, USER, call_of, cost, lease, money, nothing, session, spend, step,
};
use crate::{
    domain::limit::Limited,
    state::step::{Answer, Check, Refusal, Settlement, Span, Step, Sums, Take},
};

on_both! {
    the_first_check_that_fails_is_the_answer,
    a_refused_step_takes_nothing,
    nothing_counts_twice,
    a_reservation_counts_until_it_is_settled_or_released,
    a_hundred_at_once_never_overshoot,
    buckets_leave_their_windows,
    windows_may_change_and_go_back,
    five_fixed_hours_begin_with_the_first_call,
    the_five_hours_of_a_call_that_waited_began_with_it,
    a_call_does_not_leave_the_window_in_which_it_began,
    five_hours_that_have_ended_count_for_calls_that_began_in_them,
    places_are_given_back,
    usage_says_where_a_window_begins,
    a_limit_that_changes_holds_at_once,
}

async fn the_first_check_that_fails_is_the_answer(bench: Bench) {
    let held = Step {
        takes: vec![
            Take { request: true, session: true, rate: Some(50), money: 70, ..nothing(KEY) },
            Take { request: true, money: 30, ..nothing(USER) },
        ],
        ..call_of(&session(1, "a"), 2, T0)
    };
    bench.taken(&held).await;
    let now = T0 + 10 * SECOND;
    let no = Refusal { check: 0, used: 0, reserved: 0, frees_at_ms: None, oldest_ms: None };
    let checks = [
        (money(KEY, Limited::Total, Span::All, 99, 30), Refusal { reserved: 70, ..no }),
        (Check::Requests { subject: KEY, limit: 1 }, Refusal { used: 1, ..no }),
        (Check::Sessions { subject: KEY, limit: 1 }, Refusal { used: 1, ..no }),
        (Check::Rpm { subject: KEY, limit: 1 }, Refusal { used: 1, frees_at_ms: Some(T0 + 61 * SECOND), ..no }),
        (
            Check::Tpm { subject: KEY, limit: 60, tokens: 11 },
            Refusal { used: 50, frees_at_ms: Some(T0 + 61 * SECOND), ..no },
        ),
    ];
    // Each alone, and behind all that pass.
    let passes = vec![
        money(KEY, Limited::Total, Span::All, 100, 30),
        money(USER, Limited::Daily, Span::Quarters(T0 / 900_000), 30, 0),
        Check::Requests { subject: USER, limit: 2 },
        Check::Sessions { subject: KEY, limit: 2 },
        Check::Rpm { subject: KEY, limit: 2 },
        Check::Tpm { subject: KEY, limit: 60, tokens: 10 },
    ];
    for (check, refusal) in checks {
        assert_eq!(bench.refused(&Step { checks: vec![check.clone()], ..step(now) }).await, refusal);
        let behind = Step { checks: [passes.clone(), vec![check.clone(), check]].concat(), ..step(now) };
        assert_eq!(bench.refused(&behind).await, Refusal { check: 6, ..refusal });
    }
    let taken = bench.taken(&Step { checks: passes, ..step(now) }).await;
    assert_eq!(taken.remaining, [1, 10], "nothing was taken of them");
    let zero = Step { checks: vec![Check::Requests { subject: PROVIDER, limit: 0 }], ..step(now) };
    assert_eq!(bench.refused(&zero).await.used, 0, "0 lets nothing pass");
}

async fn a_refused_step_takes_nothing(bench: Bench) {
    let full = Step {
        checks: vec![
            money(KEY, Limited::Total, Span::All, 100, 10),
            Check::Rpm { subject: KEY, limit: 5 },
            Check::Requests { subject: PROVIDER, limit: 0 },
        ],
        takes: vec![Take { request: true, session: true, rate: Some(5), money: 10, ..nothing(KEY) }],
        ..call_of(&session(1, "a"), 2, T0)
    };
    assert_eq!(bench.refused(&full).await.check, 2);
    let usage = bench.usage(KEY, &[Span::All], T0).await;
    assert_eq!((usage.reserved, usage.requests, usage.sessions, usage.rpm, usage.tpm), (0, 0, 0, 0, 0));
    assert_eq!(bench.state.sessions(T0).await, Ok(vec![]));
    bench.release(full.lease, T0, false).await;
    assert_eq!(bench.money(KEY, T0).await, (0, 0));
}

async fn nothing_counts_twice(bench: Bench) {
    let once = Step {
        checks: vec![Check::Rpm { subject: KEY, limit: 1 }],
        takes: vec![Take { request: true, rate: Some(7), money: 10, ..nothing(KEY) }],
        ..step(T0)
    };
    for _ in 0..2 {
        assert_eq!(bench.taken(&once).await.remaining, [0]);
    }
    let usage = bench.usage(KEY, &[], T0).await;
    assert_eq!((usage.reserved, usage.requests, usage.rpm, usage.tpm), (10, 1, 1, 7));
    for _ in 0..2 {
        bench.settle(cost(once.lease, T0, 8)).await;
        assert_eq!(bench.money(KEY, T0).await, (8, 0));
    }
    bench.release(once.lease, T0, false).await;
    bench.release(once.lease, T0, true).await;
    let usage = bench.usage(KEY, &[Span::All], T0).await;
    assert_eq!((usage.settled, usage.reserved, usage.requests, usage.rpm), (vec![8], 0, 0, 1));
    // An attempt that was never taken here costs all the same, once.
    let unknown = lease();
    for _ in 0..2 {
        bench.settle(cost(unknown, T0, 5)).await;
    }
    assert_eq!(bench.money(KEY, T0).await, (13, 0));
}

async fn a_reservation_counts_until_it_is_settled_or_released(bench: Bench) {
    let (first, second, third) = (spend(T0, 40, 100), spend(T0, 40, 100), spend(T0, 40, 100));
    bench.taken(&first).await;
    bench.taken(&second).await;
    let refusal = bench.refused(&third).await;
    assert_eq!((refusal.used, refusal.reserved, refusal.frees_at_ms), (0, 80, None));
    bench.settle(cost(first.lease, T0, 20)).await;
    bench.taken(&third).await;
    assert_eq!(bench.money(KEY, T0).await, (20, 80));
    bench.release(second.lease, T0, false).await;
    assert_eq!(bench.money(KEY, T0).await, (20, 40));
    // A bill above its reservation counts whole.
    bench.settle(cost(third.lease, T0, 90)).await;
    assert_eq!(bench.refused(&spend(T0, 0, 100)).await.used, 110);
}

async fn a_hundred_at_once_never_overshoot(bench: Bench) {
    let steps: Vec<Step> = (0..100)
        .map(|_| Step {
            checks: vec![
                Check::Rpm { subject: KEY, limit: 50 },
                money(KEY, Limited::Daily, Span::Quarters(T0 / 900_000), 333, 10),
            ],
            takes: vec![Take { rate: Some(1), money: 10, ..nothing(KEY) }],
            ..step(T0)
        })
        .collect();
    let answers = futures_util::future::join_all(steps.iter().map(|step| bench.take(step))).await;
    let n_taken = answers.iter().filter(|answer| matches!(answer, Answer::Taken(_))).count();
    assert_eq!(n_taken, 33);
    let rated = |_| Step {
        checks: vec![Check::Rpm { subject: KEY, limit: 50 }],
        takes: vec![Take { rate: Some(1), ..nothing(KEY) }],
        ..step(T0)
    };
    let steps: Vec<Step> = (0..100).map(rated).collect();
    let answers = futures_util::future::join_all(steps.iter().map(|step| bench.take(step))).await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Answer::Taken(_))).count(), 17);
}

/// What is settled in a window of the key, as a refusal tells it.
pub(super) async fn settled(bench: &Bench, window: Limited, span: Span, now_ms: i64) -> i64 {
    let look = Step { checks: vec![money(KEY, window, span, -1, 0)], ..step(now_ms) };
    bench.refused(&look).await.used
}

async fn buckets_leave_their_windows(bench: Bench) {
    for (at, nanos) in [(T0, 1), (T0 + 59 * SECOND, 2), (T0 + MINUTE, 4), (T0 + 16 * MINUTE, 8), (T0 + HOUR, 16)] {
        bench.settle(cost(lease(), at, nanos)).await;
    }
    let minute = T0 / MINUTE;
    let now = T0 + HOUR;
    for (from, sum) in [(minute - 5, 31), (minute, 31), (minute + 1, 28), (minute + 2, 24), (minute + 60, 16)] {
        assert_eq!(settled(&bench, Limited::FiveHours, Span::Minutes(from), now).await, sum, "{from}");
    }
    let quarter = T0 / (15 * MINUTE);
    for (from, sum) in [(quarter - 700, 31), (quarter, 31), (quarter + 1, 24), (quarter + 2, 16), (quarter + 5, 0)] {
        assert_eq!(settled(&bench, Limited::Monthly, Span::Quarters(from), now).await, sum, "{from}");
    }
    // A sum that was asked for before knows of what comes later, also in an earlier bucket.
    bench.settle(cost(lease(), T0 + 59 * MINUTE, 32)).await;
    bench.settle(cost(lease(), T0 + 60 * MINUTE, 64)).await;
    assert_eq!(settled(&bench, Limited::FiveHours, Span::Minutes(minute + 60), now).await, 80);
    assert_eq!(settled(&bench, Limited::Monthly, Span::Quarters(quarter + 3), now).await, 112);
    assert_eq!(settled(&bench, Limited::Total, Span::All, now).await, 127);
}

async fn windows_may_change_and_go_back(bench: Bench) {
    for n in 0..50 {
        bench.settle(cost(lease(), T0 + n * 31 * MINUTE, 1)).await;
    }
    let now = T0 + 26 * HOUR;
    for from in [T0, T0 + 20 * HOUR, T0 + 3 * HOUR, T0 - 50 * HOUR, T0 + 26 * HOUR, T0] {
        let expected: i64 = (0..50).filter(|n| T0 + n * 31 * MINUTE >= from).count().try_into().unwrap();
        let spans = [Span::Minutes(from / MINUTE), Span::Quarters(from / (15 * MINUTE))];
        for span in spans {
            assert_eq!(settled(&bench, Limited::Daily, span, now).await, expected, "{span:?}");
        }
        let usage = bench.usage(KEY, &spans, now).await;
        assert_eq!(usage.settled, [expected; 2]);
    }
}

async fn five_fixed_hours_begin_with_the_first_call(bench: Bench) {
    let fixed = |now_ms, limit| Step {
        checks: vec![money(KEY, Limited::FiveHours, Span::FiveHoursFixed(now_ms), limit, 10)],
        takes: vec![Take { money: 10, ..nothing(KEY) }],
        ..step(now_ms)
    };
    // What is refused, and what costs nothing, begins nothing.
    assert_eq!(bench.refused(&fixed(T0, 9)).await.frees_at_ms, None);
    bench.taken(&step(T0)).await;
    assert_eq!(bench.usage(KEY, &[], T0).await.five_hours_ms, None);

    let began = T0 + 7 * MINUTE;
    let first = fixed(began + 30 * SECOND, 100);
    bench.taken(&first).await;
    bench.settle(cost(first.lease, began + 30 * SECOND, 60)).await;
    let ends = began + 5 * HOUR;
    let refusal = bench.refused(&fixed(ends - 1, 69)).await;
    assert_eq!((refusal.used, refusal.reserved, refusal.frees_at_ms), (60, 0, Some(ends)));
    assert_eq!(bench.usage(KEY, &[Span::FiveHoursFixed(ends - 1)], ends - 1).await.settled, [60]);

    // At its end all of it is free again; the next one begins when somebody comes.
    assert_eq!(bench.usage(KEY, &[Span::FiveHoursFixed(ends)], ends).await.settled, [0]);
    assert_eq!(bench.usage(KEY, &[], ends + HOUR).await.five_hours_ms, None);
    let second = fixed(ends + HOUR, 10);
    bench.taken(&second).await;
    assert_eq!(bench.usage(KEY, &[], ends + HOUR).await.five_hours_ms, Some(ends + HOUR));
    let refusal = bench.refused(&fixed(ends + HOUR, 10)).await;
    assert_eq!((refusal.reserved, refusal.frees_at_ms), (10, Some(ends + 6 * HOUR)));
    // A reset ends it.
    bench.state.reset(KEY, ends + 2 * HOUR).await.unwrap();
    assert_eq!(bench.usage(KEY, &[], ends + 2 * HOUR).await.five_hours_ms, None);
}

async fn the_five_hours_of_a_call_that_waited_began_with_it(bench: Bench) {
    let span = |at_ms| [Span::FiveHoursFixed(at_ms)];
    let waited = Step { takes: vec![Take { money: 10, ..nothing(KEY) }], ..step(T0 + 3 * MINUTE) };
    bench.taken(&waited).await;
    bench.settle(cost(waited.lease, T0 + SECOND, 7)).await;
    let usage = bench.usage(KEY, &span(T0 + 3 * MINUTE), T0 + 3 * MINUTE).await;
    assert_eq!((usage.settled, usage.five_hours_ms), (vec![7], Some(T0)));
    // But never before the end of the one before.
    let next = Step { takes: vec![Take { money: 10, ..nothing(KEY) }], ..step(T0 + 5 * HOUR + MINUTE) };
    bench.taken(&next).await;
    bench.settle(cost(next.lease, T0 + 5 * HOUR - MINUTE, 5)).await;
    let now = T0 + 5 * HOUR + MINUTE;
    let usage = bench.usage(KEY, &span(now), now).await;
    assert_eq!((usage.settled, usage.five_hours_ms), (vec![0], Some(now)));
}

/// A call is looked at in the windows in which its cost will count, however long it waits before that.
async fn a_call_does_not_leave_the_window_in_which_it_began(bench: Bench) {
    let (began, now) = (T0 + 24 * HOUR - MINUTE, T0 + 24 * HOUR + MINUTE);
    let (yesterday, today) = (T0 / MINUTE, T0 / MINUTE + 24 * 60);
    let daily = |from, limit| Step {
        checks: vec![money(KEY, Limited::Daily, Span::Minutes(from), limit, 10)],
        takes: vec![Take { money: 10, ..nothing(KEY) }],
        ..step(now)
    };
    bench.settle(cost(lease(), began, 95)).await;
    bench.settle(cost(lease(), now, 3)).await;
    // Today there would be room, but what it costs counts yesterday.
    assert_eq!(bench.refused(&daily(yesterday, 100)).await.used, 98);
    let waited = daily(yesterday, 108);
    bench.taken(&waited).await;
    bench.settle(Settlement { now_ms: now, ..cost(waited.lease, began, 10) }).await;
    assert_eq!(bench.refused(&daily(yesterday, 117)).await.used, 108);
    bench.taken(&daily(today, 13)).await;
}

async fn five_hours_that_have_ended_count_for_calls_that_began_in_them(bench: Bench) {
    let ends = T0 + 5 * HOUR;
    let at = |at_ms, now_ms, limit| Step {
        checks: vec![money(KEY, Limited::FiveHours, Span::FiveHoursFixed(at_ms), limit, 10)],
        takes: vec![Take { money: 10, ..nothing(KEY) }],
        ..step(now_ms)
    };
    bench.settle(cost(lease(), T0, 60)).await;
    let refusal = bench.refused(&at(ends - 1, ends + MINUTE, 69)).await;
    assert_eq!((refusal.used, refusal.frees_at_ms), (60, Some(ends)));
    // The next ones begin: who began before still belongs to the last ones, and what came since counts with them.
    let next = at(ends + MINUTE, ends + MINUTE, 10);
    bench.taken(&next).await;
    bench.settle(cost(next.lease, ends + MINUTE, 5)).await;
    let refusal = bench.refused(&at(ends - 1, ends + 2 * MINUTE, 74)).await;
    assert_eq!((refusal.used, refusal.frees_at_ms), (65, Some(ends)));
    let waited = at(ends - 1, ends + 2 * MINUTE, 75);
    bench.taken(&waited).await;
    bench.settle(Settlement { now_ms: ends + 2 * MINUTE, ..cost(waited.lease, ends - 1, 10) }).await;
    assert_eq!(bench.refused(&at(ends - 1, ends + 3 * MINUTE, 84)).await.used, 75);
    let refusal = bench.refused(&at(ends + 3 * MINUTE, ends + 3 * MINUTE, 14)).await;
    assert_eq!((refusal.used, refusal.frees_at_ms), (5, Some(ends + MINUTE + 5 * HOUR)));
}

async fn places_are_given_back(bench: Bench) {
    let place = || Step {
        checks: vec![Check::Requests { subject: KEY, limit: 2 }],
        takes: vec![Take { request: true, ..nothing(KEY) }],
        ..step(T0)
    };
    let (first, second) = (place(), place());
    bench.taken(&first).await;
    bench.taken(&second).await;
    bench.refused(&place()).await;
    bench.release(first.lease, T0, false).await;
    bench.release(first.lease, T0, false).await;
    bench.taken(&place()).await;
    bench.refused(&place()).await;
    bench.settle(cost(second.lease, T0, 0)).await;
    bench.taken(&place()).await;
    assert_eq!(bench.usage(KEY, &[], T0).await.requests, 2);
}

async fn usage_says_where_a_window_begins(bench: Bench) {
    let minutes = vec![(T0 / MINUTE + 5, 3), (T0 / MINUTE + 9, 4)];
    let quarters = vec![(T0 / (15 * MINUTE) - 96, 90), (T0 / (15 * MINUTE), 7)];
    let sums = Sums { total: 1_000, minutes, quarters, five_hours_ms: Some(T0), reset_ms: 17 };
    bench.ledger.0.lock().unwrap().sums = vec![(KEY, sums.clone())];
    bench.state.load(vec![(KEY, sums)]);
    if bench.redis.is_some() {
        bench.fill_again().await;
    }
    let spans = [
        Span::All,
        Span::Minutes(T0 / MINUTE),
        Span::Minutes(T0 / MINUTE + 6),
        Span::Minutes(T0 / MINUTE + 10),
        Span::Quarters(T0 / (15 * MINUTE) - 96),
        Span::FiveHoursFixed(T0 + HOUR),
    ];
    let usage = bench.usage(KEY, &spans, T0 + HOUR).await;
    assert_eq!(usage.settled, [1_000, 7, 4, 0, 97, 7]);
    let at = |minutes: i64| Some(T0 + minutes * MINUTE);
    assert_eq!(usage.oldest_ms, [None, at(5), at(9), None, Some(T0 - 24 * HOUR), at(5)]);
    assert_eq!(usage.five_hours_ms, Some(T0));
    assert_eq!(bench.refused(&spend(T0, 1, 1_000)).await.used, 1_000);
    let nobody = bench.usage(PROVIDER, &spans, T0).await;
    assert_eq!((nobody.settled, nobody.oldest_ms), (vec![0; 6], vec![None; 6]));
}

async fn a_limit_that_changes_holds_at_once(bench: Bench) {
    let spent = spend(T0, 50, 100);
    bench.taken(&spent).await;
    bench.settle(cost(spent.lease, T0, 50)).await;
    bench.refused(&spend(T0, 10, 40)).await;
    bench.refused(&spend(T0, 10, 59)).await;
    bench.taken(&spend(T0, 10, 60)).await;
    bench.taken(&spend(T0, 900, 1_000)).await;
}
