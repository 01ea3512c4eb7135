//! Who acts.

use std::fmt::Display;

use serde::Serialize;

use crate::store::audit::AuditEntry;

/// Somebody who may run the hub. Only [`super::login`] makes one, so a use case that has one has a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// How the audit log names the actor: `admin token`, `console session 12`.
    pub(super) name: String,
    /// The address the request came from.
    pub(super) address: String,
}

impl Actor {
    /// The hub itself, by the clock.
    pub(super) fn system() -> Self {
        Self { name: "system".to_owned(), address: String::new() }
    }

    /// The line of the audit log for what this actor does.
    pub(super) fn entry<'a>(&'a self, action: &'a str, subject: &dyn Display) -> AuditEntry<'a> {
        AuditEntry {
            actor: &self.name,
            address: &self.address,
            action,
            subject: subject.to_string(),
            before: None,
            after: None,
        }
    }
}

/// How a noun stands in the audit log: as it stands in JSON, where secrets never are.
pub(super) fn shown(noun: &impl Serialize) -> Option<serde_json::Value> {
    serde_json::to_value(noun).ok()
}
