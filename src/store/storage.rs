//! How much room everything takes. Sizes come from the file system, not from reading rows.

use chrono::NaiveDate;
use sqlx::Row;

use super::{Store, read, statements};
use crate::domain::storage::{DaySize, TableSize};

statements! {
    DATABASE = "select pg_database_size(current_database()) as bytes";
    /// A relation that is dropped meanwhile has no size.
    TABLES = "
        select coalesce(whole.relname, c.relname)::text as name,
            coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint as bytes,
            count(whole.oid) as n_partitions
        from pg_class c
        left join pg_inherits i on i.inhrelid = c.oid
        left join pg_class whole on whole.oid = i.inhparent
        where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace
        group by 1
        order by 2 desc, 1";
    DAYS = "
        select to_date(right(c.relname, 8), 'YYYYMMDD') as day,
            coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint as bytes
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
        where i.inhparent in ('calls'::regclass, 'attempts'::regclass) and c.relname ~ '^(calls|attempts)_[0-9]{8}$'
        group by 1
        order by 1 desc";
}

impl Store {
    /// The size of the whole database, in bytes.
    pub async fn database_bytes(&self) -> Result<u64, sqlx::Error> {
        read::number(&sqlx::query(DATABASE).fetch_one(&self.pool).await?, "bytes")
    }

    /// Every table, the largest first.
    pub async fn list_tables(&self) -> Result<Vec<TableSize>, sqlx::Error> {
        let rows = sqlx::query(TABLES).fetch_all(&self.pool).await?;
        let table = |row| {
            Ok(TableSize {
                name: Row::try_get(row, "name")?,
                bytes: read::number(row, "bytes")?,
                n_partitions: read::number(row, "n_partitions")?,
            })
        };
        rows.iter().map(table).collect()
    }

    /// The days whose calls and attempts have partitions, the latest first.
    pub async fn list_days(&self) -> Result<Vec<DaySize>, sqlx::Error> {
        let rows = sqlx::query(DAYS).fetch_all(&self.pool).await?;
        let day = |row| {
            let day: NaiveDate = Row::try_get(row, "day")?;
            Ok(DaySize { day, bytes: read::number(row, "bytes")? })
        };
        rows.iter().map(day).collect()
    }
}
