//! Where would a call go?

use rand::Rng;

use super::{actor::Admin, check};
use crate::{
    clock,
    domain::{
        decision::{Candidate, Choice},
        explain::{Chance, ExplainQuery, ExplainedChoice, Explanation, GroupTurn, Refusal},
        fault::Fault,
        id::KeyId,
    },
    health::view::HoldsView,
    hub::Hub,
    route::{
        choose::{Wanted, choose, in_order},
        restrict::admit_caller,
        snapshot::{Caller, Snapshot},
    },
    wire::rejection::Rejection,
};

/// Characters of a model's name.
const MODEL_CHARS_MAX: usize = 256;

/// Explains where a call would go, by the function that sends calls.
///
/// # Errors
/// [`Fault::Invalid`] unless it names either a key or groups; [`Fault::NotFound`] for a key that is not there.
pub fn explain(hub: &Hub, _actor: &Admin, query: &ExplainQuery) -> Result<Explanation, Fault> {
    let snapshot = hub.snapshot.load_full();
    let model = check::line("model", &query.model, MODEL_CHARS_MAX)?;
    let caller = query.key_id.map(|id| find(&snapshot, id)).transpose()?;
    let groups = match (&query.groups, caller) {
        (None, Some(caller)) => caller.groups(),
        (Some(groups), None) => check::groups(groups, true).map_err(|fault| renamed(fault, "groups"))?,
        (Some(_), Some(_)) => return Err(Fault::invalid("groups", "must not be given together with `key_id`")),
        (None, None) => return Err(Fault::invalid("key_id", "must be given, or `groups`")),
    };
    let at = query.at.unwrap_or_else(clock::now);
    let wanted = Wanted {
        groups: &groups,
        model: Some(&model),
        tried: &[],
        limited: &[],
        bound: query.bound_provider_id,
        warm: None,
        now: at,
    };
    let turns = in_order(&snapshot, &groups).into_iter();
    Ok(Explanation {
        at,
        refusals: caller.map(|caller| refusals(&snapshot, caller, &wanted, query)).unwrap_or_default(),
        groups: turns.map(|(name, priority)| GroupTurn { name: name.to_owned(), priority }).collect(),
        choices: choices(&snapshot, &wanted, &hub.health.view()),
    })
}

/// A key that is in use.
fn find(snapshot: &Snapshot, id: KeyId) -> Result<&Caller, Fault> {
    let caller = snapshot.callers.values().find(|caller| caller.key.id == id);
    caller.map(|caller| &**caller).ok_or_else(|| Fault::not_found("key"))
}

/// A fault of a field that has another name here.
fn renamed(fault: Fault, field: &str) -> Fault {
    match fault {
        Fault::Invalid { why, .. } => Fault::invalid(field, why),
        other => other,
    }
}

/// All that the key may not do.
fn refusals(snapshot: &Snapshot, caller: &Caller, wanted: &Wanted<'_>, query: &ExplainQuery) -> Vec<Refusal> {
    let restrictions = &caller.restrictions;
    let (_, model) = snapshot.split_prefix(wanted.model.unwrap_or_default());
    let asked = [
        admit_caller(caller, wanted.now),
        query.address.map_or(Ok(()), |address| restrictions.admit_address(address)),
        query.user_agent.as_deref().map_or(Ok(()), |agent| restrictions.admit_client(Some(agent))),
        restrictions.admit_model(model),
    ];
    let refusal = |rejection: Rejection| Refusal {
        status: rejection.status(),
        cause: rejection.cause().to_owned(),
        message: rejection.message(),
    };
    asked.into_iter().filter_map(Result::err).map(refusal).collect()
}

/// What is chosen, and what then, if all that were chosen fail.
fn choices(snapshot: &Snapshot, wanted: &Wanted<'_>, holds: &HoldsView) -> Vec<ExplainedChoice> {
    let n_max = usize::try_from(snapshot.settings.providers_max).unwrap_or(usize::MAX);
    let (mut choices, mut tried) = (Vec::new(), Vec::new());
    while choices.len() < n_max {
        let wanted = Wanted { tried: &tried, ..*wanted };
        let dice = |total| rand::rng().random_range(0..total);
        let (choice, picked) = choose(snapshot, &wanted, holds, dice);
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
