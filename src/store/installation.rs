//! The installation's one row: proves at start that the master key is the one the secrets were sealed with.

use anyhow::{Context, bail};
use sqlx::Row;
use uuid::Uuid;

use super::{Store, statements};
use crate::secret::Sealer;

/// What the proof is sealed for.
pub(super) const PURPOSE: &str = "installation";

statements! {
    /// Of replicas that start together on an empty database, one gets its row in; the others wait for it.
    INSERT = "
        insert into installation (id, key_proof)
        values ($1, $2)
        on conflict (only_one) do nothing";
    FIND = "
        select id, key_proof
        from installation";
}

impl Store {
    /// On the first start, seals the installation's id; later, opens it.
    ///
    /// # Errors
    /// If the master key is not the one of the first start: no provider's secret could be opened.
    pub async fn prove_master_key(&self, sealer: &Sealer) -> anyhow::Result<()> {
        let fresh = Uuid::now_v7();
        let proof = sealer.seal(PURPOSE, &fresh.to_string())?;
        sqlx::query(INSERT)
            .bind(fresh)
            .bind(proof)
            .execute(&self.pool)
            .await
            .context("cannot write the installation")?;
        let row = sqlx::query(FIND).fetch_one(&self.pool).await.context("cannot read the installation")?;
        let (id, proof): (Uuid, Vec<u8>) = (row.try_get("id")?, row.try_get("key_proof")?);
        if !sealer.open(PURPOSE, &proof).is_ok_and(|opened| opened.expose() == id.to_string()) {
            bail!(
                "MASTER_KEY is not the key this database's provider secrets were sealed with; \
                 start with the one of the first start, or of the last `switchyard rotate-master-key` \
                 (without the variable: the file in DATA_DIR; if a rotation was cut, run it once more)"
            );
        }
        Ok(())
    }
}
