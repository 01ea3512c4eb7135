//! How fast places become free at providers that calls wait for. Pure: the time is passed in.

use std::collections::BTreeMap;

use crate::domain::id::ProviderId;

/// How long a pace is believed after it was measured, and how long a gap is waited for that is to count. Milliseconds.
pub(super) const BELIEVED_MS: i64 = 600_000;

/// Places are counted for so many milliseconds, so that slow providers and fast ones can be added up in whole numbers.
const SPAN_MS: i64 = 1_000_000_000;

/// What was measured at a provider.
#[derive(Clone, Copy, Debug)]
struct Measured {
    /// The running mean of the time between two places that became free. Milliseconds.
    mean_ms: i64,
    /// When it was measured last, in milliseconds since 1970.
    at_ms: i64,
}

impl Measured {
    fn is_believed(&self, now_ms: i64) -> bool {
        now_ms - self.at_ms < BELIEVED_MS
    }
}

/// The pace of one provider.
#[derive(Debug)]
struct Pace {
    /// Since when somebody waits for a place there and nobody has got one, in milliseconds since 1970.
    since_ms: i64,
    /// None until it was measured.
    measured: Option<Measured>,
}

/// The pace at which places become free, for each provider by itself: time counts only while somebody waits for a place
/// there. What is waited for until a date, such as the end of a hold, says nothing about it.
#[derive(Debug, Default)]
pub(super) struct Paces(BTreeMap<ProviderId, Pace>);

impl Paces {
    /// Somebody waits for a place at a provider from now on, and nobody has until now.
    pub(super) fn begin(&mut self, provider_id: ProviderId, now_ms: i64) {
        self.forget(now_ms);
        let fresh = Pace { since_ms: now_ms, measured: None };
        self.0.entry(provider_id).and_modify(|pace| pace.since_ms = now_ms).or_insert(fresh);
    }

    /// A place has become free at a provider while somebody waited for one, and was taken.
    pub(super) fn taken(&mut self, provider_id: ProviderId, now_ms: i64) {
        self.forget(now_ms);
        // What was forgotten since nobody got a place there for so long is not measured: it begins anew.
        let Some(pace) = self.0.get_mut(&provider_id) else { return self.begin(provider_id, now_ms) };
        let gap_ms = (now_ms - pace.since_ms).max(0);
        let before = pace.measured.filter(|measured| measured.is_believed(now_ms));
        let mean_ms = before.map_or(gap_ms, |before| (before.mean_ms * 3 + gap_ms) / 4);
        *pace = Pace { since_ms: now_ms, measured: Some(Measured { mean_ms, at_ms: now_ms }) };
    }

    /// After how many milliseconds from now on `n` places will have become free at these providers together, for each of
    /// which somebody waits; none if nothing was measured at any of them lately.
    pub(super) fn expected_ms(&self, providers: &[ProviderId], n: i64, now_ms: i64) -> Option<i64> {
        let places = |provider_id: &ProviderId| {
            let pace = self.0.get(provider_id)?;
            let measured = pace.measured.filter(|measured| measured.is_believed(now_ms))?;
            // A gap that is longer than usual already tells that it goes slower now.
            let gap_ms = measured.mean_ms.max(now_ms - pace.since_ms).max(1);
            Some(SPAN_MS / gap_ms)
        };
        let n_places: i64 = providers.iter().filter_map(places).sum();
        n.saturating_mul(SPAN_MS).checked_div(n_places)
    }

    /// Forgets where nothing has happened for long.
    fn forget(&mut self, now_ms: i64) {
        self.0.retain(|_, pace| now_ms - pace.since_ms < BELIEVED_MS);
    }
}
