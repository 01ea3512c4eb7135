//! What only one hub may do on a database: work on it without Redis (docs/rules.md, Limits), and probe providers.

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

use super::{Store, statements};

statements! {
    /// Held as long as the connection lives.
    TAKE = "select pg_try_advisory_lock($1)";
    ASK = "select 1";
}

/// What only one hub may do on a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Work on it without Redis.
    Counter,
    /// Probe providers that are on hold.
    Prober,
}

/// Proof that no other hub has this role on this database.
#[derive(Debug)]
pub struct Alone {
    connection: PgConnection,
}

impl Store {
    /// Takes a role on the database for this hub; none if another one has it.
    pub async fn take_alone(&self, role: Role) -> Result<Option<Alone>, sqlx::Error> {
        let key: i64 = match role {
            Role::Counter => 7_311_043,
            Role::Prober => 7_311_044,
        };
        let options: PgConnectOptions = self.pool.connect_options().as_ref().clone();
        let mut connection = PgConnection::connect_with(&options).await?;
        let is_ours: bool = sqlx::query_scalar(TAKE).bind(key).fetch_one(&mut connection).await?;
        Ok(is_ours.then_some(Alone { connection }))
    }
}

impl Alone {
    /// True while the connection that holds the lock lives.
    pub async fn still_holds(&mut self) -> bool {
        sqlx::query(ASK).execute(&mut self.connection).await.is_ok()
    }
}
