//! How much room everything takes. Sizes come from the file system, not from reading rows.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::NaiveDate;
use sqlx::Row;

use super::{Store, read, statements};
use crate::domain::storage::{DaySize, TableSize};

statements! {
    DATABASE = "select pg_database_size(current_database()) as bytes";
    /// Every table and every part of one: to ask for their sizes takes long, and once is enough. A relation that is dropped
    /// meanwhile has no size.
    RELATIONS = "
        select c.relname::text as name, whole.relname::text as whole,
            coalesce(pg_total_relation_size(c.oid), 0) as bytes
        from pg_class c
        left join pg_inherits i on i.inhrelid = c.oid
        left join pg_class whole on whole.oid = i.inhparent
        where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace";
}

impl Store {
    /// The size of the whole database, in bytes.
    pub async fn database_bytes(&self) -> Result<u64, sqlx::Error> {
        read::number(&sqlx::query(DATABASE).fetch_one(&self.pool).await?, "bytes")
    }

    /// Every table, the largest first, and the days whose calls and attempts have partitions, the latest first.
    pub async fn list_sizes(&self) -> Result<(Vec<TableSize>, Vec<DaySize>), sqlx::Error> {
        let mut tables = BTreeMap::<String, TableSize>::new();
        let mut days = BTreeMap::<NaiveDate, u64>::new();
        for row in sqlx::query(RELATIONS).fetch_all(&self.pool).await? {
            let (name, whole): (String, Option<String>) = (row.try_get("name")?, row.try_get("whole")?);
            let bytes: u64 = read::number(&row, "bytes")?;
            if let Some(day) = whole.as_deref().and_then(|whole| day_of(whole, &name)) {
                *days.entry(day).or_default() += bytes;
            }
            let n_partitions = u64::from(whole.is_some());
            let name = whole.unwrap_or(name);
            let empty = || TableSize { name: name.clone(), bytes: 0, n_partitions: 0 };
            let table = tables.entry(name.clone()).or_insert_with(empty);
            table.bytes += bytes;
            table.n_partitions += n_partitions;
        }
        // Those of one size stay in the order of their names.
        let mut tables: Vec<TableSize> = tables.into_values().collect();
        tables.sort_by_key(|table| Reverse(table.bytes));
        Ok((tables, days.into_iter().rev().map(|(day, bytes)| DaySize { day, bytes }).collect()))
    }
}

/// The day of a partition of the calls or of the attempts.
fn day_of(table: &str, partition: &str) -> Option<NaiveDate> {
    let day = partition.strip_prefix(table)?.strip_prefix('_')?;
    let is_day = ["calls", "attempts"].contains(&table) && day.len() == 8;
    NaiveDate::parse_from_str(day, "%Y%m%d").ok().filter(|_| is_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_of_calls_and_attempts_say_their_day() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 29);
        assert_eq!((day_of("calls", "calls_20261129"), day_of("attempts", "attempts_20261129")), (day, day));
        for (table, partition) in [
            ("call_messages", "call_messages_20261129"),
            ("calls", "calls_default"),
            ("calls", "calls_2026112"),
            ("calls", "calls_20261399"),
            ("calls", "attempts_20261129"),
        ] {
            assert_eq!(day_of(table, partition), None, "{partition}");
        }
    }
}
