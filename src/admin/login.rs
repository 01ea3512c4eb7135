//! Who may run the hub: whoever shows the admin token, or the cookie that was given for it.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use subtle::ConstantTimeEq;

use super::{actor::Actor, change, fault};
use crate::{
    clock,
    domain::fault::Fault,
    hub::Hub,
    secret::{self, Secret},
    store::{audit::AuditEntry, console_sessions::NewSession},
};

/// The name of the console's cookie.
pub const COOKIE: &str = "switchyard_session";

/// Days after which a login ends, whatever is done with it.
const SESSION_DAYS: i64 = 30;

/// Characters of a user agent that are kept.
const USER_AGENT_CHARS_MAX: usize = 256;

/// A fresh login of the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginToken {
    /// The cookie's value: shown to the browser, kept nowhere.
    pub cookie: Secret,
    /// From then on it is void.
    pub expires_at: DateTime<Utc>,
}

/// Logs in to the console with the admin token.
///
/// # Errors
/// [`Fault::Unauthenticated`] for a wrong token, [`Fault::TooManyAttempts`] after many of them from one address.
pub async fn login(hub: &Hub, token: &str, address: IpAddr, user_agent: &str) -> Result<LoginToken, Fault> {
    prove(hub, token.trim(), address).await?;
    let cookie = secret::generate("");
    let created_at = clock::now();
    let user_agent: String = user_agent.chars().filter(|char| !char.is_control()).take(USER_AGENT_CHARS_MAX).collect();
    let session = NewSession {
        token_hash: secret::hash(cookie.expose()),
        address: address.to_string(),
        user_agent: &user_agent,
        created_at,
        expires_at: created_at + TimeDelta::days(SESSION_DAYS),
    };
    let mut change = change::begin(hub).await?;
    let id = change.insert_session(&session).await.map_err(fault::store)?;
    let actor = of_session(id, address);
    change.audit(actor.entry("console.login", &id)).await.map_err(fault::store)?;
    change.commit_quietly().await.map_err(fault::store)?;
    Ok(LoginToken { cookie, expires_at: session.expires_at })
}

/// Ends the login that a cookie stands for. A cookie that stands for none is no mistake.
pub async fn logout(hub: &Hub, cookie: &str, address: IpAddr) -> Result<(), Fault> {
    let mut change = change::begin(hub).await?;
    let ended = change.revoke_session(&secret::hash(cookie), clock::now()).await.map_err(fault::store)?;
    let Some(id) = ended else { return Ok(()) };
    change.audit(of_session(id, address).entry("console.logout", &id)).await.map_err(fault::store)?;
    change.commit_quietly().await.map_err(fault::store)
}

/// Who a console cookie stands for.
pub async fn actor_of_cookie(hub: &Hub, cookie: &str, address: IpAddr) -> Result<Actor, Fault> {
    let found = hub.store.find_session(&secret::hash(cookie), clock::now()).await.map_err(fault::store)?;
    found.map(|id| of_session(id, address)).ok_or(Fault::Unauthenticated)
}

/// Who an `authorization` header stands for: `Bearer` and the admin token.
pub async fn actor_of_bearer(hub: &Hub, header: &str, address: IpAddr) -> Result<Actor, Fault> {
    let token = bearer(header).ok_or(Fault::Unauthenticated)?;
    prove(hub, token, address).await?;
    Ok(Actor { name: "admin token".to_owned(), address: address.to_string() })
}

/// The token of a `Bearer` header; the scheme's case does not matter (RFC 9110, 11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn of_session(id: i64, address: IpAddr) -> Actor {
    Actor { name: format!("console session {id}"), address: address.to_string() }
}

/// Compares a token with the admin token in constant time, behind the brake. A wrong one is put on record.
async fn prove(hub: &Hub, token: &str, address: IpAddr) -> Result<(), Fault> {
    hub.login_brake.check(address).map_err(|retry_after_s| Fault::TooManyAttempts { retry_after_s })?;
    if secret::hash(token).ct_eq(&hub.admin_token).into() {
        hub.login_brake.forgive(address);
        return Ok(());
    }
    hub.login_brake.fail(address);
    tracing::warn!(client.address = %address, "a wrong admin token");
    if let Err(error) = record_failure(hub, address).await {
        tracing::warn!(%error, "a wrong admin token could not be put on record");
    }
    Err(Fault::Unauthenticated)
}

async fn record_failure(hub: &Hub, address: IpAddr) -> Result<(), sqlx::Error> {
    let address = address.to_string();
    let entry = AuditEntry { actor: "nobody", address: &address, action: "login.failed", ..AuditEntry::default() };
    let mut change = hub.store.change().await?;
    change.audit(entry).await?;
    change.commit_quietly().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_header_names_its_scheme() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        for wrong in ["abc", "Basic abc", "Bearer", "Bearer ", ""] {
            assert_eq!(bearer(wrong), None, "{wrong}");
        }
    }
}
