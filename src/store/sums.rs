//! What keys, users and providers have spent, for counters that were emptied (docs/rules.md, Ledger).
//!
//! Buckets that begin at a reset or after it come from the sums by minute and by quarter of an hour. Of the bucket in
//! which a reset lies, the part after it comes from the calls themselves, or, once they are let go, from what was put
//! down before.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, Postgres, Row, Transaction};
use uuid::Uuid;

use super::{Store, partitions::first_id, statements};
use crate::{
    clock,
    domain::{
        id::{KeyId, ProviderId, UserId},
        limit::Subject,
    },
    state::step::Sums,
};

/// How far back sums by minute are given.
const MINUTES: TimeDelta = TimeDelta::hours(26);

/// How far back sums by quarter of an hour are given.
const QUARTERS: TimeDelta = TimeDelta::days(32);

/// An attempt is recorded soon after its call began, at the latest when a hub that was stopped starts again.
const RECORDED_WITHIN: TimeDelta = TimeDelta::days(1);

/// Attempts in one page.
const PAGE: i64 = 1_000;

/// How long a fixed window of five hours lasts.
const FIVE_HOURS: TimeDelta = TimeDelta::hours(5);

/// Nano-dollars at all since the last reset, without the part of its quarter.
macro_rules! total {
    ($table:literal, $column:literal) => {
        concat!(
            "select s.id, 0::bigint as bucket, sum(u.cost)::bigint as cost from ",
            $table,
            " s join usage_15m u on u.",
            $column,
            " = s.id and (s.reset_at is null or u.at >= s.reset_at)
            where s.deleted_at is null
            group by s.id"
        )
    };
}

/// Nano-dollars by bucket from $1 on since the last reset, without the part of its bucket.
macro_rules! buckets {
    ($table:literal, $column:literal, $sums:literal, $seconds:literal) => {
        concat!(
            "select s.id, floor(extract(epoch from u.at) / ",
            $seconds,
            ")::bigint as bucket, sum(u.cost)::bigint as cost from ",
            $table,
            " s join ",
            $sums,
            " u on u.",
            $column,
            " = s.id and u.at >= $1 and (s.reset_at is null or u.at >= s.reset_at)
            where s.deleted_at is null
            group by 1, 2
            having sum(u.cost) <> 0"
        )
    };
}

/// Nano-dollars from the last reset to the end of its quarter, and to the end of its minute. The milliseconds decide
/// what is before a reset, as in the counters.
macro_rules! parts {
    ($table:literal, $kind:literal, $of_call:literal, $of_attempt:literal) => {
        concat!(
            "select s.id, s.reset_at,
                (coalesce(max(b.cost), 0) + coalesce(sum(p.cost), 0))::bigint as in_quarter,
                coalesce(sum(p.cost) filter (where p.created_at < next_bin('1 minute', s.reset_at)), 0)::bigint as in_minute
            from ",
            $table,
            " s
            left join limit_baselines b on b.subject = '",
            $kind,
            "' and b.subject_id = s.id and b.reset_at = s.reset_at
            left join lateral (
                select c.created_at, a.cost
                from calls c
                join attempts a on a.call_id = c.id ",
            $of_attempt,
            "
                where c.id >= first_id(s.reset_at - interval '1 minute')
                    and c.id < first_id(next_bin('15 minutes', s.reset_at) + interval '1 minute')
                    and c.created_at >= date_trunc('milliseconds', s.reset_at)
                    and c.created_at < next_bin('15 minutes', s.reset_at) ",
            $of_call,
            "
            ) p on true
            where s.reset_at is not null and s.deleted_at is null
            group by s.id, s.reset_at"
        )
    };
}

/// When the last fixed window of five hours began.
macro_rules! windows {
    ($table:literal, $kind:literal) => {
        concat!(
            "select s.id, s.reset_at, w.started_at from ",
            $table,
            " s left join limit_windows w on w.subject = '",
            $kind,
            "' and w.subject_id = s.id where s.reset_5h_mode = 'fixed' and s.deleted_at is null"
        )
    };
}

/// The minutes in which attempts were made since that window ended.
macro_rules! busy_minutes {
    ($table:literal, $kind:literal, $column:literal) => {
        concat!(
            "select distinct s.id, u.at from ",
            $table,
            " s left join limit_windows w on w.subject = '",
            $kind,
            "' and w.subject_id = s.id
            join usage_1m u on u.",
            $column,
            " = s.id and u.attempts > 0
                and (w.started_at is null or w.started_at < s.reset_at or u.at >= w.started_at + interval '5 hours')
            where s.reset_5h_mode = 'fixed' and s.deleted_at is null
            order by s.id, u.at"
        )
    };
}

statements! {
    BEGIN = "begin isolation level repeatable read read only";
    TOTAL_OF_KEYS = total!("keys", "key_id");
    TOTAL_OF_USERS = total!("users", "user_id");
    TOTAL_OF_PROVIDERS = total!("providers", "provider_id");
    MINUTES_OF_KEYS = buckets!("keys", "key_id", "usage_1m", "60");
    MINUTES_OF_USERS = buckets!("users", "user_id", "usage_1m", "60");
    MINUTES_OF_PROVIDERS = buckets!("providers", "provider_id", "usage_1m", "60");
    QUARTERS_OF_KEYS = buckets!("keys", "key_id", "usage_15m", "900");
    QUARTERS_OF_USERS = buckets!("users", "user_id", "usage_15m", "900");
    QUARTERS_OF_PROVIDERS = buckets!("providers", "provider_id", "usage_15m", "900");
    PARTS_OF_KEYS = parts!("keys", "key", "and c.key_id = s.id", "");
    PARTS_OF_USERS = parts!("users", "user", "and c.user_id = s.id", "");
    PARTS_OF_PROVIDERS = parts!("providers", "provider", "", "and a.provider_id = s.id");
    WINDOWS_OF_KEYS = windows!("keys", "key");
    WINDOWS_OF_USERS = windows!("users", "user");
    WINDOWS_OF_PROVIDERS = windows!("providers", "provider");
    BUSY_MINUTES_OF_KEYS = busy_minutes!("keys", "key", "key_id");
    BUSY_MINUTES_OF_USERS = busy_minutes!("users", "user", "user_id");
    BUSY_MINUTES_OF_PROVIDERS = busy_minutes!("providers", "provider", "provider_id");
    KEEP_WINDOW = "
        insert into limit_windows (subject, subject_id, started_at) values ($1, $2, $3)
        on conflict (subject, subject_id) do update set started_at = excluded.started_at";
    /// The next $4 after the attempt $3 of the call $2, in the order of their index.
    RECORDED_SINCE = "
        select call_id, id, recorded_at
        from attempts
        where recorded_at >= $1 and call_id >= $2 and (call_id, id) > ($2, $3)
        order by call_id, id
        limit $4";
}

/// The statements of one kind of subject.
struct Kind {
    subject: fn(i64) -> Subject,
    total: &'static str,
    minutes: &'static str,
    quarters: &'static str,
    parts: &'static str,
    windows: &'static str,
    busy_minutes: &'static str,
}

const KINDS: [Kind; 3] = [
    Kind {
        subject: |id| Subject::Key(KeyId(id)),
        total: TOTAL_OF_KEYS,
        minutes: MINUTES_OF_KEYS,
        quarters: QUARTERS_OF_KEYS,
        parts: PARTS_OF_KEYS,
        windows: WINDOWS_OF_KEYS,
        busy_minutes: BUSY_MINUTES_OF_KEYS,
    },
    Kind {
        subject: |id| Subject::User(UserId(id)),
        total: TOTAL_OF_USERS,
        minutes: MINUTES_OF_USERS,
        quarters: QUARTERS_OF_USERS,
        parts: PARTS_OF_USERS,
        windows: WINDOWS_OF_USERS,
        busy_minutes: BUSY_MINUTES_OF_USERS,
    },
    Kind {
        subject: |id| Subject::Provider(ProviderId(id)),
        total: TOTAL_OF_PROVIDERS,
        minutes: MINUTES_OF_PROVIDERS,
        quarters: QUARTERS_OF_PROVIDERS,
        parts: PARTS_OF_PROVIDERS,
        windows: WINDOWS_OF_PROVIDERS,
        busy_minutes: BUSY_MINUTES_OF_PROVIDERS,
    },
];

impl Store {
    /// What every key, user and provider has spent since its last reset, as of one moment, in nano-dollars. Those that
    /// have spent nothing and were never reset are left out.
    pub async fn limit_sums(&self) -> Result<Vec<(Subject, Sums)>, sqlx::Error> {
        self.keep_windows().await?;
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        let sums = all_sums(&mut transaction).await?;
        transaction.commit().await?;
        Ok(sums)
    }

    /// The [sums](Self::limit_sums), and which attempts in them came to the database since `since`, of the same moment
    /// (docs/rules.md, Ledger).
    pub async fn limit_sums_and_attempts(
        &self,
        since: DateTime<Utc>,
    ) -> Result<(Vec<(Subject, Sums)>, RecordedAttempts), sqlx::Error> {
        self.keep_windows().await?;
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        let sums = all_sums(&mut transaction).await?;
        let last = (first_id(since - RECORDED_WITHIN), Uuid::nil());
        Ok((sums, RecordedAttempts { transaction, since, last }))
    }

    /// Puts down when the fixed windows of five hours began, as far as the sums by minute tell: before they are let go.
    pub async fn keep_windows(&self) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        for kind in &KINDS {
            let mut busy = HashMap::<i64, Vec<DateTime<Utc>>>::new();
            for row in sqlx::query(kind.busy_minutes).fetch_all(&mut *transaction).await? {
                busy.entry(row.try_get("id")?).or_default().push(row.try_get("at")?);
            }
            for row in sqlx::query(kind.windows).fetch_all(&mut *transaction).await? {
                let id = row.try_get("id")?;
                let (kept, reset): (Option<DateTime<Utc>>, _) = (row.try_get("started_at")?, row.try_get("reset_at")?);
                let newest = newest_window(kept, reset, busy.get(&id).map(Vec::as_slice).unwrap_or_default());
                if let Some(started_at) = newest.filter(|started_at| kept != Some(*started_at)) {
                    let query = sqlx::query(KEEP_WINDOW).bind((kind.subject)(id).kind()).bind(id).bind(started_at);
                    query.execute(&mut *transaction).await?;
                }
            }
        }
        transaction.commit().await
    }
}

/// The attempts that came to the database since a time, as of the moment of the sums that were read with them. The
/// transaction ends with it.
#[derive(Debug)]
pub struct RecordedAttempts {
    transaction: Transaction<'static, Postgres>,
    since: DateTime<Utc>,
    /// The call and the id of the last one that was read.
    last: (Uuid, Uuid),
}

impl RecordedAttempts {
    /// The next of them, a thousand at most, and when they came; empty if there are no more.
    pub async fn page(&mut self) -> Result<Vec<(Uuid, DateTime<Utc>)>, sqlx::Error> {
        let query = sqlx::query(RECORDED_SINCE).bind(self.since).bind(self.last.0).bind(self.last.1).bind(PAGE);
        let rows = query.fetch_all(&mut *self.transaction).await?;
        if let Some(last) = rows.last() {
            self.last = (last.try_get("call_id")?, last.try_get("id")?);
        }
        rows.iter().map(|row| Ok((row.try_get("id")?, row.try_get("recorded_at")?))).collect()
    }
}

/// The sums of all subjects, as of the moment of the transaction.
async fn all_sums(connection: &mut PgConnection) -> Result<Vec<(Subject, Sums)>, sqlx::Error> {
    let now = clock::now();
    let mut sums = HashMap::<Subject, Sums>::new();
    for kind in &KINDS {
        add_sums(connection, kind, now, &mut sums).await?;
    }
    Ok(sums.into_iter().collect())
}

/// Adds the sums of all subjects of one kind.
async fn add_sums(
    connection: &mut PgConnection,
    kind: &Kind,
    now: DateTime<Utc>,
    sums: &mut HashMap<Subject, Sums>,
) -> Result<(), sqlx::Error> {
    for row in sqlx::query(kind.total).fetch_all(&mut *connection).await? {
        sums.entry((kind.subject)(row.try_get("id")?)).or_default().total += row.try_get::<i64, _>("cost")?;
    }
    for row in sqlx::query(kind.minutes).bind(now - MINUTES).fetch_all(&mut *connection).await? {
        sums.entry((kind.subject)(row.try_get("id")?))
            .or_default()
            .minutes
            .push((row.try_get("bucket")?, row.try_get("cost")?));
    }
    for row in sqlx::query(kind.quarters).bind(now - QUARTERS).fetch_all(&mut *connection).await? {
        sums.entry((kind.subject)(row.try_get("id")?))
            .or_default()
            .quarters
            .push((row.try_get("bucket")?, row.try_get("cost")?));
    }
    for row in sqlx::query(kind.parts).fetch_all(&mut *connection).await? {
        let reset_ms = row.try_get::<DateTime<Utc>, _>("reset_at")?.timestamp_millis();
        let (in_quarter, in_minute): (i64, i64) = (row.try_get("in_quarter")?, row.try_get("in_minute")?);
        let sums = sums.entry((kind.subject)(row.try_get("id")?)).or_default();
        sums.reset_ms = reset_ms;
        sums.total += in_quarter;
        if in_quarter != 0 {
            sums.quarters.push((reset_ms.div_euclid(900_000), in_quarter));
        }
        if in_minute != 0 {
            sums.minutes.push((reset_ms.div_euclid(60_000), in_minute));
        }
    }
    for row in sqlx::query(kind.windows).fetch_all(connection).await? {
        let started_at: Option<DateTime<Utc>> = row.try_get("started_at")?;
        let reset = row.try_get("reset_at")?;
        if let Some(started_at) = started_at.filter(|at| now < *at + FIVE_HOURS && is_since(reset, *at)) {
            sums.entry((kind.subject)(row.try_get("id")?)).or_default().five_hours_ms =
                Some(started_at.timestamp_millis());
        }
    }
    Ok(())
}

/// When the last fixed window of five hours began: each one begins with the first minute in which an attempt was made
/// after the one before it had ended, and a reset ends what ran. `busy` is in order.
fn newest_window(
    kept: Option<DateTime<Utc>>,
    reset: Option<DateTime<Utc>>,
    busy: &[DateTime<Utc>],
) -> Option<DateTime<Utc>> {
    let since = busy.iter().copied().filter(|minute| is_since(reset, *minute));
    since.fold(kept.filter(|minute| is_since(reset, *minute)), |start, minute| match start {
        Some(start) if minute < start + FIVE_HOURS => Some(start),
        Some(_) | None => Some(minute),
    })
}

/// True if a minute does not end before a reset.
fn is_since(reset: Option<DateTime<Utc>>, minute: DateTime<Utc>) -> bool {
    reset.is_none_or(|reset| minute + TimeDelta::minutes(1) > reset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-11-21T{text}:00Z").parse().unwrap()
    }

    #[test]
    fn windows_follow_one_another_with_the_first_attempt_after_each() {
        let busy = ["01:00", "05:59", "06:00", "11:30", "12:00"].map(at);
        assert_eq!(newest_window(None, None, &[]), None);
        assert_eq!(newest_window(None, None, &busy[..2]), Some(at("01:00")));
        assert_eq!(newest_window(None, None, &busy), Some(at("11:30")));
        assert_eq!(newest_window(Some(at("02:00")), None, &busy[2..3]), Some(at("02:00")));
        assert_eq!(newest_window(Some(at("02:00")), None, &busy[2..]), Some(at("11:30")));
    }

    #[test]
    fn a_reset_ends_the_window_that_runs() {
        let reset = Some(at("06:00") + TimeDelta::seconds(30));
        assert_eq!(newest_window(Some(at("02:00")), reset, &[]), None);
        assert_eq!(newest_window(Some(at("02:00")), reset, &["05:59", "06:00", "07:00"].map(at)), Some(at("06:00")));
        assert_eq!(newest_window(Some(at("07:00")), reset, &[at("08:00")]), Some(at("07:00")));
    }
}
