//! What was asked and answered, where the hub captures it.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{Store, read, sessions, statements};
use crate::domain::id::{CallId, KeyId};

statements! {
    INSERT = "
        insert into call_messages (call_id, request_bytes, request_head, request_tail, answer_bytes, answer_head)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (call_id) do nothing";
    FIND = "
        select call_id, request_bytes, request_head, request_tail, answer_bytes, answer_head
        from call_messages
        where call_id = $1";
    /// Looked for among the latest calls of the session only: with capturing off there may be none among any number. The
    /// bounds on the id leave out the partitions of other days.
    LATEST_OF_SESSION = "
        with latest as (
            select id
            from calls
            where session_id = $2 and key_id = $1 and id >= $3 and id < $4
            order by id desc
            limit 100
        )
        select m.call_id
        from latest l
        join call_messages m on m.call_id = l.id
        order by m.call_id desc
        limit 1";
}

/// The bodies of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// Whose they are.
    pub call_id: CallId,
    /// Bytes of the whole request.
    pub request_bytes: u64,
    /// Its beginning, or all of it.
    pub request_head: Vec<u8>,
    /// Its end, if something between is left out.
    pub request_tail: Option<Vec<u8>>,
    /// Bytes of the whole answer, as far as it was passed on.
    pub answer_bytes: u64,
    /// Its beginning, or all of it.
    pub answer_head: Vec<u8>,
}

impl Store {
    /// Writes the messages of calls, in one transaction.
    pub async fn insert_messages<'a>(
        &self,
        captured: impl Iterator<Item = &'a Captured> + Send,
    ) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        for one in captured {
            sqlx::query(INSERT)
                .bind(one.call_id.0)
                .bind(i64::try_from(one.request_bytes).unwrap_or(i64::MAX))
                .bind(&one.request_head)
                .bind(&one.request_tail)
                .bind(i64::try_from(one.answer_bytes).unwrap_or(i64::MAX))
                .bind(&one.answer_head)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    }

    /// The messages of a call; none if they were not captured, or are kept no longer.
    pub async fn find_messages(&self, id: CallId) -> Result<Option<Captured>, sqlx::Error> {
        let Some(row) = sqlx::query(FIND).bind(id.0).fetch_optional(&self.pool).await? else { return Ok(None) };
        Ok(Some(Captured {
            call_id: CallId(row.try_get("call_id")?),
            request_bytes: read::number(&row, "request_bytes")?,
            request_head: row.try_get("request_head")?,
            request_tail: row.try_get("request_tail")?,
            answer_bytes: read::number(&row, "answer_bytes")?,
            answer_head: row.try_get("answer_head")?,
        }))
    }

    /// The latest call of a session whose messages were captured, among its latest 100 that began in this time.
    pub async fn latest_captured(
        &self,
        key: KeyId,
        session_id: &str,
        began: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Option<CallId>, sqlx::Error> {
        let row = sessions::of_calls(LATEST_OF_SESSION, key, session_id, began).fetch_optional(&self.pool).await?;
        row.map(|row| row.try_get("call_id").map(CallId)).transpose()
    }
}
