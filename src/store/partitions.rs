//! A partition of `calls` and `attempts` for each day (UTC), by the time in their `UUIDv7`.

use chrono::{DateTime, Days, NaiveTime, Utc};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{Store, statements};

statements! {
    /// Replicas take turns; the lock ends with the transaction.
    TAKE_TURN = "select pg_advisory_xact_lock(7311042)";
    /// That a partition is there already is no news.
    BE_QUIET = "set local client_min_messages = warning";
}

impl Store {
    /// Makes sure that every day from `now`'s on has its partitions, `n_days` of them.
    pub async fn create_partitions(&self, now: DateTime<Utc>, n_days: u64) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(TAKE_TURN).execute(&mut *transaction).await?;
        sqlx::query(BE_QUIET).execute(&mut *transaction).await?;
        for day in (0..n_days).filter_map(|ahead| now.date_naive().checked_add_days(Days::new(ahead))) {
            let (Some(next), begin) = (day.checked_add_days(Days::new(1)), day.and_time(NaiveTime::MIN).and_utc())
            else {
                continue;
            };
            let (from, to) = (first_id(begin), first_id(next.and_time(NaiveTime::MIN).and_utc()));
            for table in ["calls", "attempts"] {
                let name = format!("{table}_{}", day.format("%Y%m%d"));
                // Nothing in it comes from outside: two table names, a date, and two ids made from dates.
                let sql = format!(
                    "create table if not exists {name} partition of {table} for values from ('{from}') to ('{to}')"
                );
                sqlx::query(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
            }
        }
        transaction.commit().await
    }
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
