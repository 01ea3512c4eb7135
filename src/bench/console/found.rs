//! How much there is in a filled hub, and whom to ask about.

use sqlx::{Connection, PgConnection, Row};

use super::home::Home;

/// What there is, and what pages are asked about.
pub struct Filled {
    pub n_calls: i64,
    pub n_attempts: i64,
    pub n_sums: i64,
    /// Who called most.
    pub user_id: String,
    pub user_name: String,
    pub key_id: String,
    /// Who served most, and what most asked for.
    pub provider_id: String,
    pub model: String,
    /// A call of last month that took several attempts, and its conversation.
    pub call_id: String,
    pub session_id: String,
    /// Where that conversation is.
    pub session: String,
    /// The longest conversation of the last days.
    pub long_session: String,
    /// The last call whose messages were too long to be kept whole.
    pub told_call_id: String,
    /// The last call of that user.
    pub own_call_id: String,
}

const FOUND: &str = "
    with most as (
        select user_id, key_id from usage_facets where facet = 'caller_1d' and user_id > 0 group by 1, 2
        order by sum(calls) desc limit 1
    ),
    served as (
        select provider_id, model from usage_facets where facet = 'route_1d' and provider_id > 0 group by 1, 2
        order by sum(calls) desc limit 1
    ),
    old as (
        select id, key_id, session_id from calls
        where id < first_id(now() - interval '40 days') and n_attempts > 1 and session_id is not null
        order by id desc limit 1
    ),
    long as (
        select key_id, session_id from sessions where last_call >= first_id(now() - interval '7 days')
        order by calls desc limit 1
    ),
    told as (
        select call_id from call_messages where request_tail is not null order by call_id desc limit 1
    )
    select (select sum(calls)::bigint from usage_facets where facet = 'route_1d') as n_calls,
        (select sum(attempts)::bigint from usage_facets where facet = 'route_1d') as n_attempts,
        (select count(*) from usage_15m) as n_sums,
        most.user_id::text as user_id, u.name as user_name, most.key_id::text as key_id,
        served.provider_id::text as provider_id, served.model, old.id::text as call_id, old.session_id,
        old.key_id || ':' || old.session_id as session, long.key_id || ':' || long.session_id as long_session,
        told.call_id::text as told_call_id,
        (select id::text from calls where user_id = most.user_id order by id desc limit 1) as own_call_id
    from most join users u on u.id = most.user_id, served, old, long, told";

/// Looks for it.
pub async fn found(home: &Home) -> Filled {
    let mut connection = PgConnection::connect_with(&home.postgres()).await.unwrap();
    let row = sqlx::query(FOUND).fetch_one(&mut connection).await;
    let row = row.expect("there are too few CALLS, or DATA is so old that the hub has let its messages go");
    connection.close().await.unwrap();
    Filled {
        n_calls: row.get("n_calls"),
        n_attempts: row.get("n_attempts"),
        n_sums: row.get("n_sums"),
        user_id: row.get("user_id"),
        user_name: row.get("user_name"),
        key_id: row.get("key_id"),
        provider_id: row.get("provider_id"),
        model: row.get("model"),
        call_id: row.get("call_id"),
        session_id: row.get("session_id"),
        session: named(row.get("session")),
        long_session: named(row.get("long_session")),
        told_call_id: row.get("told_call_id"),
        own_call_id: row.get("own_call_id"),
    }
}

/// Something as cursors and the ids of sessions name it: base64 for addresses, without what would fill up its end.
pub fn named(text: &str) -> String {
    const LETTERS: [u8; 64] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let letters = |three: &[u8]| {
        let byte = |place: usize| three.get(place).copied().map_or(0, u32::from);
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        // One letter more than there are bytes.
        let places = [18, 12, 6, 0].into_iter().take(three.len() + 1);
        places.map(|place| char::from(LETTERS[((bits >> place) & 63) as usize])).collect::<String>()
    };
    text.as_bytes().chunks(3).map(letters).collect()
}
