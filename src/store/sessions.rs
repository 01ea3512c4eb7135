//! Sessions as their recorded calls have left them. The ledger adds to them.

use chrono::{DateTime, Utc};
use sqlx::{
    Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use super::{Store, partitions::first_id, read, statements};
use crate::domain::{
    id::{CallId, KeyId, ProviderId, UserId},
    money::Usd,
    session::{Session, Stay},
    usage::Usage,
};

/// What is read of a session `s`, with the names of what it refers to, which may be deleted by now.
macro_rules! select_sessions {
    ($of:literal, $rest:literal) => {
        concat!(
            "
        select ",
            $of,
            ".key_id, ",
            $of,
            ".session_id, k.name as key_name, coalesce(s.user_id, k.user_id) as user_id, u.name as user_name,
            s.first_at, s.last_at, s.last_call, s.provider_id, p.name as provider_name, s.user_agent, s.models,
            s.calls, s.failed, s.input, s.output, s.cache_write_5m, s.cache_write_1h, s.cache_read, s.cost
        ",
            $rest
        )
    };
}

statements! {
    /// Those with the latest call first. What they refer to is looked up only for those of the page. The operators of
    /// patterns take the index whatever the collation is.
    LIST = select_sessions!("s", "
        from sessions s
        left join keys k on k.id = s.key_id
        left join users u on u.id = s.user_id
        left join providers p on p.id = s.provider_id
        where ($1::uuid is null or s.last_call < $1)
            and ($2::text is null or (s.session_id ~>=~ $2 and s.session_id ~<~ $3))
        order by s.last_call desc
        limit $4");
    /// What is known of these, also of those without a recorded call.
    OF = select_sessions!("asked", "
        from unnest($1::bigint[], $2::text[]) as asked (key_id, session_id)
        join keys k on k.id = asked.key_id
        join users u on u.id = k.user_id
        left join sessions s on s.key_id = asked.key_id and s.session_id = asked.session_id
        left join providers p on p.id = s.provider_id");
    /// A stay is a run of calls at the same provider. The bounds on the id leave out the partitions of other days.
    STAYS = "
        with latest as (
            select id, created_at, provider_id, input + cache_write_5m + cache_write_1h + cache_read as prompt,
                cache_read, cost
            from calls
            where session_id = $2 and key_id = $1 and provider_id is not null and id >= $3 and id < $4
            order by id desc
            limit 2000
        ), marked as (
            select *, (provider_id is distinct from lag(provider_id) over (order by id))::int as moved
            from latest
        ), numbered as (
            select *, sum(moved) over (order by id) as stay
            from marked
        )
        select n.provider_id, p.name as provider_name, min(n.created_at) as since, max(n.created_at) as until,
            count(*) as calls, sum(n.cache_read)::bigint as cache_read, sum(n.prompt)::bigint as prompt,
            sum(n.cost)::bigint as cost
        from numbered n
        join providers p on p.id = n.provider_id
        group by n.stay, n.provider_id, p.name
        order by n.stay desc
        limit 50";
    DELETE_BEFORE = "
        delete from sessions
        where last_call < first_id($1)";
}

/// What is known of a session beside what the counters know: its place in paths and whether it is active are not.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The session.
    pub session: Session,
    /// The latest of its recorded calls; none if there is none.
    pub last_call: Option<CallId>,
}

/// A row of `select_sessions!`, all of whose sums are null for a session without a recorded call.
fn from_row(row: &PgRow) -> Result<Recorded, sqlx::Error> {
    let number = |column| Ok::<u64, sqlx::Error>(read::number_or_none(row, column)?.unwrap_or_default());
    let time = |column| Ok::<_, sqlx::Error>(row.try_get::<Option<DateTime<Utc>>, _>(column)?.unwrap_or_default());
    let session = Session {
        key_id: KeyId(row.try_get("key_id")?),
        key_name: row.try_get("key_name")?,
        user_id: UserId(row.try_get("user_id")?),
        user_name: row.try_get("user_name")?,
        session_id: row.try_get("session_id")?,
        last_provider_id: row.try_get::<Option<i64>, _>("provider_id")?.map(ProviderId),
        last_provider_name: row.try_get("provider_name")?,
        created_at: time("first_at")?,
        last_seen_at: time("last_at")?,
        calls: number("calls")?,
        errors: number("failed")?,
        models: row.try_get::<Option<Vec<String>>, _>("models")?.unwrap_or_default(),
        user_agent: row.try_get("user_agent")?,
        usage: Usage {
            input: number("input")?,
            output: number("output")?,
            cache_write_5m: number("cache_write_5m")?,
            cache_write_1h: number("cache_write_1h")?,
            cache_read: number("cache_read")?,
            ..Usage::default()
        },
        cost_usd: Usd::from_scaled(row.try_get::<Option<i64>, _>("cost")?.unwrap_or_default()),
        ..Session::default()
    };
    Ok(Recorded { session, last_call: row.try_get::<Option<uuid::Uuid>, _>("last_call")?.map(CallId) })
}

/// A statement about the calls of a session ($1, $2) that began in this time: of ids from $3 up to, but without, $4. It
/// is planned for these values each time: of some partitions that takes little, of all of them most of the time.
pub(super) fn of_calls<'q>(
    sql: &'static str,
    key: KeyId,
    session_id: &'q str,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Query<'q, Postgres, PgArguments> {
    sqlx::query(sql).bind(key.0).bind(session_id).bind(first_id(from)).bind(first_id(to)).persistent(false)
}

/// The least text that sorts behind all that begin with `beginning`.
fn behind(beginning: &str) -> String {
    format!("{beginning}{}", char::MAX)
}

impl Store {
    /// At most `limit` sessions with recorded calls, those with the latest call first, whose latest call is older than
    /// `before` and whose name begins with `search`.
    pub async fn list_conversations(
        &self,
        search: Option<&str>,
        before: Option<CallId>,
        limit: i64,
    ) -> Result<Vec<Recorded>, sqlx::Error> {
        let rows = sqlx::query(LIST)
            .bind(before.map(|id| id.0))
            .bind(search)
            .bind(search.map(behind))
            .bind(limit)
            // Planned for these values each time: which index serves depends on what is looked for.
            .persistent(false)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(from_row).collect()
    }

    /// What is known of these sessions, in any order; nothing of those whose key never was.
    pub async fn conversations(&self, asked: &[(KeyId, &str)]) -> Result<Vec<Recorded>, sqlx::Error> {
        let (keys, names): (Vec<i64>, Vec<&str>) = asked.iter().map(|(key, name)| (key.0, *name)).unzip();
        let rows = sqlx::query(OF).bind(keys).bind(names).fetch_all(&self.pool).await?;
        rows.iter().map(from_row).collect()
    }

    /// Where the calls of a session went that began in this time, the latest first.
    pub async fn stays(
        &self,
        key: KeyId,
        session_id: &str,
        began: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<Stay>, sqlx::Error> {
        let rows = of_calls(STAYS, key, session_id, began).fetch_all(&self.pool).await?;
        let stay = |row: &PgRow| {
            Ok(Stay {
                provider_id: ProviderId(row.try_get("provider_id")?),
                provider_name: row.try_get("provider_name")?,
                since: row.try_get("since")?,
                until: row.try_get("until")?,
                calls: read::number(row, "calls")?,
                cache_read: read::number(row, "cache_read")?,
                prompt: read::number(row, "prompt")?,
                cost_usd: read::usd(row, "cost")?,
            })
        };
        rows.iter().map(stay).collect()
    }

    /// Lets sessions go whose latest call is older than `until`.
    pub async fn delete_conversations(&self, until: DateTime<Utc>) -> Result<(), sqlx::Error> {
        sqlx::query(DELETE_BEFORE).bind(until).execute(&self.pool).await.map(|_| ())
    }
}
