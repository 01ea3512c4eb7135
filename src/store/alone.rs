//! What only one hub may do on a database: work on it without Redis (docs/rules.md, Limits), and probe providers.

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

use super::{Store, statements};

statements! {
    /// Held as long as the connection lives; and by which session.
    TAKE = "
        select pg_try_advisory_lock($1), pid, backend_start
        from pg_stat_activity
        where pid = pg_backend_pid()";
    ASK = "select 1";
    END = "select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and backend_start = $2";
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
    session: Session,
}

/// A connection as Postgres knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    pid: i32,
    began: DateTime<Utc>,
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
        let (is_ours, pid, began): (bool, i32, DateTime<Utc>) =
            sqlx::query_as(TAKE).bind(key).fetch_one(&mut connection).await?;
        Ok(is_ours.then_some(Alone { connection, session: Session { pid, began } }))
    }

    /// Ends a session of this hub, with what it holds. False if Postgres does not know it any more.
    pub async fn end_session(&self, session: Session) -> Result<bool, sqlx::Error> {
        let ended: Option<bool> =
            sqlx::query_scalar(END).bind(session.pid).bind(session.began).fetch_optional(&self.pool).await?;
        Ok(ended.unwrap_or_default())
    }
}

impl Alone {
    /// The session that holds the lock.
    pub const fn session(&self) -> Session {
        self.session
    }

    /// True while the connection that holds the lock lives.
    pub async fn still_holds(&mut self) -> bool {
        sqlx::query(ASK).execute(&mut self.connection).await.is_ok()
    }
}
