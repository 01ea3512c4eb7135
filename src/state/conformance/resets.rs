//! What a reset forgets, and what it does not.

use super::{
    bench::{Bench, HOUR, KEY, MINUTE, SECOND, T0, cost, lease, spend},
    limits::settled,
};
use crate::{
    domain::limit::Limited,
    state::step::{Settlement, Span},
};

on_both! {
    a_reset_forgets_what_was_settled_and_keeps_what_runs,
    a_reset_that_is_heard_of_late_forgets_no_call_that_began_after_it,
    single_settlements_are_kept_for_two_hours_while_others_follow,
}

async fn a_reset_forgets_what_was_settled_and_keeps_what_runs(bench: Bench) {
    let running = spend(T0, 40, 100);
    bench.taken(&running).await;
    bench.settle(cost(lease(), T0, 60)).await;
    assert_eq!(bench.refused(&spend(T0, 1, 100)).await.used, 60);
    assert_eq!(settled(&bench, Limited::Daily, Span::Minutes(T0 / MINUTE), T0).await, 60);

    let reset_ms = T0 + MINUTE;
    let mut after = spend(reset_ms, 60, 100);
    after.takes[0].reset_ms = reset_ms;
    bench.taken(&after).await;
    assert_eq!(bench.money(KEY, reset_ms).await, (0, 100));
    assert_eq!(settled(&bench, Limited::Daily, Span::Minutes(T0 / MINUTE), T0).await, 0);
    // Somebody who has not heard of it yet changes nothing.
    assert_eq!(bench.refused(&spend(reset_ms, 1, 100)).await.reserved, 100);
    // A call of before it is only released.
    bench.settle(cost(running.lease, T0, 40)).await;
    assert_eq!(bench.money(KEY, reset_ms).await, (0, 60));
    bench.settle(cost(after.lease, reset_ms, 33)).await;
    assert_eq!(bench.money(KEY, reset_ms).await, (33, 0));
    // A settlement may be the first to tell of one.
    let mut next = cost(lease(), reset_ms, 5);
    next.subjects[0].1 = reset_ms + MINUTE;
    bench.settle(next).await;
    assert_eq!(bench.money(KEY, reset_ms).await, (0, 0));
    // And so may whoever looks.
    bench.settle(cost(lease(), reset_ms + MINUTE, 5)).await;
    assert_eq!(bench.money(KEY, reset_ms + MINUTE).await, (5, 0));
    bench.state.reset(KEY, reset_ms + 2 * MINUTE).await.unwrap();
    bench.state.reset(KEY, reset_ms).await.unwrap();
    assert_eq!(bench.money(KEY, reset_ms + 2 * MINUTE).await, (0, 0));
}

/// Calls may begin and end between the moment of a reset and the one in which the counters hear of it.
async fn a_reset_that_is_heard_of_late_forgets_no_call_that_began_after_it(bench: Bench) {
    let (reset_ms, now) = (T0 + 7 * MINUTE + 30 * SECOND, T0 + 17 * MINUTE);
    // Just before it, in its own millisecond, in its minute, in its quarter of an hour, and later.
    let began = [-1, 0, 20 * SECOND, 2 * MINUTE, 9 * MINUTE];
    for (after_ms, nanos) in began.into_iter().zip([1, 2, 4, 8, 16]) {
        bench.settle(cost(lease(), reset_ms + after_ms, nanos)).await;
    }
    let running = spend(now, 40, 1_000);
    bench.taken(&running).await;
    // Sums that are kept from then on.
    let (minute, quarter) = (T0 / MINUTE, T0 / (15 * MINUTE));
    assert_eq!(settled(&bench, Limited::Daily, Span::Minutes(minute), now).await, 31);
    assert_eq!(settled(&bench, Limited::Weekly, Span::Quarters(quarter), now).await, 31);

    bench.state.reset(KEY, reset_ms).await.unwrap();
    assert_eq!(bench.money(KEY, now).await, (30, 40));
    for (from, sum) in [(minute, 30), (minute + 7, 30), (minute + 8, 24), (minute + 10, 16)] {
        assert_eq!(settled(&bench, Limited::Daily, Span::Minutes(from), now).await, sum, "{from}");
    }
    for (from, sum) in [(quarter, 30), (quarter + 1, 16)] {
        assert_eq!(settled(&bench, Limited::Weekly, Span::Quarters(from), now).await, sum, "{from}");
    }
    let usage = bench.usage(KEY, &[Span::FiveHoursFixed(now)], now).await;
    assert_eq!((usage.settled, usage.five_hours_ms), (vec![30], Some(T0 + 7 * MINUTE)));
    // What is settled after that counts with it, and who tells once more changes nothing.
    bench.settle(cost(running.lease, reset_ms, 32)).await;
    bench.state.reset(KEY, reset_ms).await.unwrap();
    assert_eq!(bench.money(KEY, now).await, (62, 0));
    // Steps and settlements tell it as well.
    let later_ms = reset_ms + 2 * MINUTE;
    let mut told = cost(lease(), later_ms, 64);
    told.subjects[0].1 = later_ms;
    bench.settle(told).await;
    assert_eq!(bench.money(KEY, now).await, (8 + 16 + 64, 0));
    let mut told = spend(now, 5, 1_000);
    told.takes[0].reset_ms = later_ms + 1;
    bench.taken(&told).await;
    assert_eq!(bench.money(KEY, now).await, (16, 5));
}

async fn single_settlements_are_kept_for_two_hours_while_others_follow(bench: Bench) {
    let settle = async |at_ms, now_ms, nanos| {
        bench.settle(Settlement { now_ms, ..cost(lease(), at_ms, nanos) }).await;
    };
    for n in 0..40 {
        settle(T0 + n * SECOND, T0 + n * SECOND, 1).await;
    }
    // Nothing has followed by more than two hours: all of them can be told apart.
    settle(T0 + 10 * SECOND, T0 + 2 * HOUR, 100).await;
    bench.state.reset(KEY, T0 + 10 * SECOND).await.unwrap();
    assert_eq!(bench.money(KEY, T0 + 2 * HOUR).await, (130, 0));
    // The oldest leave with the next one. What has come behind one that stays, stays too, however old it is.
    settle(T0 + HOUR, T0 + 2 * HOUR + 20 * SECOND, 1_000).await;
    settle(T0 + 12 * SECOND, T0 + 2 * HOUR + 20 * SECOND, 10_000).await;
    bench.state.reset(KEY, T0 + 11 * SECOND).await.unwrap();
    assert_eq!(bench.money(KEY, T0 + 3 * HOUR).await, (20 + 1_000 + 10_000, 0));
    // Much later none of them is left.
    settle(T0 + 30 * HOUR, T0 + 30 * HOUR, 100_000).await;
    settle(T0 + 30 * HOUR, T0 + 30 * HOUR, 100_000).await;
    bench.state.reset(KEY, T0 + 30 * SECOND).await.unwrap();
    assert_eq!(bench.money(KEY, T0 + 30 * HOUR).await, (200_000, 0));
}
