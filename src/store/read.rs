//! Columns into the vocabulary, and back: what Postgres keeps wider than the domain, or as text, is narrowed here.

use serde::{
    Deserialize,
    de::{
        DeserializeOwned, IntoDeserializer,
        value::{Error as NotAWord, StrDeserializer},
    },
};
use sqlx::{Row, postgres::PgRow, types::Json};

use crate::domain::money::Usd;

/// An enumeration that is kept as text, by the name it has in JSON.
pub(super) fn word<T: DeserializeOwned>(row: &PgRow, column: &str) -> Result<T, sqlx::Error> {
    parse_word(row.try_get(column)?).map_err(|error| undecodable(column, error))
}

/// As [`word`], where the column may be null.
pub(super) fn word_or_none<T: DeserializeOwned>(row: &PgRow, column: &str) -> Result<Option<T>, sqlx::Error> {
    let text: Option<&str> = row.try_get(column)?;
    text.map(parse_word).transpose().map_err(|error| undecodable(column, error))
}

fn parse_word<T: DeserializeOwned>(text: &str) -> Result<T, NotAWord> {
    let deserializer: StrDeserializer<'_, NotAWord> = text.into_deserializer();
    T::deserialize(deserializer)
}

/// A `bigint` as a narrower or unsigned number.
pub(super) fn number<T>(row: &PgRow, column: &str) -> Result<T, sqlx::Error>
where
    T: TryFrom<i64, Error = std::num::TryFromIntError>,
{
    let value: i64 = row.try_get(column)?;
    T::try_from(value).map_err(|error| undecodable(column, error))
}

/// As [`number`], where the column may be null.
pub(super) fn number_or_none<T>(row: &PgRow, column: &str) -> Result<Option<T>, sqlx::Error>
where
    T: TryFrom<i64, Error = std::num::TryFromIntError>,
{
    let value: Option<i64> = row.try_get(column)?;
    value.map(T::try_from).transpose().map_err(|error| undecodable(column, error))
}

/// An `integer` as an unsigned number.
pub(super) fn small<T>(row: &PgRow, column: &str) -> Result<T, sqlx::Error>
where
    T: TryFrom<i32, Error = std::num::TryFromIntError>,
{
    let value: i32 = row.try_get(column)?;
    T::try_from(value).map_err(|error| undecodable(column, error))
}

/// As [`small`], where the column may be null.
pub(super) fn small_or_none<T>(row: &PgRow, column: &str) -> Result<Option<T>, sqlx::Error>
where
    T: TryFrom<i32, Error = std::num::TryFromIntError>,
{
    let value: Option<i32> = row.try_get(column)?;
    value.map(T::try_from).transpose().map_err(|error| undecodable(column, error))
}

/// An `integer` column's view of an unsigned number; validation keeps it in range.
pub(super) fn integer(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// Nano-dollars.
pub(super) fn usd(row: &PgRow, column: &str) -> Result<Usd, sqlx::Error> {
    row.try_get(column).map(Usd::from_scaled)
}

/// A `jsonb` column.
pub(super) fn json<T>(row: &PgRow, column: &str) -> Result<T, sqlx::Error>
where
    T: for<'de> Deserialize<'de> + 'static,
{
    let Json(value) = row.try_get(column)?;
    Ok(value)
}

/// As [`json`], where null stands for what is usual.
pub(super) fn json_or_usual<T>(row: &PgRow, column: &str) -> Result<T, sqlx::Error>
where
    T: Default + for<'de> Deserialize<'de> + 'static,
{
    let value: Option<Json<T>> = row.try_get(column)?;
    Ok(value.map_or_else(T::default, |Json(value)| value))
}

/// A stored value that the vocabulary does not know.
pub(super) fn undecodable(column: &str, source: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: Box::new(source) }
}
