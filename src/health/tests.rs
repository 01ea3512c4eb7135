mod late;
mod probed;

use super::*;
use crate::domain::{
    decision::FailureClass,
    hold::{Extent, HoldReason, HoldScope, HoldSource, Term},
};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

pub(super) fn provider(fields: &serde_json::Value) -> Provider {
    let mut all = serde_json::json!({
        "id": "1", "name": "a", "kind": "anthropic", "base_url": "http://a", "secret_preview": "", "enabled": true,
        "weight": 1, "priority": 0, "group": [], "cost_multiplier": "1", "models": [], "redirects": [],
        "probe": true, "message_queue": false, "group_priorities": {}, "failure_rules": [],
        "on_client_gone": "drain", "headers": {}, "limit_mode": "soft", "reset_5h_mode": "rolling",
        "daily_reset_mode": "fixed", "daily_reset_time": "00:00",
        "created_at": "2026-11-21T00:00:00Z", "updated_at": "2026-11-21T00:00:00Z",
    });
    for (name, value) in fields.as_object().unwrap() {
        all[name] = value.clone();
    }
    serde_json::from_value(all).unwrap()
}

/// The end of what nobody has dated.
const NEVER: i64 = i64::MAX;

/// A provider whose attempts are told to a book.
struct Play {
    health: Health,
    provider: Provider,
}

impl Play {
    fn new(fields: &serde_json::Value) -> Self {
        Self { health: Health::default(), provider: provider(fields) }
    }

    fn outcome<'a>(&'a self, end: End<'a>, began: i64) -> Outcome<'a> {
        let (credential_id, call_id) = (CredentialId(7), CallId::fresh());
        Outcome { provider: &self.provider, credential_id, model_sent: "m", call_id, began: at(began), end }
    }

    fn fails(&self, class: FailureClass, hold: Option<HoldPlan>, now: i64) -> Vec<Arc<Hold>> {
        let counts = class == FailureClass::Server;
        self.health.note(&self.outcome(End::Failure { counts, hold, message: "no" }, now), at(now))
    }

    fn breaks(&self, now: i64) -> Vec<Arc<Hold>> {
        self.fails(FailureClass::Server, None, now)
    }

    fn succeeds(&self, began: i64, now: i64) {
        assert!(self.health.note(&self.outcome(End::Success, began), at(now)).is_empty());
    }

    /// When the hold that a call would see ends, `NEVER` if nobody knows; none without.
    fn held(&self, model: &str, now: i64) -> Option<i64> {
        let view = self.health.view();
        let hold = view.hold(ProviderId(1), CredentialId(7), model, None, at(now))?;
        Some(hold.until.map_or(NEVER, |until| (until - at(0)).num_seconds()))
    }
}

fn small() -> Play {
    Play::new(&serde_json::json!({"breaker_failures": 2, "breaker_open_s": 60, "breaker_successes": 2}))
}

const OVERLOAD: HoldPlan = HoldPlan {
    extent: Extent::Model,
    reason: HoldReason::Overload,
    source: HoldSource::Hub,
    term: Term::Doubling { first_s: 10, max_s: 300 },
};

#[test]
fn a_breaker_opens_is_tried_by_one_and_closes() {
    let play = small();
    assert!(play.breaks(0).is_empty());
    let caused = play.breaks(0);
    assert_eq!((caused.len(), caused[0].reason, caused[0].is_absolute()), (1, HoldReason::Breaker, false));
    assert_eq!(play.held("m", 0), Some(60));
    // Its time is over: one may try, the others see it held as long as that one does.
    assert_eq!(play.held("m", 60), None);
    let trial = play.health.admit(&play.provider, at(60));
    assert_eq!(play.held("m", 61), Some(180));
    let other = play.health.admit(&play.provider, at(61));
    drop(other);
    assert!(play.held("m", 61).is_some(), "the other had no place to give back");
    play.succeeds(60, 62);
    drop(trial);
    assert_eq!(play.held("m", 62), None);
    assert_eq!(play.health.holds().len(), 1, "half-open, it is still in the book");
    let trial = play.health.admit(&play.provider, at(63));
    play.succeeds(63, 64);
    drop(trial);
    assert!(play.health.holds().is_empty() && play.health.view().is_empty());
    let ended: Vec<_> = play.health.take_writes().into_iter().map(|write| write.ended).collect();
    assert_eq!(ended, [Some((at(64), Ending::Healed))]);
}

#[test]
fn a_trial_that_fails_opens_it_again_under_a_new_hold() {
    let play = small();
    play.breaks(0);
    let first = play.breaks(0).remove(0);
    let trial = play.health.admit(&play.provider, at(61));
    let second = play.breaks(62).remove(0);
    drop(trial);
    assert_ne!(first.id, second.id);
    assert_eq!((play.held("m", 63), play.health.holds()), (Some(122), vec![second]));
    let writes = play.health.take_writes();
    assert_eq!(writes.len(), 2);
    assert!(
        writes
            .iter()
            .any(|write| write.hold.id == first.id && write.ended.is_some_and(|(_, why)| why == Ending::Reopened))
    );
}

#[test]
fn what_began_before_a_hold_does_not_heal_it() {
    let play = small();
    play.breaks(10);
    play.breaks(10);
    play.succeeds(5, 11);
    assert_eq!(play.held("m", 12), Some(70));
    // One as a last resort does: it may be tried from then on.
    play.succeeds(12, 13);
    assert_eq!(play.held("m", 13), None);
    let play = small();
    play.fails(FailureClass::Overload, Some(OVERLOAD), 10);
    play.succeeds(5, 11);
    assert_eq!(play.held("m", 12), Some(20));
    play.succeeds(12, 13);
    assert_eq!(play.held("m", 13), None);
}

#[test]
fn half_of_many_failing_opens_it_too() {
    let play = Play::new(&serde_json::json!({"breaker_failures": 100}));
    for n in 0..19 {
        let caused = if n % 2 == 0 { play.breaks(n) } else { Vec::new() };
        assert!(caused.is_empty(), "{n}");
        if n % 2 == 1 {
            play.succeeds(n, n);
        }
    }
    assert_eq!(play.breaks(19).len(), 1);
}

#[test]
fn an_overload_is_twice_as_long_each_time_until_a_success() {
    let play = small();
    let (mut now, mut lengths) = (0, Vec::new());
    for _ in 0..7 {
        let hold = play.fails(FailureClass::Overload, Some(OVERLOAD), now).remove(0);
        // A second one meanwhile changes nothing.
        assert!(play.fails(FailureClass::Overload, Some(OVERLOAD), now + 1).is_empty());
        lengths.push((hold.until.unwrap() - hold.since).num_seconds());
        now += lengths.last().unwrap();
        play.health.expire(at(now));
    }
    assert_eq!(lengths, [10, 20, 40, 80, 160, 300, 300]);
    play.succeeds(now, now + 1);
    let hold = play.fails(FailureClass::Overload, Some(OVERLOAD), now + 2).remove(0);
    assert_eq!(hold.until, Some(at(now + 12)));
    assert_eq!(play.held("m", now + 3), Some(now + 12));
    assert_eq!(play.held("other", now + 3), None);
}

#[test]
fn a_date_replaces_our_own_guess_and_a_later_one_an_earlier_one() {
    let play = small();
    let asked = |source, term| HoldPlan { extent: Extent::Model, reason: HoldReason::RateLimit, source, term };
    let dated = |seconds| asked(HoldSource::Provider, Term::Until(at(seconds)));
    let guess = asked(HoldSource::Hub, Term::Doubling { first_s: 60, max_s: 60 });
    let first = play.fails(FailureClass::RateLimit, Some(guess), 0).remove(0);
    let second = play.fails(FailureClass::RateLimit, Some(dated(90)), 1).remove(0);
    assert_eq!((second.id, second.since, second.is_absolute()), (first.id, first.since, true));
    assert!(play.fails(FailureClass::RateLimit, Some(dated(80)), 2).is_empty());
    assert_eq!(play.held("m", 3), Some(90));
    // Its date stands, whatever succeeds meanwhile.
    play.succeeds(4, 5);
    assert_eq!(play.held("m", 6), Some(90));
    play.health.expire(at(90));
    assert!(play.health.view().is_empty());
    let ended = play.health.take_writes().remove(0).ended;
    assert_eq!(ended, Some((at(90), Ending::Expired)));
    // It knows better, if it is sooner too; what we think after that changes nothing.
    play.fails(FailureClass::RateLimit, Some(guess), 100);
    assert_eq!(play.held("m", 101), Some(160));
    let sooner = play.fails(FailureClass::RateLimit, Some(dated(107)), 102).remove(0);
    assert_eq!((play.held("m", 103), sooner.source), (Some(107), HoldSource::Provider));
    assert!(play.fails(FailureClass::RateLimit, Some(guess), 104).is_empty());
    assert_eq!(play.held("m", 107), None);
}

#[test]
fn what_an_account_may_not_do_only_ranks() {
    let plan = |reason, extent| HoldPlan { extent, reason, source: HoldSource::Hub, term: Term::Open };
    for (reason, extent, is_absolute) in [
        (HoldReason::Entitlement, Extent::Model, false),
        (HoldReason::Credential, Extent::Credential, true),
        (HoldReason::Proxy, Extent::Provider, true),
    ] {
        let hold = small().fails(FailureClass::Entitlement, Some(plan(reason, extent)), 0).remove(0);
        assert_eq!(hold.is_absolute(), is_absolute, "{reason:?}");
    }
}

#[test]
fn a_refused_secret_is_held_until_it_is_edited_or_works() {
    let refused = HoldPlan {
        extent: Extent::Credential,
        reason: HoldReason::Credential,
        source: HoldSource::Hub,
        term: Term::Open,
    };
    let play = small();
    let hold = play.fails(FailureClass::Credential, Some(refused), 0).remove(0);
    assert_eq!((hold.is_absolute(), play.held("any", 1_000_000)), (true, Some(NEVER)));
    play.health.answered(&play.outcome(End::Success, 5), at(6));
    assert!(play.health.view().is_empty());
    let hold = play.fails(FailureClass::Credential, Some(refused), 7).remove(0);
    play.health.end(&[hold.id], Ending::Edited, at(8));
    assert!(play.health.view().is_empty());
}

#[test]
fn a_callers_mistake_changes_nothing() {
    let play = small();
    for now in 0..10 {
        assert!(play.fails(FailureClass::Client, None, now).is_empty());
        assert!(play.fails(FailureClass::ClientGone, None, now).is_empty());
    }
    assert!(play.health.view().is_empty() && play.health.take_writes().is_empty());
}

#[test]
fn replicas_agree_by_what_is_written() {
    let (here, there) = (small(), small());
    here.breaks(0);
    let hold = here.breaks(0).remove(0);
    let written = |play: &Play| {
        let open = play.health.take_writes().into_iter().filter(|write| write.ended.is_none());
        open.map(|write| Hold::clone(&write.hold)).collect::<Vec<_>>()
    };
    let open = written(&here);
    there.health.learn(open.clone(), at(1));
    assert_eq!((there.held("m", 1), there.held("m", 60)), (Some(60), None));
    let _trial = there.health.admit(&there.provider, at(60));
    assert!(there.held("m", 60).is_some(), "its breaker is half-open there too");
    // A probe there is heard of here.
    there.health.answered(&there.outcome(End::Success, 1), at(30));
    here.health.learn(written(&there), at(31));
    assert_eq!(here.held("m", 31), None);
    // What is not written yet stays; what was ended elsewhere goes.
    let pause = Hold { reason: HoldReason::Pause, source: HoldSource::Admin, until: None, ..Hold::clone(&hold) };
    let pause = Hold { id: HoldId::fresh(), ..pause };
    here.health.add(pause.clone());
    here.health.learn(Vec::new(), at(32));
    assert_eq!(here.held("m", 32), Some(NEVER), "what was read before it was written does not know it");
    here.health.take_writes();
    here.fails(FailureClass::Overload, Some(OVERLOAD), 32);
    here.health.learn(Vec::new(), at(33));
    let left: Vec<_> = here.health.holds().iter().map(|hold| hold.reason).collect();
    assert_eq!(left, [HoldReason::Overload]);
    assert!(here.breaks(34).is_empty(), "the breaker is closed, and counts from the beginning");
}

#[test]
fn providers_that_are_gone_and_breakers_that_are_off_are_forgotten() {
    let play = small();
    play.breaks(0);
    play.breaks(0);
    let off = provider(&serde_json::json!({"breaker_failures": 0}));
    play.health.follow([&off].into_iter(), Thresholds::default(), at(1));
    assert!(play.health.view().is_empty());
    play.fails(FailureClass::Overload, Some(OVERLOAD), 2);
    play.health.follow(std::iter::empty(), Thresholds::default(), at(3));
    assert!(play.health.holds().is_empty());
}

#[test]
fn what_a_provider_does_not_say_is_as_the_settings_say() {
    let play = Play::new(&serde_json::json!({}));
    let settings = |failures| Thresholds { failures, open: TimeDelta::seconds(9), ..Thresholds::default() };
    play.health.follow([&play.provider].into_iter(), settings(3), at(0));
    assert!(play.breaks(0).is_empty() && play.breaks(0).is_empty());
    assert_eq!(play.breaks(0).first().and_then(|hold| hold.until), Some(at(9)));
    play.health.follow([&play.provider].into_iter(), settings(0), at(1));
    assert!(play.health.holds().is_empty(), "switched off for all, it is closed");
    for _ in 0..9 {
        assert!(play.breaks(2).is_empty());
    }
}

#[test]
fn half_open_it_is_held_for_others_once_every_place_is_taken() {
    let play = small();
    play.health.follow([&play.provider].into_iter(), Thresholds { trials: 2, ..Thresholds::default() }, at(0));
    play.breaks(0);
    play.breaks(0);
    let first = play.health.admit(&play.provider, at(60));
    assert!(first.is_some() && play.held("m", 60).is_none(), "there is another place");
    let second = play.health.admit(&play.provider, at(61));
    assert!(second.is_some() && play.held("m", 61).is_some());
    assert!(play.health.admit(&play.provider, at(61)).is_none());
    drop(first);
    assert_eq!(play.held("m", 62), None);
    drop(second);
}

#[test]
fn a_hold_knows_what_was_asked_for_and_an_answer_that_is_none_half_opens() {
    let play = small();
    play.breaks(0);
    let hold = play.breaks(0).remove(0);
    assert_eq!(hold.model_sent.as_deref(), Some("m"));
    play.fails(FailureClass::Overload, Some(OVERLOAD), 0);
    let outcome = play.outcome(End::Failure { counts: false, hold: None, message: "no such model" }, 1);
    play.health.reached(&outcome, at(2));
    assert_eq!(play.held("other", 2), None, "it is there, and may be tried");
    assert_eq!(play.held("m", 2), Some(10), "that says nothing about an overload");
    play.health.reached(&outcome, at(3));
    play.health.reached(&outcome, at(4));
    assert_eq!(play.health.holds().len(), 2, "but does not close it");
}

#[test]
fn names_of_models_do_not_fill_the_book() {
    let play = small();
    let models: Vec<String> = (0..1_100).map(|n| format!("m{n}")).collect();
    let fails = |model: &str, now: i64| {
        let end = End::Failure { counts: false, hold: Some(OVERLOAD), message: "" };
        play.health.note(&Outcome { model_sent: model, ..play.outcome(end, now) }, at(now))
    };
    for model in &models {
        fails(model, 0);
    }
    assert_eq!(play.health.holds().len(), 1_000);
    // What was not held is not remembered either: its first hold is as long as a first one.
    play.health.expire(at(11));
    assert_eq!(fails("m999", 11).remove(0).until, Some(at(31)));
    assert_eq!(fails("m1050", 11).remove(0).until, Some(at(21)));
}

#[test]
fn whoever_waits_hears_of_a_change() {
    let play = small();
    let mut changes = play.health.changes();
    changes.mark_unchanged();
    play.succeeds(0, 1);
    assert!(!changes.has_changed().unwrap());
    let group = HoldScope::Group { group: "g".to_owned() };
    let hold = Hold {
        id: HoldId::fresh(),
        scope: group,
        reason: HoldReason::Pause,
        source: HoldSource::Admin,
        since: at(0),
        until: Some(at(0) + TimeDelta::seconds(9)),
        note: String::new(),
        call_id: None,
        model_sent: None,
    };
    play.health.add(hold);
    assert!(changes.has_changed().unwrap());
    let view = play.health.view();
    assert!(view.hold(ProviderId(1), CredentialId(7), "m", Some("g"), at(1)).is_some());
    assert!(view.hold(ProviderId(1), CredentialId(7), "m", Some("other"), at(1)).is_none());
}
