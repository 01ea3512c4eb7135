//! What an error of the store means to whoever acts.

use uuid::Uuid;

use crate::domain::fault::Fault;

/// Which field a constraint speaks of, and what to say.
const CONSTRAINTS: &[(&str, &str, &str)] = &[
    ("users_name_unique", "name", "another user has this name"),
    ("providers_name_unique", "name", "another provider has this name"),
    ("provider_groups_pkey", "name", "another group has this name"),
];

/// Turns an error of the store into a fault. One of our own making is logged here, under the id that the fault shows.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(super) fn store(error: sqlx::Error) -> Fault {
    if let sqlx::Error::Database(database) = &error {
        let named = |(constraint, ..): &&(&str, &str, &str)| database.constraint() == Some(*constraint);
        if let Some((_, field, why)) = CONSTRAINTS.iter().find(named) {
            return Fault::Conflict { field: (*field).to_owned(), why: (*why).to_owned() };
        }
        // datetime_field_overflow: nothing that is stored is so old, so the time was asked for.
        if database.code().as_deref() == Some("22008") {
            return Fault::invalid("time", "lies outside what can be told: 4713 BC to 294276 AD");
        }
    }
    if is_passing(&error) {
        tracing::warn!(%error, "the database did not answer an operator");
        return Fault::Busy;
    }
    internal(&error)
}

/// A mistake of our own, logged under the id that the fault shows.
pub(super) fn internal(error: &dyn std::fmt::Display) -> Fault {
    let id = Uuid::now_v7().to_string();
    tracing::error!(fault.id = id, %error, "an operator's action failed");
    Fault::Internal { id }
}

/// True if the same may well succeed in a moment.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        // A connection that ends in the middle of a greeting.
        | sqlx::Error::Protocol(_) => true,
        // Classes of PostgreSQL's error codes (its documentation, appendix A): connection, rollback for concurrency,
        // resources, operator intervention.
        sqlx::Error::Database(database) => {
            database.code().is_some_and(|code| ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class)))
        }
        _ => false,
    }
}
