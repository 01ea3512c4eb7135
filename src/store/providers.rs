//! Providers and their credentials.

use sqlx::{
    Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
    types::Json,
};

use super::{
    Store,
    change::Change,
    limits::{self, limit_columns},
    read,
    snapshot::StoredProvider,
    statements,
};
use crate::domain::{
    id::{CredentialId, ProviderId},
    limit::{Subject, TimeOfDay},
    money::Multiplier,
    provider::{Provider, many::ProviderFilter},
};

/// A provider with its credential: its first row in `credentials`.
macro_rules! select_providers {
    ($rest:literal) => {
        concat!(
            "
        select p.id, p.name, p.kind, p.base_url, p.enabled, p.weight, p.priority, p.group_priorities, p.groups,
            p.cost_multiplier, p.models, p.redirects, p.prefix, p.active_from, p.active_to, p.max_attempts,
            p.breaker_failures, p.breaker_open_s, p.breaker_successes, p.probe, p.message_queue, p.failure_rules,
            p.proxy_sealed, p.proxy_masked, p.connect_timeout_ms, p.first_byte_timeout_ms, p.idle_timeout_ms,
            p.total_timeout_ms, p.on_client_gone, p.headers, p.created_at, p.updated_at,
            c.id as credential_id, c.secret_sealed, c.preview, ",
            limit_columns!("p."),
            "
        from providers p
        join credentials c on c.id = (select min(id) from credentials where provider_id = p.id)
        where p.deleted_at is null",
            $rest
        )
    };
}

statements! {
    /// By id, after the cursor, where name or address hold the words looked for.
    LIST = select_providers!("
            and p.id > $1
            and ($3::text is null or position(lower($3) in lower(p.name)) > 0 or position(lower($3) in lower(p.base_url)) > 0)
            and ($4::text is null or $4 = any(p.groups) or (p.groups = '{}' and $4 = 'default'))
        order by p.id
        limit $2");
    NAMES = "
        select name
        from providers
        where deleted_at is null";
    FIND = select_providers!("
            and p.id = $1");
    LOCK = select_providers!("
            and p.id = $1
        for update of p, c");
    /// For the snapshot: all of them.
    ALL = select_providers!("
        order by p.id");
    INSERT = "
        insert into providers (name, kind, base_url, enabled, weight, priority, groups, cost_multiplier, models, redirects,
            connect_timeout_ms, first_byte_timeout_ms, idle_timeout_ms, total_timeout_ms, on_client_gone, headers,
            group_priorities, prefix, active_from, active_to, max_attempts, breaker_failures, breaker_open_s,
            breaker_successes, probe, message_queue, failure_rules, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
            $24, $25, $26, $27, $28, $28)
        returning id";
    UPDATE = "
        update providers
        set name = $1, kind = $2, base_url = $3, enabled = $4, weight = $5, priority = $6, groups = $7, cost_multiplier = $8,
            models = $9, redirects = $10, connect_timeout_ms = $11, first_byte_timeout_ms = $12, idle_timeout_ms = $13,
            total_timeout_ms = $14, on_client_gone = $15, headers = $16, group_priorities = $17, prefix = $18,
            active_from = $19, active_to = $20, max_attempts = $21, breaker_failures = $22, breaker_open_s = $23,
            breaker_successes = $24, probe = $25, message_queue = $26, failure_rules = $27, updated_at = $28
        where id = $29";
    SET_PROXY = "
        update providers
        set proxy_sealed = $2, proxy_masked = $3
        where id = $1";
    INSERT_CREDENTIAL = "
        insert into credentials (provider_id, secret_sealed, preview)
        values ($1, $2, $3)";
    UPDATE_CREDENTIAL = "
        update credentials
        set secret_sealed = $2, preview = $3, updated_at = now()
        where id = (select min(id) from credentials where provider_id = $1)";
    DELETE = "
        update providers
        set deleted_at = now(), proxy_sealed = null, proxy_masked = null
        where deleted_at is null and id = $1";
    /// What is empty was erased: nothing that is sealed is.
    ERASE_CREDENTIALS = "
        update credentials
        set secret_sealed = '', updated_at = now()
        where provider_id = $1";
}

/// A text that is stored sealed, and what people see of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The sealed text.
    pub sealed: Vec<u8>,
    /// What people see.
    pub shown: String,
}

/// A row of `select_providers!`.
fn from_row(row: &PgRow) -> Result<StoredProvider, sqlx::Error> {
    // The table's own check keeps it below a day.
    let time_of_day =
        |column: &str| row.try_get(column).map(|minutes: Option<i32>| minutes.and_then(TimeOfDay::from_minutes));
    let provider = Provider {
        id: ProviderId(row.try_get("id")?),
        name: row.try_get("name")?,
        kind: read::word(row, "kind")?,
        base_url: row.try_get("base_url")?,
        secret_preview: row.try_get("preview")?,
        enabled: row.try_get("enabled")?,
        weight: read::small(row, "weight")?,
        priority: row.try_get("priority")?,
        group_priorities: read::json(row, "group_priorities")?,
        group: row.try_get("groups")?,
        cost_multiplier: Multiplier::from_scaled(row.try_get("cost_multiplier")?),
        models: read::json(row, "models")?,
        redirects: read::json(row, "redirects")?,
        prefix: row.try_get("prefix")?,
        active_from: time_of_day("active_from")?,
        active_to: time_of_day("active_to")?,
        max_attempts: read::small_or_none(row, "max_attempts")?,
        breaker_failures: read::small_or_none(row, "breaker_failures")?,
        breaker_open_s: read::small_or_none(row, "breaker_open_s")?,
        breaker_successes: read::small_or_none(row, "breaker_successes")?,
        probe: row.try_get("probe")?,
        message_queue: row.try_get("message_queue")?,
        failure_rules: read::json(row, "failure_rules")?,
        proxy_url: row.try_get("proxy_masked")?,
        connect_timeout_ms: read::small_or_none(row, "connect_timeout_ms")?,
        first_byte_timeout_ms: read::small_or_none(row, "first_byte_timeout_ms")?,
        idle_timeout_ms: read::small_or_none(row, "idle_timeout_ms")?,
        total_timeout_ms: read::small_or_none(row, "total_timeout_ms")?,
        on_client_gone: read::word(row, "on_client_gone")?,
        headers: read::json(row, "headers")?,
        limits: limits::from_row(row)?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    };
    Ok(StoredProvider {
        provider,
        credential_id: CredentialId(row.try_get("credential_id")?),
        secret_sealed: row.try_get("secret_sealed")?,
        proxy_sealed: row.try_get("proxy_sealed")?,
    })
}

/// Binds what inserting and changing a provider share: `$1` to `$27` of [`INSERT`] and [`UPDATE`].
fn bind_columns<'q>(
    query: Query<'q, Postgres, PgArguments>,
    provider: &'q Provider,
) -> Query<'q, Postgres, PgArguments> {
    query
        .bind(&provider.name)
        .bind(provider.kind.as_str())
        .bind(&provider.base_url)
        .bind(provider.enabled)
        .bind(read::integer(provider.weight))
        .bind(provider.priority)
        .bind(&provider.group)
        .bind(provider.cost_multiplier.scaled())
        .bind(Json(&provider.models))
        .bind(Json(&provider.redirects))
        .bind(provider.connect_timeout_ms.map(read::integer))
        .bind(provider.first_byte_timeout_ms.map(read::integer))
        .bind(provider.idle_timeout_ms.map(read::integer))
        .bind(provider.total_timeout_ms.map(read::integer))
        .bind(provider.on_client_gone.as_str())
        .bind(Json(&provider.headers))
        .bind(Json(&provider.group_priorities))
        .bind(&provider.prefix)
        .bind(provider.active_from.map(TimeOfDay::minutes))
        .bind(provider.active_to.map(TimeOfDay::minutes))
        .bind(provider.max_attempts.map(read::integer))
        .bind(provider.breaker_failures.map(read::integer))
        .bind(provider.breaker_open_s.map(read::integer))
        .bind(provider.breaker_successes.map(read::integer))
        .bind(provider.probe)
        .bind(provider.message_queue)
        .bind(Json(&provider.failure_rules))
}

/// Every provider that is not deleted, by id.
pub(super) async fn all(connection: &mut sqlx::PgConnection) -> Result<Vec<StoredProvider>, sqlx::Error> {
    sqlx::query(ALL).fetch_all(connection).await?.iter().map(from_row).collect()
}

impl Store {
    /// At most `limit` providers with ids above `after` that the filter lets pass, by id.
    pub async fn list_providers(
        &self,
        after: ProviderId,
        limit: i64,
        filter: &ProviderFilter,
    ) -> Result<Vec<Provider>, sqlx::Error> {
        let query = sqlx::query(LIST).bind(after.0).bind(limit).bind(&filter.search).bind(&filter.group);
        let rows = query.fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok(from_row(row)?.provider)).collect()
    }

    /// A provider that is not deleted.
    pub async fn find_provider(&self, id: ProviderId) -> Result<Option<Provider>, sqlx::Error> {
        let row = sqlx::query(FIND).bind(id.0).fetch_optional(&self.pool).await?;
        row.as_ref().map(|row| Ok(from_row(row)?.provider)).transpose()
    }
}

impl Change {
    /// A provider that is not deleted, kept from other changes until this one ends.
    pub async fn lock_provider(&mut self, id: ProviderId) -> Result<Option<StoredProvider>, sqlx::Error> {
        self.provider_of_many(id, false).await
    }

    /// The same of a change of many. A preview only reads: it changes nothing, and so keeps nobody from it.
    pub async fn provider_of_many(
        &mut self,
        id: ProviderId,
        is_preview: bool,
    ) -> Result<Option<StoredProvider>, sqlx::Error> {
        let statement = if is_preview { FIND } else { LOCK };
        let row = sqlx::query(statement).bind(id.0).fetch_optional(&mut *self.transaction).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// The names of all providers.
    pub async fn provider_names(&mut self) -> Result<Vec<String>, sqlx::Error> {
        sqlx::query(NAMES).fetch_all(&mut *self.transaction).await?.iter().map(|row| row.try_get("name")).collect()
    }

    /// Inserts a provider without its proxy; the id it carries is ignored, the one it got is returned.
    pub async fn insert_provider(&mut self, provider: &Provider, secret: &Sealed) -> Result<ProviderId, sqlx::Error> {
        let query = bind_columns(sqlx::query(INSERT), provider).bind(provider.created_at);
        let id = ProviderId(query.fetch_one(&mut *self.transaction).await?.try_get("id")?);
        sqlx::query(INSERT_CREDENTIAL)
            .bind(id.0)
            .bind(&secret.sealed)
            .bind(&secret.shown)
            .execute(&mut *self.transaction)
            .await?;
        self.set_limits(Subject::Provider(id), &provider.limits).await?;
        Ok(id)
    }

    /// Writes a provider as it is given, without its proxy and its secret.
    pub async fn update_provider(&mut self, provider: &Provider) -> Result<(), sqlx::Error> {
        let query = bind_columns(sqlx::query(UPDATE), provider).bind(provider.updated_at).bind(provider.id.0);
        query.execute(&mut *self.transaction).await?;
        self.set_limits(Subject::Provider(provider.id), &provider.limits).await
    }

    /// Sets or clears the proxy a provider is reached through.
    pub async fn set_provider_proxy(&mut self, id: ProviderId, proxy: Option<&Sealed>) -> Result<(), sqlx::Error> {
        sqlx::query(SET_PROXY)
            .bind(id.0)
            .bind(proxy.map(|proxy| proxy.sealed.as_slice()))
            .bind(proxy.map(|proxy| proxy.shown.as_str()))
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// Replaces the secret of a provider's credential.
    pub async fn set_provider_secret(&mut self, id: ProviderId, secret: &Sealed) -> Result<(), sqlx::Error> {
        sqlx::query(UPDATE_CREDENTIAL)
            .bind(id.0)
            .bind(&secret.sealed)
            .bind(&secret.shown)
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// Marks a provider as deleted, and erases its secret and its proxy.
    pub async fn delete_provider(&mut self, id: ProviderId) -> Result<(), sqlx::Error> {
        sqlx::query(DELETE).bind(id.0).execute(&mut *self.transaction).await?;
        sqlx::query(ERASE_CREDENTIALS).bind(id.0).execute(&mut *self.transaction).await?;
        Ok(())
    }
}
