//! Who somebody is: by the admin token, a relay key, a password, or the cookie that was given for one of them
//! (docs/rules.md, Access).

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use subtle::ConstantTimeEq;

use super::{
    actor::{Actor, Admin, Person, Scope, Visitor},
    change, fault, password,
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        id::{ConsoleSessionId, UserId},
        user::{Role, User},
    },
    hub::Hub,
    limit::brake::Guesser,
    route::{restrict::admit_caller, snapshot::Caller},
    secret::{self, Secret},
    store::{
        audit::AuditEntry,
        console_sessions::{Holder, NewSession, SomeSessions},
    },
};

/// The name of the console's cookie.
pub const COOKIE: &str = "switchyard_session";

/// Days after which a login ends, whatever is done with it.
const SESSION_DAYS: i64 = 30;

/// Characters of a user agent that are kept.
const USER_AGENT_CHARS_MAX: usize = 256;

/// What somebody logs in with.
#[derive(Clone, Copy)]
pub enum Credentials<'a> {
    /// The admin token, or a relay key.
    Secret(&'a str),
    /// A user's name and password.
    Password {
        /// The name, exactly.
        name: &'a str,
        /// The password, exactly.
        password: &'a str,
    },
}

/// A fresh login of the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginToken {
    /// The cookie's value: shown to the browser, kept nowhere.
    pub cookie: Secret,
    /// From then on it is void.
    pub expires_at: DateTime<Utc>,
    /// Who has logged in.
    pub visitor: Visitor,
}

/// Logs in to the console.
///
/// # Errors
/// [`Fault::Unauthenticated`] for what is wrong, or for nobody who may log in just now; [`Fault::TooManyAttempts`] after
/// many of them from one address, or for one name.
pub async fn login(
    hub: &Hub,
    credentials: Credentials<'_>,
    address: IpAddr,
    user_agent: &str,
) -> Result<LoginToken, Fault> {
    let holder = match credentials {
        Credentials::Secret(secret) => of_secret(hub, secret.trim(), address).await?,
        Credentials::Password { name, password } => of_password(hub, name.trim(), password, address).await?,
    };
    let cookie = secret::generate("");
    let created_at = clock::now();
    let user_agent: String = user_agent.chars().filter(|char| !char.is_control()).take(USER_AGENT_CHARS_MAX).collect();
    let session = NewSession {
        token_hash: secret::hash(cookie.expose()),
        user_id: holder.user.as_ref().map(|(id, ..)| *id),
        key_id: holder.key.as_ref().map(|(id, _)| *id),
        token_mark: holder.user.is_none().then(|| secret::mark(&hub.admin_token)),
        address: address.to_string(),
        user_agent: &user_agent,
        created_at,
        expires_at: created_at + TimeDelta::days(SESSION_DAYS),
    };
    let mut change = change::begin(hub).await?;
    let id = change.insert_session(&session).await.map_err(fault::store)?;
    let visitor = visitor(holder, Some(id), address);
    change.audit(visitor.actor().entry("console.login", &id)).await.map_err(fault::store)?;
    change.commit_quietly().await.map_err(fault::store)?;
    Ok(LoginToken { cookie, expires_at: session.expires_at, visitor })
}

/// Ends the login that a cookie stands for. A cookie that stands for none is no mistake.
pub async fn logout(hub: &Hub, cookie: &str, address: IpAddr) -> Result<(), Fault> {
    let Some((id, holder)) = find(hub, cookie).await? else { return Ok(()) };
    let mut change = change::begin(hub).await?;
    let this = SomeSessions { id: Some(id), ..SomeSessions::default() };
    change.revoke_sessions(this, clock::now()).await.map_err(fault::store)?;
    let visitor = visitor(holder, Some(id), address);
    change.audit(visitor.actor().entry("console.logout", &id)).await.map_err(fault::store)?;
    change.commit_quietly().await.map_err(fault::store)
}

/// Who a console cookie stands for, as that stands now.
///
/// # Errors
/// [`Fault::Unauthenticated`] if it stands for nobody, or nobody who may log in.
pub async fn of_cookie(hub: &Hub, cookie: &str, address: IpAddr) -> Result<Visitor, Fault> {
    let found = find(hub, cookie).await?;
    found.map(|(id, holder)| visitor(holder, Some(id), address)).ok_or(Fault::Unauthenticated)
}

/// The login that a cookie stands for, if it still stands.
async fn find(hub: &Hub, cookie: &str) -> Result<Option<(ConsoleSessionId, Holder)>, Fault> {
    let mark = secret::mark(&hub.admin_token);
    hub.store.find_session(&secret::hash(cookie), &mark, clock::now()).await.map_err(fault::store)
}

/// Who an `authorization` header stands for: `Bearer` with the admin token or a relay key.
///
/// # Errors
/// [`Fault::Unauthenticated`]; [`Fault::TooManyAttempts`] after many wrong ones from one address.
pub async fn of_bearer(hub: &Hub, header: &str, address: IpAddr) -> Result<Visitor, Fault> {
    let secret = bearer(header).ok_or(Fault::Unauthenticated)?;
    Ok(visitor(of_secret(hub, secret, address).await?, None, address))
}

/// The token of a `Bearer` header; the scheme's case does not matter (RFC 9110, 11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// What somebody may do who has shown something that is known.
fn visitor(holder: Holder, session_id: Option<ConsoleSessionId>, address: IpAddr) -> Visitor {
    let address = address.to_string();
    let actor = |name, user_id| Actor { name, user_id, session_id, address };
    match holder {
        Holder { user: None, .. } => Visitor::Admin(Admin(actor("admin token".to_owned(), None))),
        Holder { user: Some((user_id, user, _)), key: Some((key_id, key)) } => {
            let actor = actor(format!("key {key} of {user}"), Some(user_id));
            Visitor::Person(Person { actor, scope: Scope::Key(user_id, key_id) })
        }
        Holder { user: Some((user_id, user, role)), key: None } => {
            let actor = actor(format!("user {user}"), Some(user_id));
            match role {
                Role::Admin => Visitor::Admin(Admin(actor)),
                Role::User => Visitor::Person(Person { actor, scope: Scope::User(user_id) }),
            }
        }
    }
}

/// Whose secret it is: a relay key's, or the admin token, which is compared in constant time, behind the brake. A wrong
/// one is put on record.
async fn of_secret(hub: &Hub, secret: &str, address: IpAddr) -> Result<Holder, Fault> {
    let hash = secret::hash(secret);
    let caller = hub.snapshot.load().callers.get(&hash).cloned();
    if let Some(caller) = caller.filter(|caller| may_come(caller, address)) {
        // Forgives nothing: or whoever has a key could guess on between two uses of it.
        let Caller { key, user, .. } = &*caller;
        return Ok(Holder {
            user: Some((user.id, user.name.clone(), user.role)),
            key: Some((key.id, key.name.clone())),
        });
    }
    hub.login_brake.check(address).map_err(|retry_after_s| Fault::TooManyAttempts { retry_after_s })?;
    if hash.ct_eq(&hub.admin_token).into() {
        hub.login_brake.forgive(address);
        return Ok(Holder::default());
    }
    hub.login_brake.fail(address);
    Err(refused(hub, None, address).await)
}

/// May a call come with this key from there just now? Then so may its owner.
fn may_come(caller: &Caller, address: IpAddr) -> bool {
    admit_caller(caller, clock::now()).is_ok() && caller.restrictions.admit_address(address).is_ok()
}

/// Whose name and password these are, behind the brakes of the address and of the name.
async fn of_password(hub: &Hub, name: &str, password: &str, address: IpAddr) -> Result<Holder, Fault> {
    let brakes = [Guesser::from(address), Guesser::of_name(name)];
    // First the turn, then the brake: or a thousand guesses at once would all be looked at.
    let turn = password::turn(hub).await?;
    for guesser in brakes {
        hub.login_brake.check(guesser).map_err(|retry_after_s| Fault::TooManyAttempts { retry_after_s })?;
    }
    let known = hub.store.find_password_of_name(name).await.map_err(fault::store)?;
    let (id, hash) = known.map_or((None, None), |(id, hash)| (Some(id), hash));
    let is_right = password::is_right(turn, password, hash).await?;
    let user = match id.filter(|_| is_right) {
        Some(id) => hub.store.find_user(id).await.map_err(fault::store)?.filter(may_log_in),
        None => None,
    };
    let Some(user) = user else {
        for guesser in brakes {
            hub.login_brake.fail(guesser);
        }
        return Err(refused(hub, id, address).await);
    };
    hub.login_brake.forgive(Guesser::of_name(name));
    Ok(Holder { user: Some((user.id, user.name, user.role)), key: None })
}

fn may_log_in(user: &User) -> bool {
    user.enabled && !Caller::is_past(user.expires_at, clock::now())
}

/// Puts a wrong secret or password on record, with the user whose name it came with, and refuses it.
async fn refused(hub: &Hub, user_id: Option<UserId>, address: IpAddr) -> Fault {
    tracing::warn!(client.address = %address, "a wrong token, key or password");
    if let Err(error) = record_failure(hub, user_id, address).await {
        tracing::warn!(%error, "a failed login could not be put on record");
    }
    Fault::Unauthenticated
}

async fn record_failure(hub: &Hub, user_id: Option<UserId>, address: IpAddr) -> Result<(), sqlx::Error> {
    let address = address.to_string();
    let subject = user_id.map(|id| id.to_string()).unwrap_or_default();
    let entry =
        AuditEntry { actor: "nobody", address: &address, action: "login.failed", subject, ..AuditEntry::default() };
    let mut change = hub.store.change().await?;
    change.audit(entry).await?;
    change.commit_quietly().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::KeyId;

    #[test]
    fn a_bearer_header_names_its_scheme() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        for wrong in ["abc", "Basic abc", "Bearer", "Bearer ", ""] {
            assert_eq!(bearer(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_key_never_runs_the_hub_and_a_password_does_so_for_admins() {
        let user = |role| Some((UserId(7), "Ada".to_owned(), role));
        let key = || Some((KeyId(8), "laptop".to_owned()));
        let who = |user, key| visitor(Holder { user, key }, None, IpAddr::from([10, 0, 0, 1]));
        assert!(who(None, None).admin().is_ok());
        assert!(who(user(Role::Admin), None).admin().is_ok());
        assert!(who(user(Role::User), None).admin().is_err());
        for role in [Role::User, Role::Admin] {
            let visitor = who(user(role), key());
            assert_eq!(visitor.actor().name, "key laptop of Ada");
            assert_eq!(visitor.clone().admin(), Err(Fault::NotAllowed));
            assert_eq!(visitor.person().map(|person| person.scope), Ok(Scope::Key(UserId(7), KeyId(8))));
        }
    }
}
