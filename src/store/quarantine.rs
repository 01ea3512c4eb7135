//! Entries that Postgres rejected, for reading. The ledger's writer sets them aside.

use super::{Store, read, statements};

statements! {
    COUNT = "
        select count(*) as n_entries
        from quarantine";
}

impl Store {
    /// How many entries are set aside.
    pub async fn count_quarantined(&self) -> Result<u64, sqlx::Error> {
        read::number(&sqlx::query(COUNT).fetch_one(&self.pool).await?, "n_entries")
    }
}
