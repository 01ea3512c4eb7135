//! The queue of users' messages.

use std::time::Duration;

use super::bench::{Bench, lease};
use crate::{
    domain::id::ProviderId,
    state::queue::{TICKET_MS, TURN_MS, Ticket, Turn},
};

on_both! {
    one_has_the_turn_at_a_time,
    a_turn_is_renewed_only_while_it_is_held,
    the_next_message_keeps_its_distance,
    what_was_not_sent_needs_no_distance,
    tickets_go_in_their_order,
    providers_do_not_know_of_each_other,
    a_turn_that_is_not_renewed_lapses,
    a_ticket_that_is_not_asked_for_lapses,
    only_its_holder_gives_a_turn_back,
}

const LONG: u64 = 60_000;

fn ticket(gap_ms: u64) -> Ticket {
    Ticket { provider_id: ProviderId(7), holder: lease(), gap_ms, turn_ms: TURN_MS }
}

async fn ask(bench: &Bench, ticket: &Ticket) -> Turn {
    bench.state.queue(ticket).await.unwrap()
}

async fn one_has_the_turn_at_a_time(bench: Bench) {
    let (first, second) = (ticket(0), ticket(0));
    assert_eq!(ask(&bench, &first).await, Turn::Yours);
    assert_eq!(ask(&bench, &second).await, Turn::Wait { ms: 0, position: 1 });
    assert_eq!(ask(&bench, &first).await, Turn::Yours);
    bench.state.leave_queue(&first, true).await;
    assert_eq!(ask(&bench, &second).await, Turn::Yours);
}

#[tokio::test]
async fn a_question_for_a_turn_is_a_round_trip_that_a_call_waits_for() {
    let bench = Bench::redis().await;
    let first = ticket(0);
    assert_eq!(ask(&bench, &first).await, Turn::Yours);
    // To give it back nobody waits.
    bench.state.leave_queue(&first, true).await;
    assert_eq!(bench.state.round_trips(), 1);
}

async fn a_turn_is_renewed_only_while_it_is_held(bench: Bench) {
    // Long enough to be renewed before it is over.
    let (first, second) = (Ticket { turn_ms: 4_000, ..ticket(0) }, ticket(0));
    assert_eq!(ask(&bench, &first).await, Turn::Yours);
    bench.state.renew_turn(&Ticket { turn_ms: TURN_MS, ..first }).await;
    tokio::time::sleep(Duration::from_millis(4_020)).await;
    assert_eq!(ask(&bench, &second).await, Turn::Wait { ms: 0, position: 1 }, "it was renewed");
    bench.state.leave_queue(&first, false).await;
    bench.state.renew_turn(&first).await;
    assert_eq!(ask(&bench, &second).await, Turn::Yours, "what was given back is not taken again");
}

async fn the_next_message_keeps_its_distance(bench: Bench) {
    let (first, second) = (ticket(LONG), ticket(LONG));
    assert_eq!(ask(&bench, &first).await, Turn::Yours);
    bench.state.leave_queue(&first, true).await;
    let Turn::Wait { ms, position: 1 } = ask(&bench, &second).await else { panic!("too early") };
    assert!((1..=LONG).contains(&ms), "{ms}");
    // Its own wish is what counts.
    assert_eq!(ask(&bench, &Ticket { gap_ms: 0, ..second }).await, Turn::Yours);
}

async fn what_was_not_sent_needs_no_distance(bench: Bench) {
    let (first, second) = (ticket(LONG), ticket(LONG));
    assert_eq!(ask(&bench, &first).await, Turn::Yours);
    bench.state.leave_queue(&first, false).await;
    assert_eq!(ask(&bench, &second).await, Turn::Yours);
}

async fn tickets_go_in_their_order(bench: Bench) {
    let [first, second, third] = [(); 3].map(|()| ticket(0));
    assert_eq!(ask(&bench, &first).await, Turn::Yours);
    assert_eq!(ask(&bench, &second).await, Turn::Wait { ms: 0, position: 1 });
    assert_eq!(ask(&bench, &third).await, Turn::Wait { ms: 0, position: 2 });
    bench.state.leave_queue(&first, true).await;
    assert_eq!(ask(&bench, &third).await, Turn::Wait { ms: 0, position: 2 }, "the second has come first");
    bench.state.leave_queue(&second, false).await;
    assert_eq!(ask(&bench, &third).await, Turn::Yours, "the second has given up");
}

async fn providers_do_not_know_of_each_other(bench: Bench) {
    let first = ticket(0);
    assert_eq!(ask(&bench, &first).await, Turn::Yours);
    assert_eq!(ask(&bench, &Ticket { provider_id: ProviderId(8), ..ticket(0) }).await, Turn::Yours);
}

async fn a_turn_that_is_not_renewed_lapses(bench: Bench) {
    let first = Ticket { turn_ms: 1, ..ticket(LONG) };
    assert_eq!(ask(&bench, &first).await, Turn::Yours);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let second = ticket(LONG);
    assert_eq!(ask(&bench, &second).await, Turn::Yours);
    // Its end comes too late to matter.
    bench.state.leave_queue(&first, true).await;
    assert_eq!(ask(&bench, &second).await, Turn::Yours);
    bench.state.leave_queue(&second, false).await;
    assert_eq!(ask(&bench, &ticket(LONG)).await, Turn::Yours);
}

async fn a_ticket_that_is_not_asked_for_lapses(bench: Bench) {
    let [first, second, third] = [(); 3].map(|()| ticket(0));
    assert_eq!(ask(&bench, &first).await, Turn::Yours);
    assert_eq!(ask(&bench, &second).await, Turn::Wait { ms: 0, position: 1 });
    bench.state.leave_queue(&first, true).await;
    assert_eq!(ask(&bench, &third).await, Turn::Wait { ms: 0, position: 2 });
    tokio::time::sleep(Duration::from_millis(TICKET_MS + 20)).await;
    assert_eq!(ask(&bench, &third).await, Turn::Yours);
}

async fn only_its_holder_gives_a_turn_back(bench: Bench) {
    let (first, second) = (ticket(0), ticket(0));
    assert_eq!(ask(&bench, &first).await, Turn::Yours);
    bench.state.leave_queue(&second, true).await;
    assert_eq!(ask(&bench, &second).await, Turn::Wait { ms: 0, position: 1 });
}
