//! Days: a partition of `calls`, `attempts` and `call_messages` for each day (UTC), by the time in their `UUIDv7`.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection, Row};
use uuid::Uuid;

use super::{Store, statements};

/// Puts down what was spent between resets and the ends of their quarters, of calls from $1 up to $2 in the time of
/// their ids: these calls are about to go.
macro_rules! keep_baselines {
    ($table:literal, $kind:literal, $of_call:literal, $of_attempt:literal) => {
        concat!(
            "insert into limit_baselines as kept (subject, subject_id, reset_at, cost)
            select '",
            $kind,
            "', s.id, s.reset_at, sum(a.cost)::bigint
            from ",
            $table,
            " s
            join calls c on c.id >= first_id($1) and c.id < first_id($2)
                and c.created_at >= date_trunc('milliseconds', s.reset_at)
                and c.created_at < next_bin('15 minutes', s.reset_at) ",
            $of_call,
            "
            join attempts a on a.call_id = c.id and a.call_id >= first_id($1) and a.call_id < first_id($2) ",
            $of_attempt,
            "
            where s.deleted_at is null and s.reset_at >= $1 - interval '1 hour' and s.reset_at < $2 + interval '1 hour'
            group by s.id
            on conflict (subject, subject_id) do update set
                cost = excluded.cost + case when kept.reset_at = excluded.reset_at then kept.cost else 0 end,
                reset_at = excluded.reset_at"
        )
    };
}

/// The tables that have partitions.
const PARTITIONED: [&str; 3] = ["calls", "attempts", "call_messages"];

statements! {
    ARE_THERE = "select to_regclass(name) is not null from unnest($1::text[]) with ordinality as t (name, place) order by place";
    IS_ATTACHED = "select relispartition from pg_class where oid = to_regclass($1)";
    /// Replicas take turns; the lock ends with the transaction.
    TAKE_TURN = "select pg_advisory_xact_lock(7311042)";
    /// That a partition is there already is no news.
    BE_QUIET = "set local client_min_messages = warning";
    /// Whoever writes calls must not wait long for a day to go.
    BE_PATIENT = "set local lock_timeout = '2s'";
    LIST_DAYS = "
        select substr(c.relname, length('calls_') + 1) as day
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'calls'::regclass and c.relname ~ '^calls_[0-9]{8}$'
        order by 1";
    KEEP_BASELINES_OF_KEYS = keep_baselines!("keys", "key", "and c.key_id = s.id", "");
    KEEP_BASELINES_OF_USERS = keep_baselines!("users", "user", "and c.user_id = s.id", "");
    KEEP_BASELINES_OF_PROVIDERS = keep_baselines!("providers", "provider", "", "and a.provider_id = s.id");
    DELETE_STRAY_ATTEMPTS = "delete from attempts_default where call_id < first_id($1)";
    DELETE_STRAY_CALLS = "delete from calls_default where id < first_id($1)";
    LIST_DAYS_OF_MESSAGES = "
        select substr(c.relname, length('call_messages_') + 1) as day
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'call_messages'::regclass and c.relname ~ '^call_messages_[0-9]{8}$'
        order by 1";
    DELETE_STRAY_MESSAGES = "delete from call_messages_default where call_id < first_id($1)";
    DELETE_MINUTES = "delete from usage_1m where at < $1";
    DELETE_ERRORS = "delete from call_errors where call_id < first_id($1)";
}

impl Store {
    /// Makes sure that every day from `now`'s on has its partitions, `n_days` of them. Rows that came before their
    /// partition, and so stand in the default one, move to it.
    ///
    /// # Errors
    /// The database's. Days before the one that failed are there.
    pub async fn create_partitions(&self, now: DateTime<Utc>, n_days: u64) -> Result<(), sqlx::Error> {
        let days = (0..n_days).filter_map(|ahead| now.date_naive().checked_add_days(Days::new(ahead)));
        let all: Vec<(NaiveDate, &str)> = days.flat_map(|day| PARTITIONED.map(|table| (day, table))).collect();
        let names: Vec<String> = all.iter().map(|(day, table)| partition(table, *day)).collect();
        let are_there: Vec<bool> = sqlx::query_scalar(ARE_THERE).bind(names).fetch_all(&self.pool).await?;
        for (day, table) in all.into_iter().zip(are_there).filter_map(|(one, is_there)| (!is_there).then_some(one)) {
            self.create_partition(table, day).await?;
        }
        Ok(())
    }

    async fn create_partition(&self, table: &str, day: NaiveDate) -> Result<(), sqlx::Error> {
        let Some(next) = day.checked_add_days(Days::new(1)) else { return Ok(()) };
        let (from, to) = (first_id(midnight(day)), first_id(midnight(next)));
        let name = partition(table, day);
        let id = if table == "calls" { "id" } else { "call_id" };
        let mut transaction = self.pool.begin().await?;
        for statement in [TAKE_TURN, BE_QUIET, BE_PATIENT] {
            sqlx::query(statement).execute(&mut *transaction).await?;
        }
        // Nothing in them comes from outside: a table's name, a column's, a date, and two ids made from dates.
        for sql in [
            // No row may come between moving and attaching; without a partition they all come here.
            format!("lock table {table}_default in access exclusive mode"),
            format!("create table if not exists {name} (like {table} including all)"),
            format!(
                "with strays as (delete from {table}_default where {id} >= '{from}' and {id} < '{to}' returning *)
                insert into {name} select * from strays"
            ),
        ] {
            sqlx::query(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
        }
        // Another replica may have been faster.
        let is_attached: bool = sqlx::query_scalar(IS_ATTACHED).bind(&name).fetch_one(&mut *transaction).await?;
        if !is_attached {
            let sql = format!("alter table {table} attach partition {name} for values from ('{from}') to ('{to}')");
            sqlx::query(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }
}

impl Store {
    /// Lets the calls and attempts of all days before `first` (UTC) go; their sums stay. Gives how many days went.
    pub async fn drop_days(&self, first: NaiveDate) -> Result<u64, sqlx::Error> {
        let mut n_dropped = 0;
        for row in sqlx::query(LIST_DAYS).fetch_all(&self.pool).await? {
            let name: String = row.try_get("day")?;
            let Ok(day) = NaiveDate::parse_from_str(&name, "%Y%m%d") else { continue };
            let Some(next) = day.checked_add_days(Days::new(1)).filter(|next| *next <= first) else { break };
            let mut transaction = self.pool.begin().await?;
            sqlx::query(TAKE_TURN).execute(&mut *transaction).await?;
            sqlx::query(BE_QUIET).execute(&mut *transaction).await?;
            sqlx::query(BE_PATIENT).execute(&mut *transaction).await?;
            keep_baselines(&mut transaction, midnight(day), midnight(next)).await?;
            // In the order in which calls are written and read with their attempts: nobody waits for one another in a ring.
            for table in ["calls", "attempts"] {
                // Nothing in it comes from outside: a table's name and a date.
                let sql = format!("drop table if exists {}", partition(table, day));
                sqlx::query(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
            n_dropped += 1;
        }
        self.delete_strays(midnight(first)).await?;
        Ok(n_dropped)
    }

    /// Lets the captured messages of all days before `first` (UTC) go. Gives how many days went.
    pub async fn drop_messages(&self, first: NaiveDate) -> Result<u64, sqlx::Error> {
        let mut n_dropped = 0;
        for row in sqlx::query(LIST_DAYS_OF_MESSAGES).fetch_all(&self.pool).await? {
            let name: String = row.try_get("day")?;
            if !NaiveDate::parse_from_str(&name, "%Y%m%d").is_ok_and(|day| day < first) {
                continue;
            }
            let mut transaction = self.pool.begin().await?;
            sqlx::query(BE_QUIET).execute(&mut *transaction).await?;
            sqlx::query(BE_PATIENT).execute(&mut *transaction).await?;
            // Nothing in it comes from outside: a date.
            let sql = format!("drop table if exists call_messages_{name}");
            sqlx::query(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
            transaction.commit().await?;
            n_dropped += 1;
        }
        sqlx::query(DELETE_STRAY_MESSAGES).bind(midnight(first)).execute(&self.pool).await?;
        Ok(n_dropped)
    }

    /// Lets go what came so late that its day had no partition any more.
    async fn delete_strays(&self, before: DateTime<Utc>) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(TAKE_TURN).execute(&mut *transaction).await?;
        keep_baselines(&mut transaction, DateTime::UNIX_EPOCH, before).await?;
        sqlx::query(DELETE_STRAY_ATTEMPTS).bind(before).execute(&mut *transaction).await?;
        sqlx::query(DELETE_STRAY_CALLS).bind(before).execute(&mut *transaction).await?;
        transaction.commit().await
    }

    /// Lets texts of errors from before `before` go from where they are looked for; those of the calls stay.
    pub async fn delete_errors(&self, before: DateTime<Utc>) -> Result<(), sqlx::Error> {
        sqlx::query(DELETE_ERRORS).bind(before).execute(&self.pool).await.map(|_| ())
    }

    /// Lets sums by minute from before `before` go; those by quarter of an hour stay.
    pub async fn delete_minutes(&self, before: DateTime<Utc>) -> Result<(), sqlx::Error> {
        sqlx::query(DELETE_MINUTES).bind(before).execute(&self.pool).await.map(|_| ())
    }
}

async fn keep_baselines(
    connection: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    for statement in [KEEP_BASELINES_OF_KEYS, KEEP_BASELINES_OF_USERS, KEEP_BASELINES_OF_PROVIDERS] {
        sqlx::query(statement).bind(from).bind(to).execute(&mut *connection).await?;
    }
    Ok(())
}

/// What a table's partition of a day is called.
fn partition(table: &str, day: NaiveDate) -> String {
    format!("{table}_{}", day.format("%Y%m%d"))
}

/// When a day begins (UTC).
fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// The smallest `UUIDv7`-shaped id of a moment: its milliseconds and nothing else.
pub fn first_id(at: DateTime<Utc>) -> Uuid {
    let ms = u128::try_from(at.timestamp_millis()).unwrap_or_default();
    Uuid::from_u128(ms << 80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moments_first_id_sorts_before_all_others_of_it() {
        let at: DateTime<Utc> = "2026-11-21T00:00:00Z".parse().unwrap();
        let first = first_id(at);
        let id = Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, at.timestamp().unsigned_abs(), 0));
        assert!(first < id && id < first_id(at + chrono::TimeDelta::milliseconds(1)));
    }
}
