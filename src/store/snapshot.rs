//! Everything that routing needs, read at one moment.

use std::{collections::HashMap, sync::Arc};

use sqlx::PgConnection;

use super::{Store, groups, keys, prices, providers, settings, statements, users};
use crate::{
    domain::{id::CredentialId, key::ApiKey, money::Multiplier, price::ModelPrice, provider::Provider, user::User},
    secret::SecretHash,
};

statements! {
    BEGIN = "begin isolation level repeatable read read only";
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
    /// Priorities by group, where they are not 0.
    pub group_priorities: Vec<(String, i32)>,
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
            group_priorities: groups::priorities(&mut transaction).await?,
            settings: settings::all(&mut transaction).await?,
        };
        transaction.commit().await?;
        Ok(loaded)
    }
}

/// Keys with their users.
async fn load_keys(connection: &mut PgConnection) -> Result<Vec<(SecretHash, ApiKey, Arc<User>)>, sqlx::Error> {
    let users = users::all(&mut *connection).await?;
    let users: HashMap<_, _> = users.into_iter().map(|user| (user.id, Arc::new(user))).collect();
    let keys = keys::all(connection).await?.into_iter();
    Ok(keys.filter_map(|(hash, key)| users.get(&key.user_id).cloned().map(|user| (hash, key, user))).collect())
}
