//! A moment, for `serde(with)`: text in JSON, microseconds since 1970 in the journal's records, where text would cost
//! more than all else that is written of a call.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Writes it.
pub(crate) fn serialize<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        at.serialize(serializer)
    } else {
        serializer.serialize_i64(at.timestamp_micros())
    }
}

/// Reads it; also the text that records of earlier releases hold.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    if deserializer.is_human_readable() {
        return DateTime::deserialize(deserializer);
    }
    deserializer.deserialize_any(Moment)
}

struct Moment;

impl de::Visitor<'_> for Moment {
    type Value = DateTime<Utc>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("microseconds since 1970, or a moment as text")
    }

    fn visit_i64<E: de::Error>(self, micros: i64) -> Result<DateTime<Utc>, E> {
        DateTime::from_timestamp_micros(micros).ok_or_else(|| E::custom("a moment out of range"))
    }

    fn visit_u64<E: de::Error>(self, micros: u64) -> Result<DateTime<Utc>, E> {
        i64::try_from(micros).map_err(E::custom).and_then(|micros| self.visit_i64(micros))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<DateTime<Utc>, E> {
        text.parse().map_err(E::custom)
    }
}
