//! Which provider is next, and why: every choice goes into the decision chain.

use std::sync::Arc;

use rand::Rng;

use super::Trail;
use crate::{
    clock,
    domain::{
        decision::{Choice, Next},
        id::{AttemptId, ProviderId},
    },
    health::Trial,
    relay::{account::Reserved, live::lock},
    route::{
        choose::{Again, Picked, Wanted, choose, look_again},
        restrict::admit_caller,
        snapshot::Upstream,
    },
    wire::rejection::Rejection,
};

/// How often a call chooses anew because somebody else has taken the place for a trial.
const CHOICES_MAX: u32 = 8;

impl Trail {
    /// What a choice depends on.
    pub fn wanted<'a>(&'a self, model: Option<&'a str>, tried: &'a [ProviderId]) -> Wanted<'a> {
        let (limited, bound, warm) = (self.account.left_out.providers(), self.account.bound(), self.account.warm());
        let kind = self.kind;
        Wanted { kind, groups: &self.groups, model, tried, limited, bound, warm, now: clock::now() }
    }

    /// The call has waited: it goes on with the configuration of now, so that a provider that was added meanwhile can
    /// serve it. Where it comes from and which client it is were looked at before, and stay so.
    ///
    /// # Errors
    /// Its caller may no longer ask for this.
    pub fn catch_up(&mut self) -> Result<(), Rejection> {
        let newest = self.hub.snapshot.load_full();
        if Arc::ptr_eq(&newest, &self.snapshot) {
            return Ok(());
        }
        if let Some(caller) = self.account.caller() {
            let caller = newest.caller(caller.key.id).ok_or(Rejection::KeyDisabled)?;
            admit_caller(caller, clock::now())?;
            let mut entry = lock(&self.story);
            let (_, model) = newest.split_prefix(&entry.call.model);
            caller.restrictions.admit_model(model)?;
            self.groups = caller.groups();
            entry.decision.groups.clone_from(&self.groups);
            self.account.follow(&newest, caller);
        }
        self.snapshot = newest;
        Ok(())
    }

    /// Chooses the next provider, and notes why.
    pub fn choose(&mut self, model: Option<&str>, tried: &[ProviderId]) -> Option<Picked> {
        let mut n_choices = 0;
        let (mut choice, picked) = loop {
            let wanted = self.wanted(model, tried);
            let dice = |total| rand::rng().random_range(0..total);
            let (choice, picked) = choose(&self.snapshot, &wanted, &self.hub.health.view(), dice);
            let Some(picked) = picked else { break (choice, None) };
            n_choices += 1;
            // Between the look and the step somebody may have taken the only place.
            let trial = self.admit(&picked.upstream);
            if trial.is_some() || picked.is_last_resort || n_choices >= CHOICES_MAX {
                self.trial = trial;
                break (choice, Some(picked));
            }
        };
        self.account.left_out.explain(&mut choice);
        self.note_choice(choice);
        let picked = picked?;
        self.group = vec![picked.group.clone()];
        Some(picked)
    }

    /// How a provider stands now that this call has tried.
    pub fn look_again(&self, model: Option<&str>, provider_id: ProviderId) -> Again {
        let wanted = self.wanted(model, &[]);
        look_again(&self.snapshot, &wanted, &self.hub.health.view(), provider_id)
    }

    /// The provider that was tried before is tried once more: nobody else is asked.
    pub fn choose_again(&mut self, upstream: &Upstream, group: &str, is_repaired: bool) {
        self.trial = self.admit(upstream);
        self.group = vec![group.to_owned()];
        let (provider_id, group) = (Some(upstream.provider.id), Some(group.to_owned()));
        self.note_choice(Choice { provider_id, group, is_retry: true, is_repaired, ..Choice::default() });
    }

    /// Leave to try a provider. What is free takes no place: it tells nothing about the rest.
    fn admit(&self, upstream: &Upstream) -> Option<Trial> {
        if !self.is_recorded {
            return Some(Trial::free());
        }
        self.hub.health.admit(&upstream.provider, clock::now())
    }

    /// True if a provider is held for this call just now, for whatever reason.
    pub fn is_held(&self, upstream: &Upstream) -> bool {
        let holds = self.hub.health.view();
        if holds.is_empty() {
            return false;
        }
        let model = lock(&self.story).call.model.clone();
        let (provider_id, credential_id) = (upstream.provider.id, upstream.credential_id);
        let group = self.group.first().map(String::as_str);
        holds.hold(provider_id, credential_id, upstream.model_sent(&model), group, clock::now()).is_some()
    }

    /// Notes a choice.
    pub fn note_choice(&self, choice: Choice) {
        let choice = Choice { at_ms: clock::ms_since(self.began), ..choice };
        lock(&self.story).decision.choices.push(choice);
    }

    /// Notes what has really followed from the failure of the last attempt.
    pub fn note_next(&self, next: Next) {
        if let Some(verdict) = lock(&self.story).decision.choices.last_mut().and_then(|it| it.verdict.as_mut()) {
            verdict.next = next;
        }
    }

    /// The last choice that was made.
    pub fn last_choice(&self) -> Choice {
        lock(&self.story).decision.choices.last().cloned().unwrap_or_default()
    }

    /// Reserves what an attempt at `upstream` may cost. A provider that is at a limit of its own, or too dear for the
    /// caller, was no choice. What is free uses nobody's limits (docs/rules.md, Limits).
    pub async fn reserve(&mut self, id: AttemptId, upstream: &Upstream, model: &str) -> Reserved {
        if !self.is_recorded {
            return Reserved::Yes;
        }
        let reserved = self.account.reserve(id, upstream, &self.group, model).await;
        if matches!(reserved, Reserved::ProviderLimited | Reserved::TooDear(_)) {
            self.unchoose();
        }
        reserved
    }

    /// What was chosen last cannot be used: it was no choice.
    pub fn unchoose(&mut self) {
        lock(&self.story).decision.choices.pop();
        self.trial = None;
    }

    /// The call is about to choose again: that nobody was left is no choice.
    pub fn chooses_again(&self) {
        lock(&self.story).decision.choices.pop_if(|choice| choice.provider_id.is_none());
    }
}
