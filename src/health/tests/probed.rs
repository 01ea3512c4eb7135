//! What probes tell, beside that all is well.

use super::*;

#[test]
fn a_probe_that_fails_keeps_an_open_breaker_open_until_the_next_one() {
    let play = small();
    let by = TimeDelta::seconds(30);
    play.breaks(0);
    let opened = play.breaks(0).remove(0);
    play.health.prolong(&play.provider, by, at(10));
    assert_eq!(play.held("m", 10), Some(60), "it is open for longer anyway");
    for now in [45, 70, 95] {
        play.health.prolong(&play.provider, by, at(now));
        assert_eq!(play.held("m", now), Some(now + 30));
        assert!(play.health.admit(&play.provider, at(now + 29)).is_none(), "only as a last resort");
    }
    let holds = play.health.holds();
    assert_eq!((holds.len(), holds[0].id, holds[0].since), (1, opened.id, opened.since));
    assert!(!holds[0].is_absolute());
    let writes = play.health.take_writes();
    assert_eq!((writes.len(), writes[0].hold.until), (1, Some(at(125))), "others hear of it");
    // No longer than a trial that fails would open it for.
    play.health.prolong(&play.provider, TimeDelta::hours(1), at(100));
    assert_eq!(play.held("m", 100), Some(160));
    // A success as a last resort makes it half-open, and then it is not held any more.
    play.succeeds(101, 102);
    play.health.prolong(&play.provider, by, at(103));
    assert_eq!(play.held("m", 103), None);
}

#[test]
fn a_probe_says_nothing_about_a_provider_that_is_not_held_for_its_failures() {
    let play = small();
    play.health.prolong(&play.provider, TimeDelta::seconds(30), at(0));
    play.fails(FailureClass::Overload, Some(OVERLOAD), 1);
    play.health.prolong(&play.provider, TimeDelta::seconds(30), at(2));
    assert_eq!((play.held("m", 2), play.held("other", 2)), (Some(11), None));
}

#[test]
fn a_secret_that_was_taken_is_not_held_for_being_refused() {
    let play = small();
    let hold = |reason, extent| HoldPlan { extent, reason, source: HoldSource::Hub, term: Term::Open };
    let refused = |began| play.outcome(End::Failure { counts: false, hold: None, message: "no such model" }, began);
    play.fails(FailureClass::Credential, Some(hold(HoldReason::Credential, Extent::Credential)), 5);
    play.fails(FailureClass::Entitlement, Some(hold(HoldReason::Entitlement, Extent::Model)), 5);
    play.health.accepted(&refused(4), at(6));
    assert_eq!(play.health.holds().len(), 2, "it was asked before");
    play.health.accepted(&refused(7), at(8));
    let left: Vec<_> = play.health.holds().iter().map(|hold| hold.reason).collect();
    assert_eq!(left, [HoldReason::Entitlement]);
}
