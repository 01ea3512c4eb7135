//! The audit log: who changed what, written in the transaction of the change.

use super::{change::Change, statements};
use crate::domain::id::{ConsoleSessionId, UserId};

statements! {
    INSERT = "
        insert into audit_log (actor, user_id, session_id, address, action, subject, before, after)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
}

/// A line of the audit log. Secrets are never in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditEntry<'a> {
    /// Who acted: `admin token`, `user Ada`, `nobody` for a failed login.
    pub actor: &'a str,
    /// The user who acted; none for the admin token.
    pub user_id: Option<UserId>,
    /// The login of the console that it was done in; none for a bearer.
    pub session_id: Option<ConsoleSessionId>,
    /// The address the request came from.
    pub address: &'a str,
    /// What was done: `provider.update`.
    pub action: &'a str,
    /// The id or name of what was changed.
    pub subject: String,
    /// How it was; none if it was made.
    pub before: Option<serde_json::Value>,
    /// How it is; none if it was deleted.
    pub after: Option<serde_json::Value>,
}

impl Change {
    /// Adds a line to the audit log.
    pub async fn audit(&mut self, entry: AuditEntry<'_>) -> Result<(), sqlx::Error> {
        sqlx::query(INSERT)
            .bind(entry.actor)
            .bind(entry.user_id.map(|id| id.0))
            .bind(entry.session_id.map(|id| id.0))
            .bind(entry.address)
            .bind(entry.action)
            .bind(entry.subject)
            .bind(entry.before)
            .bind(entry.after)
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }
}
