//! Each step of a choice, and what is left after all of them.

use std::collections::HashMap;

use chrono::TimeDelta;
use http::HeaderMap;
use serde_json::{Value, json};

use super::*;
use crate::{
    domain::{
        hold::{HoldReason, HoldScope, HoldSource},
        id::{CredentialId, HoldId},
        provider::Provider,
    },
    route::{hours::Hours, rules::Matcher, snapshot::group_bits},
    secret::Secret,
};

const NOON: DateTime<Utc> = DateTime::from_timestamp(12 * 3_600, 0).unwrap();

/// A provider that serves everything, but for `fields`.
fn upstream(id: i64, fields: Value) -> Arc<Upstream> {
    let mut whole = json!({
        "id": id.to_string(), "name": format!("p{id}"), "kind": "anthropic", "base_url": "https://p.example",
        "secret_preview": "", "enabled": true, "weight": 1, "priority": 0, "group_priorities": {}, "group": ["default"],
        "cost_multiplier": "1", "models": [], "redirects": [], "probe": true, "message_queue": false,
        "failure_rules": [], "on_client_gone": "drain", "headers": {}, "limit_mode": "soft", "reset_5h_mode": "rolling",
        "daily_reset_mode": "fixed", "daily_reset_time": "00:00", "created_at": NOON, "updated_at": NOON,
    });
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    whole.as_object_mut().unwrap().extend(fields);
    let provider: Provider = serde_json::from_value(whole).unwrap();
    let compile = |rule| Matcher::compile(rule).unwrap();
    Arc::new(Upstream {
        groups: provider.group.clone(),
        group_bits: group_bits(&provider.group),
        base_url: provider.base_url.parse().unwrap(),
        headers: HeaderMap::new(),
        models: provider.models.iter().map(compile).collect(),
        redirects: provider.redirects.iter().map(|rule| (compile(&rule.from), rule.to.clone())).collect(),
        hours: Hours::of(&provider),
        credential_id: CredentialId(id),
        secret: Some(Secret::new("sk".to_owned())),
        proxy_url: None,
        client: Err("nobody is called here".to_owned()),
        provider,
    })
}

fn snapshot(upstreams: Vec<Arc<Upstream>>) -> Snapshot {
    Snapshot { upstreams, ..Snapshot::default() }
}

fn hold(id: i64, source: HoldSource, seconds: i64) -> Arc<Hold> {
    of_scope(HoldScope::Provider { provider_id: ProviderId(id) }, source, Some(seconds))
}

fn of_scope(scope: HoldScope, source: HoldSource, seconds: Option<i64>) -> Arc<Hold> {
    let until = seconds.map(|seconds| NOON + TimeDelta::seconds(seconds));
    let (id, reason, note) = (HoldId::fresh(), HoldReason::Overload, String::new());
    Arc::new(Hold { id, scope, reason, source, since: NOON, until, note, call_id: None, model_sent: None })
}

/// What a test asks for.
struct Ask {
    groups: Vec<String>,
    model: Option<&'static str>,
    tried: Vec<ProviderId>,
    limited: Vec<ProviderId>,
    bound: Option<ProviderId>,
    holds: Vec<Arc<Hold>>,
    now: DateTime<Utc>,
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            groups: vec!["default".to_owned()],
            model: Some("claude-a"),
            tried: Vec::new(),
            limited: Vec::new(),
            bound: None,
            holds: Vec::new(),
            now: NOON,
        }
    }
}

impl Ask {
    fn of(groups: &[&str]) -> Self {
        Self { groups: groups.iter().map(|name| (*name).to_owned()).collect(), ..Self::default() }
    }

    fn choose(&self, snapshot: &Snapshot) -> (Choice, Option<Picked>) {
        let Self { groups, model, tried, limited, bound, holds, now } = self;
        let warm = bound.map(|provider_id| Warm { provider_id, cached_tokens: 1_000 });
        let wanted =
            Wanted { kind: Kind::Anthropic, groups, model: *model, tried, limited, bound: *bound, warm, now: *now };
        choose(snapshot, &wanted, &HoldsView::of(holds.clone()), |total| total - 1)
    }

    /// Who is chosen, by id; 0 for nobody.
    #[track_caller]
    fn chosen(&self, snapshot: &Snapshot) -> i64 {
        let (choice, picked) = self.choose(snapshot);
        assert_eq!(choice.provider_id, picked.as_ref().map(|picked| picked.upstream.provider.id));
        choice.provider_id.map_or(0, |id| id.0)
    }

    fn skips(&self, snapshot: &Snapshot) -> Vec<Option<Skip>> {
        self.choose(snapshot).0.candidates.iter().map(|candidate| candidate.skip).collect()
    }
}

#[test]
fn each_step_removes_whom_it_should_and_says_so() {
    let excluding = [hold(9, HoldSource::Admin, 60)];
    let ask =
        Ask { tried: vec![ProviderId(7)], limited: vec![ProviderId(8)], holds: excluding.to_vec(), ..Ask::default() };
    let mut locked = Arc::into_inner(upstream(5, json!({}))).unwrap();
    locked.secret = None;
    let snapshot = snapshot(vec![
        upstream(1, json!({"enabled": false})),
        upstream(2, json!({"group": ["other"]})),
        upstream(3, json!({"models": ["claude-b*"]})),
        upstream(4, json!({"prefix": "ccr"})),
        Arc::new(locked),
        upstream(6, json!({"active_from": "13:00", "active_to": "11:00"})),
        upstream(7, json!({})),
        upstream(8, json!({})),
        upstream(9, json!({})),
        upstream(10, json!({})),
    ]);
    let (choice, _) = ask.choose(&snapshot);
    let of = |id: i64| choice.candidates.iter().find(|candidate| candidate.provider_id.0 == id).unwrap().skip;
    let expected = [
        Skip::Disabled,
        Skip::Group,
        Skip::Model,
        Skip::Prefix,
        Skip::Secret,
        Skip::Hours,
        Skip::Tried,
        Skip::Limit,
        Skip::Held,
    ];
    assert_eq!((1..=9).map(of).collect::<Vec<_>>(), expected.map(Some));
    assert_eq!((of(10), choice.provider_id), (None, Some(ProviderId(10))));
}

#[test]
fn a_prefix_leads_to_its_own_and_is_taken_off() {
    let own =
        upstream(1, json!({"prefix": "ccr", "models": ["claude-*"], "redirects": [{"from": "claude-a", "to": "x"}]}));
    let snapshot = snapshot(vec![own.clone(), upstream(2, json!({"priority": -1}))]);
    let asked = |model| Ask { model: Some(model), ..Ask::default() };
    assert_eq!(asked("ccr,claude-a").chosen(&snapshot), 1);
    assert_eq!(asked("ccr,claude-a").skips(&snapshot), [None, Some(Skip::Prefix)]);
    assert_eq!(asked("claude-a").chosen(&snapshot), 2);
    assert_eq!(asked("other,claude-a").chosen(&snapshot), 2, "what is nobody's prefix is a part of the name");
    assert_eq!(asked("ccr,glm").skips(&snapshot), [Some(Skip::Model), Some(Skip::Prefix)]);
    for (model, sent) in [("ccr,claude-a", "x"), ("ccr,claude-b", "claude-b"), ("other,claude-b", "other,claude-b")] {
        assert_eq!(own.model_sent(model), sent);
    }
}

#[test]
fn groups_serve_in_the_order_of_their_priority() {
    let snapshot = Snapshot {
        group_priorities: HashMap::from([("late".to_owned(), 5), ("early".to_owned(), -5)]),
        upstreams: vec![
            upstream(1, json!({"group": ["late"], "priority": -9})),
            upstream(2, json!({"group": ["early"], "priority": 9})),
            upstream(3, json!({"group": ["middle"]})),
        ],
        ..Snapshot::default()
    };
    let ask = Ask::of(&["late", "middle", "early"]);
    let (choice, picked) = ask.choose(&snapshot);
    assert_eq!((choice.provider_id, choice.group.as_deref()), (Some(ProviderId(2)), Some("early")));
    assert_eq!(picked.unwrap().group, "early");
    let of = |id: i64| choice.candidates.iter().find(|candidate| candidate.provider_id.0 == id).unwrap().skip;
    assert_eq!([of(1), of(2), of(3)], [Some(Skip::LowerGroup), None, Some(Skip::LowerGroup)]);
    let failed = Ask { tried: vec![ProviderId(2)], ..Ask::of(&["late", "early", "middle"]) };
    assert_eq!(failed.chosen(&snapshot), 3);
    let bound = Ask { bound: Some(ProviderId(1)), ..Ask::of(&["late", "early"]) };
    assert_eq!(bound.chosen(&snapshot), 2, "the group goes before the session");
    assert_eq!(
        bound.choose(&snapshot).0.warm.map(|warm| warm.cached_tokens),
        Some(1_000),
        "and it says what that costs"
    );
    assert_eq!(Ask::of(&["*"]).chosen(&snapshot), 1, "all groups are one");
}

#[test]
fn a_provider_may_have_another_priority_in_a_group() {
    let both = json!({"group": ["a", "b"], "priority": 5, "group_priorities": {"b": -5}});
    let snapshot = snapshot(vec![upstream(1, both), upstream(2, json!({"group": ["a", "b"]}))]);
    assert_eq!(Ask::of(&["a"]).chosen(&snapshot), 2);
    let (choice, _) = Ask::of(&["b"]).choose(&snapshot);
    assert_eq!((choice.provider_id, choice.priority), (Some(ProviderId(1)), Some(-5)));
    assert_eq!(Ask::of(&["*"]).chosen(&snapshot), 2);
}

#[test]
fn the_sessions_provider_goes_before_priority_as_long_as_it_is_eligible() {
    let snapshot = snapshot(vec![upstream(1, json!({"priority": -1})), upstream(2, json!({}))]);
    let bound = || Ask { bound: Some(ProviderId(2)), ..Ask::default() };
    let (choice, _) = bound().choose(&snapshot);
    assert!(choice.is_sticky && choice.provider_id == Some(ProviderId(2)) && choice.warm.is_none());
    for away in [
        Ask { tried: vec![ProviderId(2)], ..bound() },
        Ask { limited: vec![ProviderId(2)], ..bound() },
        Ask { holds: vec![hold(2, HoldSource::Provider, 5)], ..bound() },
        Ask { holds: vec![hold(2, HoldSource::Hub, 5)], ..bound() },
    ] {
        let (choice, _) = away.choose(&snapshot);
        assert!(!choice.is_sticky && choice.provider_id == Some(ProviderId(1)) && choice.warm.is_some());
    }
}

#[test]
fn a_setting_lets_a_better_provider_pull_sessions_over() {
    let equals = |id| upstream(id, json!({"priority": -1}));
    let mut snapshot = snapshot(vec![equals(1), upstream(2, json!({})), equals(3)]);
    snapshot.settings.affinity = Affinity::Tier;
    let bound = |id| Ask { bound: Some(ProviderId(id)), ..Ask::default() };
    let (choice, _) = bound(2).choose(&snapshot);
    assert!(!choice.is_sticky && choice.priority == Some(-1) && choice.warm.is_some());
    for id in [1, 3] {
        let (choice, _) = bound(id).choose(&snapshot);
        assert!(choice.is_sticky && choice.provider_id == Some(ProviderId(id)));
    }
}

#[test]
fn holds_of_our_own_judgement_only_rank() {
    let pair = snapshot(vec![upstream(1, json!({})), upstream(2, json!({"priority": 9}))]);
    let ask = |holds: &[Arc<Hold>]| Ask { holds: holds.to_vec(), ..Ask::default() };
    let (ranks_1, ranks_2) = (hold(1, HoldSource::Hub, 60), hold(2, HoldSource::Hub, 30));
    assert_eq!(ask(std::slice::from_ref(&ranks_1)).chosen(&pair), 2);
    assert_eq!(ask(std::slice::from_ref(&ranks_1)).skips(&pair), [Some(Skip::Held), None]);
    let (choice, picked) = ask(&[ranks_1.clone(), ranks_2]).choose(&pair);
    assert!(choice.is_last_resort && picked.unwrap().is_last_resort);
    assert_eq!(choice.provider_id, Some(ProviderId(2)), "the one whose hold ends first");
    assert_eq!(choice.candidates[1].hold.map(|held| held.is_absolute), Some(false));
    let equal = hold(2, HoldSource::Hub, 60);
    assert_eq!(ask(&[ranks_1.clone(), equal]).chosen(&pair), 1, "then the one with the lower priority");
    let alone = snapshot(vec![upstream(1, json!({}))]);
    assert_eq!(ask(std::slice::from_ref(&ranks_1)).chosen(&alone), 1);
    let limited = Ask { limited: vec![ProviderId(1)], ..ask(&[ranks_1]) };
    assert_eq!((limited.chosen(&alone), limited.skips(&alone)), (0, vec![Some(Skip::Limit)]));
}

#[test]
fn what_is_excluded_is_not_even_the_last_resort_and_tells_when_it_is_free() {
    let pair = snapshot(vec![upstream(1, json!({})), upstream(2, json!({}))]);
    let ask = |holds: &[Arc<Hold>]| Ask { holds: holds.to_vec(), ..Ask::default() };
    let dated = [hold(1, HoldSource::Provider, 60), hold(2, HoldSource::Provider, 30)];
    let (choice, picked) = ask(&dated).choose(&pair);
    assert!(picked.is_none() && choice.provider_id.is_none());
    assert_eq!(choice.next_free, Some(NOON + TimeDelta::seconds(30)));
    assert_eq!(why_none(&choice), "every provider that could serve it is held back just now");
    let one_ranks = [hold(1, HoldSource::Provider, 5), hold(2, HoldSource::Hub, 1_000)];
    let (choice, _) = ask(&one_ranks).choose(&pair);
    assert_eq!((choice.provider_id, choice.is_last_resort), (Some(ProviderId(2)), true));
    let endless = of_scope(HoldScope::Provider { provider_id: ProviderId(1) }, HoldSource::Admin, None);
    let (choice, _) = ask(&[endless]).choose(&snapshot(vec![upstream(1, json!({}))]));
    assert_eq!((choice.provider_id, choice.next_free), (None, None));
}

#[test]
fn a_call_could_go_to_whoever_is_free_again_at_a_known_time() {
    let three = snapshot(vec![upstream(1, json!({})), upstream(2, json!({})), upstream(3, json!({"enabled": false}))]);
    let could_serve = |held: Arc<Hold>| {
        let groups = ["default".to_owned()];
        let (kind, model, now) = (Kind::Anthropic, Some("claude-a"), NOON);
        let wanted = Wanted { kind, groups: &groups, model, tried: &[], limited: &[], bound: None, warm: None, now };
        let holds = HoldsView::of(vec![held]);
        eligible(&three, &wanted, &holds).map(|(upstream, _)| upstream.provider.id.0).collect::<Vec<i64>>()
    };
    assert_eq!(could_serve(hold(1, HoldSource::Hub, 60)), [1, 2]);
    assert_eq!(could_serve(hold(1, HoldSource::Provider, 60)), [1, 2]);
    let endless = of_scope(HoldScope::Provider { provider_id: ProviderId(1) }, HoldSource::Admin, None);
    assert_eq!(could_serve(endless), [2]);
}

#[test]
fn a_provider_that_was_tried_is_looked_at_as_it_stands_now() {
    let snapshot = snapshot(vec![upstream(1, json!({})), upstream(2, json!({"enabled": false}))]);
    let look = |id: i64, holds: &[Arc<Hold>], limited: &[ProviderId]| {
        let groups = ["default".to_owned()];
        let (kind, model, now) = (Kind::Anthropic, Some("claude-a"), NOON);
        let wanted = Wanted { kind, groups: &groups, model, tried: &[], limited, bound: None, warm: None, now };
        match look_again(&snapshot, &wanted, &HoldsView::of(holds.to_vec()), ProviderId(id)) {
            Again::Now(picked) => Ok((picked.upstream.provider.id.0, picked.group, picked.is_last_resort)),
            Again::HeldUntil(until) => Err(Some(until)),
            Again::No => Err(None),
        }
    };
    let default = || "default".to_owned();
    assert_eq!(look(1, &[], &[]), Ok((1, default(), false)));
    assert_eq!(look(1, &[hold(1, HoldSource::Hub, 60)], &[]), Ok((1, default(), true)));
    assert_eq!(look(1, &[hold(1, HoldSource::Provider, 60)], &[]), Err(Some(NOON + TimeDelta::seconds(60))));
    let endless = of_scope(HoldScope::Provider { provider_id: ProviderId(1) }, HoldSource::Admin, None);
    assert_eq!(look(1, &[endless], &[]), Err(None));
    assert_eq!(look(1, &[], &[ProviderId(1)]), Err(None));
    assert_eq!((look(2, &[], &[]), look(3, &[], &[])), (Err(None), Err(None)), "disabled, and deleted");
}

#[test]
fn a_pause_of_a_group_counts_for_those_who_come_by_it() {
    let snapshot = snapshot(vec![upstream(1, json!({"group": ["a", "b"]})), upstream(2, json!({"group": ["a"]}))]);
    let pause = |group: &str| of_scope(HoldScope::Group { group: group.to_owned() }, HoldSource::Admin, None);
    let paused = |groups: &[&str], holds: Vec<Arc<Hold>>| Ask { holds, ..Ask::of(groups) };
    assert_eq!(paused(&["a"], vec![pause("a")]).chosen(&snapshot), 0);
    let (choice, _) = paused(&["a", "b"], vec![pause("a")]).choose(&snapshot);
    assert_eq!((choice.provider_id, choice.group.as_deref()), (Some(ProviderId(1)), Some("b")));
    assert_eq!(paused(&["*"], vec![pause("a")]).chosen(&snapshot), 1, "one of its groups is open");
    assert_eq!(paused(&["*"], vec![pause("a"), pause("b")]).chosen(&snapshot), 0);
}

#[test]
fn weights_share_calls_and_zero_is_for_when_all_are_zero() {
    use rand::{Rng, SeedableRng, rngs::StdRng};
    let weights = [1, 3, 0, 6];
    let upstreams = (1..).zip(weights).map(|(id, weight)| upstream(id, json!({"weight": weight}))).collect();
    let snapshot = snapshot(upstreams);
    let (groups, mut random) = (["default".to_owned()], StdRng::seed_from_u64(7));
    let wanted = Wanted {
        kind: Kind::Anthropic,
        groups: &groups,
        model: None,
        tried: &[],
        limited: &[],
        bound: None,
        warm: None,
        now: NOON,
    };
    let mut counts = HashMap::<i64, f64>::new();
    for _ in 0..20_000 {
        let (choice, _) = choose(&snapshot, &wanted, &HoldsView::default(), |total| random.random_range(0..total));
        *counts.entry(choice.provider_id.unwrap().0).or_default() += 1.0;
    }
    // The chance that an honest draw leaves the bound, the 99.99 % point of chi square with two degrees of freedom.
    let expected = [(1, 2_000.0), (2, 6_000.0), (4, 12_000.0)];
    let chi_square: f64 = expected.iter().map(|(id, expected)| (counts[id] - expected).powi(2) / expected).sum();
    assert!(chi_square < 18.42 && !counts.contains_key(&3), "{counts:?}: {chi_square}");
}

#[test]
fn the_list_is_bounded_and_the_chosen_one_is_on_it() {
    let mut upstreams: Vec<_> = (1..=200).map(|id| upstream(id, json!({"priority": 200 - id}))).collect();
    upstreams.extend((201..=400).map(|id| upstream(id, json!({"enabled": false}))));
    let (choice, picked) = Ask::default().choose(&snapshot(upstreams));
    assert_eq!((choice.candidates.len(), choice.n_more), (64, 336));
    assert_eq!(picked.unwrap().upstream.provider.id, ProviderId(200));
    let chosen = choice.candidates.iter().find(|candidate| candidate.provider_id == ProviderId(200));
    assert_eq!(chosen.map(|chosen| chosen.skip), Some(None));
    assert!(choice.candidates.iter().all(|candidate| candidate.skip.is_none()));
}
