//! [`Change`]: one transaction that changes configuration, with its line in the audit log.

use sqlx::{Postgres, Transaction};

use super::{CHANNEL, Store, statements};

statements! {
    /// Tells every replica, at commit, to read configuration again.
    NOTIFY = "select pg_notify($1, 'configuration')";
}

/// One transaction that changes configuration. Dropped before [`commit`](Self::commit), it changes nothing.
#[derive(Debug)]
pub struct Change {
    /// The transaction; each noun's file writes through it.
    pub(super) transaction: Transaction<'static, Postgres>,
}

impl Store {
    /// Begins a change.
    pub async fn change(&self) -> Result<Change, sqlx::Error> {
        Ok(Change { transaction: self.pool.begin().await? })
    }
}

impl Change {
    /// Makes the change visible and tells every replica.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        sqlx::query(NOTIFY).bind(CHANNEL).execute(&mut *self.transaction).await?;
        self.transaction.commit().await
    }

    /// Makes the change visible where no other replica needs to know, as with logins.
    pub async fn commit_quietly(self) -> Result<(), sqlx::Error> {
        self.transaction.commit().await
    }
}
