//! Every sealed text, sealed anew under another master key.

use anyhow::{Context, bail};
use sqlx::{PgConnection, Row, postgres::PgConnectOptions};
use uuid::Uuid;

use super::{Store, installation::PURPOSE, statements};
use crate::secret::Sealer;

statements! {
    /// Connections of those who go by a name.
    CONNECTED = "
        select count(*)
        from pg_stat_activity
        where datname = current_database() and application_name = $1";
    LOCK = "
        select id, key_proof
        from installation
        for update";
    SECRETS = "
        select id, secret_sealed
        from credentials
        where secret_sealed <> ''
        order by id
        for update";
    SET_SECRET = "
        update credentials
        set secret_sealed = $2
        where id = $1";
    PROXIES = "
        select id, proxy_sealed
        from providers
        where proxy_sealed is not null
        order by id
        for update";
    SET_PROXY = "
        update providers
        set proxy_sealed = $2
        where id = $1";
    PROVE = "
        update installation
        set key_proof = $1";
}

/// What hubs call themselves where Postgres lists its connections.
pub(super) const HUB: &str = "switchyard";

/// How many texts were sealed anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resealed {
    /// Secrets of providers. Those of deleted ones are erased.
    pub n_secrets: usize,
    /// Proxies of providers.
    pub n_proxies: usize,
}

impl Store {
    /// Connects for sealing anew: under a name of its own, so that hubs can be told from it.
    ///
    /// # Errors
    /// Postgres cannot be reached.
    pub async fn connect_for_resealing(options: PgConnectOptions) -> anyhow::Result<Self> {
        Self::connect_as(options, "switchyard rotate-master-key").await
    }

    /// True if hubs are connected to this database.
    pub async fn has_hubs(&self) -> anyhow::Result<bool> {
        let n: i64 = sqlx::query_scalar(CONNECTED)
            .bind(HUB)
            .fetch_one(&self.pool)
            .await
            .context("cannot see who is connected")?;
        Ok(n > 0)
    }

    /// Opens everything that is sealed with `old` and seals it with `new`, in one transaction: all of it or nothing.
    ///
    /// # Errors
    /// If `old` is not the key of this database, or one of its texts cannot be opened.
    pub async fn reseal(&self, old: &Sealer, new: &Sealer) -> anyhow::Result<Resealed> {
        let mut transaction = self.pool.begin().await.context("cannot reach the database")?;
        let row = sqlx::query(LOCK).fetch_optional(&mut *transaction).await.context("cannot read the installation")?;
        let Some(row) = row else { bail!("nothing is sealed on this database yet: no hub has ever started on it") };
        let (id, proof): (Uuid, Vec<u8>) = (row.try_get("id")?, row.try_get("key_proof")?);
        if !old.open(PURPOSE, &proof).is_ok_and(|opened| opened.expose() == id.to_string()) {
            bail!("MASTER_KEY is not the key this database's provider secrets are sealed with");
        }
        let n_secrets = reseal_all(&mut transaction, ("credential", SECRETS, SET_SECRET), old, new).await?;
        let n_proxies = reseal_all(&mut transaction, ("proxy", PROXIES, SET_PROXY), old, new).await?;
        let proof = new.seal(PURPOSE, &id.to_string())?;
        sqlx::query(PROVE).bind(proof).execute(&mut *transaction).await.context("cannot write the installation")?;
        transaction.commit().await.context("cannot write what was sealed anew")?;
        Ok(Resealed { n_secrets, n_proxies })
    }
}

/// Seals the texts of one purpose anew: those that `all` reads are written by `set`.
async fn reseal_all(
    connection: &mut PgConnection,
    (purpose, all, set): (&str, &'static str, &'static str),
    old: &Sealer,
    new: &Sealer,
) -> anyhow::Result<usize> {
    let rows =
        sqlx::query(all).fetch_all(&mut *connection).await.with_context(|| format!("cannot read each {purpose}"))?;
    for row in &rows {
        let (id, sealed): (i64, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
        let text = old.open(purpose, &sealed).with_context(|| format!("{purpose} {id}"))?;
        let sealed = new.seal(purpose, text.expose())?;
        sqlx::query(set)
            .bind(id)
            .bind(sealed)
            .execute(&mut *connection)
            .await
            .with_context(|| format!("cannot write {purpose} {id}"))?;
    }
    Ok(rows.len())
}
