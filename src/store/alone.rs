//! One hub for a database, unless Redis keeps several in step (docs/rules.md, Limits).

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

use super::{Store, statements};

statements! {
    /// Held as long as the connection lives.
    TAKE = "select pg_try_advisory_lock(7311043)";
    ASK = "select 1";
}

/// Proof that no other hub without Redis works on this database.
#[derive(Debug)]
pub struct Alone {
    connection: PgConnection,
}

impl Store {
    /// Takes the database for this hub; none if another one has it.
    pub async fn take_alone(&self) -> Result<Option<Alone>, sqlx::Error> {
        let options: PgConnectOptions = self.pool.connect_options().as_ref().clone();
        let mut connection = PgConnection::connect_with(&options).await?;
        let is_ours: bool = sqlx::query_scalar(TAKE).fetch_one(&mut connection).await?;
        Ok(is_ours.then_some(Alone { connection }))
    }
}

impl Alone {
    /// True while the connection that holds the lock lives.
    pub async fn still_holds(&mut self) -> bool {
        sqlx::query(ASK).execute(&mut self.connection).await.is_ok()
    }
}
