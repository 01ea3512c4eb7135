//! Where would a call go?

mod counters;

use std::sync::Arc;

use rand::Rng;

use super::{actor::Admin, check};
use crate::{
    clock,
    domain::{
        decision::{Candidate, Choice},
        explain::{Chance, ExplainQuery, ExplainedChoice, Explanation, GroupTurn, NamedKey, Refusal},
        fault::Fault,
        id::KeyId,
        provider::Kind,
    },
    health::view::HoldsView,
    hub::Hub,
    relay::left_out::LeftOut,
    route::{
        choose::{Wanted, choose, in_order},
        restrict::admit_caller,
        snapshot::{Caller, Snapshot},
    },
    state::step::Binding,
    wire::rejection::Rejection,
};

/// Characters of a session's id.
const SESSION_CHARS_MAX: usize = 256;

/// Characters of a model's name.
const MODEL_CHARS_MAX: usize = 256;

/// Explains where a call would go, by the function that sends calls.
///
/// # Errors
/// [`Fault::Invalid`] unless it names either a key or groups; [`Fault::NotFound`] for a key that is not there;
/// [`Fault::CountersAway`] while Redis does not answer, if limits or a session are asked for.
pub async fn explain(hub: &Hub, _actor: &Admin, query: &ExplainQuery) -> Result<Explanation, Fault> {
    let snapshot = hub.snapshot.load_full();
    let model = check::line("model", &query.model, MODEL_CHARS_MAX)?;
    let caller = query.key_id.map(|id| find(&snapshot, id)).transpose()?;
    let groups = match (&query.groups, caller) {
        (None, Some(caller)) => caller.groups(),
        (Some(groups), None) => check::groups(groups, true).map_err(|fault| renamed(fault, "groups"))?,
        (Some(_), Some(_)) => return Err(Fault::invalid("groups", "must not be given together with `key_id`")),
        (None, None) => return Err(Fault::invalid("key_id", "must be given, or `groups`")),
    };
    let now = clock::now();
    let at = query.at.unwrap_or(now);
    let binding = match (&query.session_id, query.bound_provider_id) {
        (None, _) => None,
        (Some(_), Some(_)) => {
            return Err(Fault::invalid("session_id", "must not be given together with `bound_provider_id`"));
        }
        (Some(session_id), None) => {
            let session_id = check::line("session_id", session_id, SESSION_CHARS_MAX)?;
            let key_id = query.key_id.ok_or_else(|| Fault::invalid("session_id", "must be given with `key_id`"))?;
            counters::bound(hub, key_id, &session_id, now).await?
        }
    };
    let bound = binding.map_or(query.bound_provider_id, |binding| Some(binding.provider_id));
    let (mut over, mut left_out) = (Vec::new(), LeftOut::default());
    if query.limits {
        left_out = counters::limited(hub, &snapshot, now).await?;
        if let Some(caller) = caller {
            over = counters::exhausted(hub, caller, now).await?;
        }
    }
    let wanted = Wanted {
        kind: Kind::Anthropic,
        groups: &groups,
        model: Some(&model),
        tried: &[],
        limited: left_out.providers(),
        bound,
        warm: binding.and_then(Binding::warm),
        now: at,
    };
    let turns = in_order(&snapshot, &groups).into_iter();
    let refused = caller.map(|caller| refusals(&snapshot, caller, &wanted, query)).unwrap_or_default();
    Ok(Explanation {
        at,
        refusals: refused.into_iter().chain(over).map(refusal).collect(),
        bound_provider_id: bound,
        groups: turns.map(|(name, priority)| GroupTurn { name: name.to_owned(), priority }).collect(),
        choices: choices(&snapshot, &wanted, &left_out, &hub.health.view()),
    })
}

/// Most keys that can be chosen from.
const KEYS_MAX: usize = 500;

/// The keys that a call could come with, by user and name; at most 500.
pub fn keys(hub: &Hub, _actor: &Admin) -> Vec<NamedKey> {
    let mut keys = all_keys(hub);
    keys.truncate(KEYS_MAX);
    keys
}

/// The keys whose user and name, `user / key`, are `text`, else those that hold it, in any case; at most 500.
pub fn keys_named(hub: &Hub, _actor: &Admin, text: &str) -> Vec<NamedKey> {
    let wanted = text.trim().to_lowercase();
    let whole = |key: &NamedKey| key.to_string().to_lowercase();
    let mut keys = all_keys(hub);
    keys.retain(|key| whole(key).contains(&wanted));
    if keys.iter().any(|key| whole(key) == wanted) {
        keys.retain(|key| whole(key) == wanted);
    }
    keys.truncate(KEYS_MAX);
    keys
}

fn all_keys(hub: &Hub) -> Vec<NamedKey> {
    let snapshot = hub.snapshot.load();
    let named = |caller: &Arc<Caller>| NamedKey {
        id: caller.key.id,
        name: caller.key.name.clone(),
        user_name: caller.user.name.clone(),
    };
    let mut keys: Vec<NamedKey> = snapshot.callers.values().map(named).collect();
    keys.sort_by(|one, other| (&one.user_name, &one.name, one.id).cmp(&(&other.user_name, &other.name, other.id)));
    // A key whose secret was replaced is there twice for a while.
    keys.dedup();
    keys
}

/// A key that is in use.
fn find(snapshot: &Snapshot, id: KeyId) -> Result<&Caller, Fault> {
    snapshot.caller(id).map(|caller| &**caller).ok_or_else(|| Fault::not_found("key"))
}

/// A fault of a field that has another name here.
fn renamed(fault: Fault, field: &str) -> Fault {
    match fault {
        Fault::Invalid { why, .. } => Fault::invalid(field, why),
        other => other,
    }
}

/// All that the key may not do.
fn refusals(snapshot: &Snapshot, caller: &Caller, wanted: &Wanted<'_>, query: &ExplainQuery) -> Vec<Rejection> {
    let restrictions = &caller.restrictions;
    let (_, model) = snapshot.split_prefix(wanted.model.unwrap_or_default());
    let asked = [
        admit_caller(caller, wanted.now),
        query.address.map_or(Ok(()), |address| restrictions.admit_address(address)),
        query.user_agent.as_deref().map_or(Ok(()), |agent| restrictions.admit_client(Some(agent))),
        restrictions.admit_model(model),
    ];
    asked.into_iter().filter_map(Result::err).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "made for map")]
fn refusal(rejection: Rejection) -> Refusal {
    Refusal { status: rejection.status(), cause: rejection.cause().to_owned(), message: rejection.message() }
}

/// What is chosen, and what then, if all that were chosen fail.
fn choices(snapshot: &Snapshot, wanted: &Wanted<'_>, left_out: &LeftOut, holds: &HoldsView) -> Vec<ExplainedChoice> {
    let n_max = usize::try_from(snapshot.settings.providers_max).unwrap_or(usize::MAX);
    let (mut choices, mut tried) = (Vec::new(), Vec::new());
    while choices.len() < n_max {
        let wanted = Wanted { tried: &tried, ..*wanted };
        let dice = |total| rand::rng().random_range(0..total);
        let (mut choice, picked) = choose(snapshot, &wanted, holds, dice);
        left_out.explain(&mut choice);
        let provider_id = picked.as_ref().map(|picked| picked.upstream.provider.id);
        let model = wanted.model.unwrap_or_default();
        choices.push(ExplainedChoice {
            chances: chances(&choice),
            model_sent: picked.map(|picked| picked.upstream.model_sent(model).to_owned()),
            choice,
        });
        match provider_id {
            Some(id) => tried.push(id),
            None => break,
        }
    }
    choices
}

fn chances(choice: &Choice) -> Vec<Chance> {
    let of = |candidate: &Candidate| Chance {
        provider_id: candidate.provider_id,
        per_million: choice.chance_per_million(candidate),
    };
    choice.candidates.iter().map(of).filter(|chance| chance.per_million > 0).collect()
}
