//! What this replica has put on hold itself, by what its own attempts have come to.

use std::sync::Arc;

use super::{Book, Write};
use crate::{
    domain::{
        hold::Hold,
        id::{HoldId, ProviderId},
    },
    health::edited::Edited,
};

impl Book {
    /// Adds a hold that an attempt of this replica has caused or prolonged, to be written down.
    pub(super) fn make(&mut self, hold: Hold) -> Arc<Hold> {
        let hold = Arc::new(hold);
        self.own.retain(|id| self.holds.contains_key(id));
        self.own.insert(hold.id);
        self.write(Write { hold: Arc::clone(&hold), ended: None });
        self.add(Arc::clone(&hold));
        hold
    }

    /// The holds of this replica's own making that an edit ends; `edited` says of a provider what is new there.
    pub(in crate::health) fn outdated(&self, edited: impl Fn(ProviderId) -> Edited) -> Vec<HoldId> {
        let own = self.own.iter().filter_map(|id| self.holds.get(id));
        let is_outdated =
            |hold: &&Arc<Hold>| hold.scope.provider_id().is_some_and(|id| edited(id).reasons().contains(&hold.reason));
        own.filter(is_outdated).map(|hold| hold.id).collect()
    }
}
