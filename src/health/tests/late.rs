//! Attempts that end after much has changed since they began.

use std::collections::HashSet;

use super::*;

/// An attempt that began long ago is over.
fn ends(play: &Play, end: End<'_>, began: i64, now: i64) -> Vec<Arc<Hold>> {
    play.health.note(&play.outcome(end, began), at(now))
}

const BROKEN: End<'static> = End::Failure { counts: true, hold: None, message: "cut" };

#[test]
fn what_began_before_a_breaker_opened_does_not_open_it_again() {
    let play = small();
    play.breaks(10);
    let opened = play.breaks(10).remove(0);
    // Half-open by a probe: streams from before it opened break only now.
    play.health.answered(&play.outcome(End::Success, 20), at(21));
    for began in [0, 9] {
        assert!(ends(&play, BROKEN, began, 22).is_empty(), "{began}");
    }
    assert_eq!((play.held("m", 22), play.health.holds().len()), (None, 1));
    // One that began after that is a trial.
    let again = ends(&play, BROKEN, 21, 23);
    assert_eq!((again.len(), play.held("m", 23)), (1, Some(83)));
    assert_ne!(again[0].id, opened.id);
    // Closed, it counts from the beginning, whenever an attempt began.
    play.health.end(&[again[0].id], Ending::Ended, at(30));
    assert!(ends(&play, BROKEN, 5, 31).is_empty());
    assert_eq!(ends(&play, BROKEN, 5, 31).len(), 1);
}

#[test]
fn what_failed_before_a_breaker_was_closed_from_outside_does_not_open_it_again() {
    let by_hand: fn(&Play, HoldId) = |play, id| play.health.end(&[id], Ending::Ended, at(1));
    let elsewhere: fn(&Play, HoldId) = |play, _| {
        assert_eq!(play.health.take_writes().len(), 1);
        play.health.learn(Vec::new(), at(1));
    };
    for closes in [by_hand, elsewhere] {
        // It opens since half of the last minute's attempts have failed, and they are still of the last minute then.
        let play = Play::new(&serde_json::json!({"breaker_failures": 100}));
        for _ in 0..19 {
            assert!(play.breaks(0).is_empty());
        }
        closes(&play, play.breaks(0)[0].id);
        assert!(play.breaks(2).is_empty() && play.health.holds().is_empty());
    }
}

#[test]
fn a_success_that_began_before_an_overload_does_not_make_the_next_one_a_first_one() {
    let play = small();
    let length = |now: i64| {
        let hold = play.fails(FailureClass::Overload, Some(OVERLOAD), now).remove(0);
        (hold.until.unwrap() - hold.since).num_seconds()
    };
    assert_eq!(length(10), 10);
    // Calls that ran already go on and are answered.
    play.succeeds(9, 12);
    play.health.expire(at(20));
    play.succeeds(9, 21);
    assert_eq!(length(22), 20);
    play.health.expire(at(42));
    play.succeeds(43, 44);
    assert_eq!(length(45), 10, "one that began after it does");
}

#[test]
fn an_edit_ends_what_failed_here_by_the_old_way_until_the_snapshot_was_swapped() {
    let open = |reason, extent| Some(HoldPlan { extent, reason, source: HoldSource::Hub, term: Term::Open });
    let [play, elsewhere] = [(); 2].map(|()| small());
    play.fails(FailureClass::Credential, open(HoldReason::Credential, Extent::Credential), 0);
    play.fails(FailureClass::Proxy, open(HoldReason::Proxy, Extent::Provider), 0);
    // Found out by a replica that reaches the provider the new way already, perhaps.
    let theirs = elsewhere.fails(FailureClass::RateLimit, open(HoldReason::RateLimit, Extent::Model), 1).remove(0);
    play.health.learn(vec![Hold::clone(&theirs)], at(1));
    play.health.end_outdated(|_| Edited { secret: true, ..Edited::default() }, at(2));
    let left: HashSet<HoldReason> = play.health.holds().iter().map(|hold| hold.reason).collect();
    assert_eq!(left, HashSet::from([HoldReason::Proxy, HoldReason::RateLimit]));
    let writes = play.health.take_writes().into_iter();
    let ended: Vec<_> = writes.filter_map(|write| Some((write.hold.reason, write.ended?.1))).collect();
    assert_eq!(ended, [(HoldReason::Credential, Ending::Edited)]);
    play.health.end_outdated(|_| Edited::default(), at(3));
    assert_eq!(play.health.holds().len(), 2, "nothing is new");
}

#[test]
fn a_new_address_closes_a_breaker_that_opened_by_the_old_one() {
    let play = small();
    play.breaks(0);
    assert_eq!(play.breaks(0).len(), 1);
    play.health.end_outdated(|_| Edited { address: true, ..Edited::default() }, at(1));
    assert!(play.health.holds().is_empty());
    assert!(play.breaks(2).is_empty(), "it counts from the beginning");
    assert_eq!(play.breaks(3).len(), 1);
}
