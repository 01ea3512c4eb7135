//! Everything that routing needs, read at one moment.

use std::{collections::HashMap, sync::Arc};

use sqlx::{PgConnection, Row};

use super::{Store, groups, keys, prices, providers, settings, statements, users};
use crate::{
    domain::{id::CredentialId, key::ApiKey, money::Multiplier, price::ModelPrice, provider::Provider, user::User},
    secret::SecretHash,
};

statements! {
    BEGIN = "begin isolation level repeatable read read only";
    USERS = "
        select id, name, note, enabled, role, groups, expires_at, created_at
        from users
        where deleted_at is null";
    KEYS = "
        select id, user_id, name, secret_hash, prefix, last_four, enabled, groups, expires_at, last_used_at, created_at
        from keys
        where deleted_at is null";
}

/// Everything that routing needs. Deleted things are not in it, disabled ones are: they explain refusals.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Keys of users that are not deleted, with the hash of their secret.
    pub keys: Vec<(SecretHash, ApiKey, Arc<User>)>,
    /// Providers.
    pub providers: Vec<StoredProvider>,
    /// Prices.
    pub prices: Vec<ModelPrice>,
    /// Factors on prices by group, where they are not 1.
    pub group_multipliers: Vec<(String, Multiplier)>,
    /// Settings that differ from their default: name and value.
    pub settings: Vec<(String, serde_json::Value)>,
}

/// A provider with what only the server may know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProvider {
    /// What everybody may know.
    pub provider: Provider,
    /// The credential that calls are made with.
    pub credential_id: CredentialId,
    /// Its secret, sealed for the purpose `credential`.
    pub secret_sealed: Vec<u8>,
    /// The proxy's URL, sealed for the purpose `proxy`.
    pub proxy_sealed: Option<Vec<u8>>,
}

impl Store {
    /// Reads all of it in one repeatable-read transaction, so that its parts fit together.
    pub async fn load_snapshot(&self) -> Result<Loaded, sqlx::Error> {
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        let loaded = Loaded {
            keys: load_keys(&mut transaction).await?,
            providers: providers::all(&mut transaction).await?,
            prices: prices::all(&mut transaction).await?,
            group_multipliers: groups::multipliers(&mut transaction).await?,
            settings: settings::all(&mut transaction).await?,
        };
        transaction.commit().await?;
        Ok(loaded)
    }
}

/// Keys with their users; a key of a deleted user is left out.
async fn load_keys(connection: &mut PgConnection) -> Result<Vec<(SecretHash, ApiKey, Arc<User>)>, sqlx::Error> {
    let rows = sqlx::query(USERS).fetch_all(&mut *connection).await?;
    let users = rows.iter().map(users::from_row).map(|user| user.map(|user| (user.id, Arc::new(user))));
    let users: HashMap<_, _> = users.collect::<Result<_, _>>()?;
    let mut loaded = Vec::new();
    for row in sqlx::query(KEYS).fetch_all(connection).await? {
        let key = keys::from_row(&row)?;
        let hash: &[u8] = row.try_get("secret_hash")?;
        let hash = hash.try_into().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        if let Some(user) = users.get(&key.user_id) {
            loaded.push((hash, key, Arc::clone(user)));
        }
    }
    Ok(loaded)
}
