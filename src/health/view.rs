//! One look at all holds. Whoever asks whether something is held asks here.

use std::{cmp::Ordering, collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};

use crate::domain::{
    hold::{Hold, HoldScope},
    id::{CredentialId, ProviderId},
};

/// The holds of one moment. Immutable: another hold makes another view.
#[derive(Clone, Debug, Default)]
pub struct HoldsView {
    of_providers: HashMap<ProviderId, Vec<Arc<Hold>>>,
    of_groups: HashMap<String, Vec<Arc<Hold>>>,
    /// Marks the places of providers that have one, if any has: a choice asks for all of them, and this is faster than to
    /// look each of them up.
    marks: Vec<bool>,
}

/// Places of marks. Providers beyond share them.
const MARKS: i64 = 1_024;

/// Where a provider's mark is.
fn place_of(provider_id: ProviderId) -> usize {
    usize::try_from(provider_id.0.rem_euclid(MARKS)).unwrap_or_default()
}

impl HoldsView {
    /// A view of these.
    pub fn of(holds: Vec<Arc<Hold>>) -> Self {
        let mut view = Self::default();
        for hold in holds {
            let list = match &hold.scope {
                HoldScope::Provider { provider_id }
                | HoldScope::Model { provider_id, .. }
                | HoldScope::Credential { provider_id, .. } => {
                    view.mark(*provider_id);
                    view.of_providers.entry(*provider_id).or_default()
                }
                HoldScope::Group { group } => view.of_groups.entry(group.clone()).or_default(),
            };
            list.push(hold);
        }
        view
    }

    fn mark(&mut self, provider_id: ProviderId) {
        let place = place_of(provider_id);
        if self.marks.len() <= place {
            self.marks.resize(place + 1, false);
        }
        if let Some(mark) = self.marks.get_mut(place) {
            *mark = true;
        }
    }

    /// True if nothing is held.
    pub fn is_empty(&self) -> bool {
        self.of_providers.is_empty() && self.of_groups.is_empty()
    }

    /// True if there may be a hold on the provider: most have none, and need no closer look.
    pub fn may_concern(&self, provider_id: ProviderId) -> bool {
        let is_marked = self.marks.get(place_of(provider_id)).copied().unwrap_or_default();
        !self.of_groups.is_empty() || (is_marked && self.of_providers.contains_key(&provider_id))
    }

    /// The weightiest hold on a use at `now`: of a provider with one of its secrets, for a model as it is sent there, by
    /// those who reach it by `group` (docs/rules.md, Holds).
    #[expect(clippy::too_many_arguments, reason = "each may be held by itself")]
    pub fn hold(
        &self,
        provider_id: ProviderId,
        credential_id: CredentialId,
        model_sent: &str,
        group: Option<&str>,
        now: DateTime<Utc>,
    ) -> Option<&Arc<Hold>> {
        let is_meant = |hold: &&Arc<Hold>| match &hold.scope {
            HoldScope::Provider { .. } | HoldScope::Group { .. } => true,
            HoldScope::Model { model, .. } => model == model_sent,
            HoldScope::Credential { credential_id: held, .. } => *held == credential_id,
        };
        let of_provider = self.of_providers.get(&provider_id).into_iter().flatten().filter(is_meant);
        let of_group = group.and_then(|group| self.of_groups.get(group)).into_iter().flatten();
        of_provider.chain(of_group).filter(|hold| !hold.is_over(now)).max_by(|a, b| compare(a, b))
    }
}

/// Compares the weight of holds: one that excludes before one that ranks, then the one that ends later.
pub fn compare(a: &Hold, b: &Hold) -> Ordering {
    let weight = |hold: &Hold| (hold.is_absolute(), hold.until.is_none(), hold.until);
    weight(a).cmp(&weight(b))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::{
        hold::{HoldReason, HoldSource},
        id::HoldId,
    };

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn hold(scope: HoldScope, source: HoldSource, seconds: Option<i64>) -> Arc<Hold> {
        Arc::new(Hold {
            id: HoldId::fresh(),
            scope,
            reason: HoldReason::Breaker,
            source,
            since: NOW,
            until: seconds.map(|seconds| NOW + TimeDelta::seconds(seconds)),
            note: String::new(),
            call_id: None,
            model_sent: None,
        })
    }

    const A: ProviderId = ProviderId(1);

    fn provider() -> HoldScope {
        HoldScope::Provider { provider_id: A }
    }

    #[track_caller]
    fn check(view: &HoldsView, model: &str, group: Option<&str>, expected: Option<&Arc<Hold>>) {
        assert_eq!(view.hold(A, CredentialId(2), model, group, NOW), expected);
        assert_eq!(view.hold(ProviderId(9), CredentialId(2), model, None, NOW), None);
    }

    #[test]
    fn a_hold_counts_for_what_it_is_about() {
        let model = hold(HoldScope::Model { provider_id: A, model: "m".to_owned() }, HoldSource::Hub, Some(5));
        let view = HoldsView::of(vec![model.clone()]);
        check(&view, "m", None, Some(&model));
        check(&view, "other", None, None);
        let of = |credential_id| HoldScope::Credential { provider_id: A, credential_id };
        let secret = hold(of(CredentialId(2)), HoldSource::Hub, None);
        check(&HoldsView::of(vec![secret.clone()]), "m", None, Some(&secret));
        check(&HoldsView::of(vec![hold(of(CredentialId(3)), HoldSource::Hub, None)]), "m", None, None);
        let group = hold(HoldScope::Group { group: "g".to_owned() }, HoldSource::Admin, None);
        let view = HoldsView::of(vec![group.clone()]);
        check(&view, "m", Some("g"), Some(&group));
        check(&view, "m", Some("h"), None);
        check(&view, "m", None, None);
        assert!(HoldsView::default().is_empty() && !view.is_empty());
        assert!(view.may_concern(ProviderId(9)), "a group may have any provider");
        assert!(HoldsView::of(vec![model.clone()]).may_concern(A));
        assert!(!HoldsView::of(vec![model]).may_concern(ProviderId(9)));
    }

    #[test]
    fn the_weightiest_hold_is_told_and_none_that_is_over() {
        let ranks = hold(provider(), HoldSource::Hub, Some(60));
        let excludes = hold(provider(), HoldSource::Provider, Some(5));
        let longer = hold(provider(), HoldSource::Provider, Some(7));
        let endless = hold(provider(), HoldSource::Admin, None);
        let over = hold(provider(), HoldSource::Admin, Some(0));
        let view = |holds: &[&Arc<Hold>]| HoldsView::of(holds.iter().map(|hold| Arc::clone(hold)).collect());
        check(&view(&[&ranks, &over]), "m", None, Some(&ranks));
        check(&view(&[&ranks, &excludes]), "m", None, Some(&excludes));
        check(&view(&[&excludes, &longer, &ranks]), "m", None, Some(&longer));
        check(&view(&[&longer, &endless]), "m", None, Some(&endless));
        check(&view(&[&over]), "m", None, None);
    }
}
