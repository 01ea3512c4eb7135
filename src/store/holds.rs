//! Holds, as replicas tell each other of them and as the next start finds them.

use chrono::{DateTime, Utc};
use sqlx::{
    Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use super::{CHANNEL, Store, change::Change, read, statements};
use crate::{
    domain::{
        hold::{Hold, HoldReason, HoldScope},
        id::{CallId, CredentialId, HoldId, ProviderId},
    },
    health::book::{Ending, Write},
};

statements! {
    OPEN = "
        select id, scope, provider_id, credential_id, model, group_name, reason, source, since, until, note, call_id,
            model_sent
        from holds
        where ended_at is null
        order by id";
    /// What has ended stays as it is, whoever writes later.
    WRITE = "
        insert into holds (
            id, scope, provider_id, credential_id, model, group_name, reason, source, since, until, note, call_id,
            model_sent, ended_at, ended_why)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        on conflict (id) do update
        set source = excluded.source, until = excluded.until, note = excluded.note, call_id = excluded.call_id,
            model_sent = excluded.model_sent, ended_at = excluded.ended_at, ended_why = excluded.ended_why
        where holds.ended_at is null";
    END = "
        update holds
        set ended_at = $2, ended_why = $3
        where ended_at is null and id = any($1)
        returning id";
    OF_PROVIDER = "
        select id
        from holds
        where ended_at is null and provider_id = $1 and reason = any($2)";
    OF_GROUP = "
        select id
        from holds
        where ended_at is null and group_name = $1";
    /// Tells every replica to read holds again.
    NOTIFY = "select pg_notify($1, 'holds')";
    DELETE_ENDED = "
        delete from holds
        where ended_at < $1";
}

/// A row of `holds`.
fn from_row(row: &PgRow) -> Result<Hold, sqlx::Error> {
    let provider_id = row.try_get::<Option<i64>, _>("provider_id")?.map(ProviderId).unwrap_or_default();
    let scope = match row.try_get::<&str, _>("scope")? {
        "provider" => HoldScope::Provider { provider_id },
        "model" => HoldScope::Model { provider_id, model: row.try_get("model")? },
        "credential" => {
            HoldScope::Credential { provider_id, credential_id: CredentialId(row.try_get("credential_id")?) }
        }
        _ => HoldScope::Group { group: row.try_get("group_name")? },
    };
    Ok(Hold {
        id: HoldId(row.try_get("id")?),
        scope,
        reason: read::word(row, "reason")?,
        source: read::word(row, "source")?,
        since: row.try_get("since")?,
        until: row.try_get("until")?,
        note: row.try_get("note")?,
        call_id: row.try_get::<Option<_>, _>("call_id")?.map(CallId),
        model_sent: row.try_get("model_sent")?,
    })
}

/// The statement that writes a hold as it stands.
fn writing(hold: &Hold, ended: Option<(DateTime<Utc>, Ending)>) -> Query<'_, Postgres, PgArguments> {
    let (scope, credential_id, model, group) = match &hold.scope {
        HoldScope::Provider { .. } => ("provider", None, None, None),
        HoldScope::Model { model, .. } => ("model", None, Some(model), None),
        HoldScope::Credential { credential_id, .. } => ("credential", Some(credential_id.0), None, None),
        HoldScope::Group { group } => ("group", None, None, Some(group)),
    };
    sqlx::query(WRITE)
        .bind(hold.id.0)
        .bind(scope)
        .bind(hold.scope.provider_id().map(|id| id.0))
        .bind(credential_id)
        .bind(model)
        .bind(group)
        .bind(hold.reason.as_str())
        .bind(hold.source.as_str())
        .bind(hold.since)
        .bind(hold.until)
        .bind(&hold.note)
        .bind(hold.call_id.map(|id| id.0))
        .bind(&hold.model_sent)
        .bind(ended.map(|(at, _)| at))
        .bind(ended.map(|(_, why)| why.as_str()))
}

/// The ids of rows.
fn ids(rows: &[PgRow]) -> Result<Vec<HoldId>, sqlx::Error> {
    rows.iter().map(|row| row.try_get("id").map(HoldId)).collect()
}

impl Store {
    /// The holds that have not ended.
    pub async fn open_holds(&self) -> Result<Vec<Hold>, sqlx::Error> {
        sqlx::query(OPEN).fetch_all(&self.pool).await?.iter().map(from_row).collect()
    }

    /// Writes a hold as it stands. One that has ended in the meantime stays so.
    pub async fn write_hold(&self, write: &Write) -> Result<(), sqlx::Error> {
        writing(&write.hold, write.ended).execute(&self.pool).await?;
        Ok(())
    }

    /// Tells every replica to read holds again.
    pub async fn tell_of_holds(&self) -> Result<(), sqlx::Error> {
        sqlx::query(NOTIFY).bind(CHANNEL).execute(&self.pool).await?;
        Ok(())
    }

    /// Deletes holds that ended before.
    pub async fn delete_holds(&self, before: DateTime<Utc>) -> Result<(), sqlx::Error> {
        sqlx::query(DELETE_ENDED).bind(before).execute(&self.pool).await?;
        Ok(())
    }
}

impl Change {
    /// Writes a hold that an operator makes.
    pub async fn insert_hold(&mut self, hold: &Hold) -> Result<(), sqlx::Error> {
        writing(hold, None).execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// Ends holds that have not ended, and returns which these were.
    pub async fn end_holds(
        &mut self,
        which: &[HoldId],
        why: Ending,
        at: DateTime<Utc>,
    ) -> Result<Vec<HoldId>, sqlx::Error> {
        let which: Vec<_> = which.iter().map(|id| id.0).collect();
        let query = sqlx::query(END).bind(which).bind(at).bind(why.as_str());
        ids(&query.fetch_all(&mut *self.transaction).await?)
    }

    /// The holds on a provider, or on its models or secrets, for one of these reasons.
    pub async fn holds_of_provider(
        &mut self,
        id: ProviderId,
        reasons: &[HoldReason],
    ) -> Result<Vec<HoldId>, sqlx::Error> {
        let reasons: Vec<&str> = reasons.iter().map(|reason| reason.as_str()).collect();
        ids(&sqlx::query(OF_PROVIDER).bind(id.0).bind(reasons).fetch_all(&mut *self.transaction).await?)
    }

    /// The holds on a group.
    pub async fn holds_of_group(&mut self, name: &str) -> Result<Vec<HoldId>, sqlx::Error> {
        ids(&sqlx::query(OF_GROUP).bind(name).fetch_all(&mut *self.transaction).await?)
    }
}
