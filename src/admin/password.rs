//! Passwords of the console (docs/rules.md, Access).

use std::{ops::RangeInclusive, time::Duration};

use tokio::sync::OwnedSemaphorePermit;

use super::{
    actor::{Actor, Admin, Person, Scope},
    change, fault,
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        id::UserId,
        user::{PasswordChange, PasswordSet},
    },
    hub::Hub,
    limit::brake::Guesser,
    store::console_sessions::SomeSessions,
};

/// How dear a guess is: two to the power of this many rounds.
const COST: u32 = 12;

/// Bytes of a password. bcrypt looks at no more.
const BYTES: RangeInclusive<usize> = 8..=72;

/// What is compared with where there is no password.
const NOBODYS: &str = "$2b$12$.....................................................";

/// How long a login waits for its turn.
const TURN_WAIT: Duration = Duration::from_secs(10);

/// Waits for the turn to hash a password.
///
/// # Errors
/// [`Fault::TooManyAttempts`] if too many others do.
pub(super) async fn turn(hub: &Hub) -> Result<OwnedSemaphorePermit, Fault> {
    let turn = hub.password_turns.clone().acquire_owned();
    match tokio::time::timeout(TURN_WAIT, turn).await {
        Ok(Ok(turn)) => Ok(turn),
        _ => Err(Fault::TooManyAttempts { retry_after_s: 1 }),
    }
}

/// Is it the password of that hash? Takes its time without one too, so that the time does not tell who has one.
pub(super) async fn is_right(turn: OwnedSemaphorePermit, password: &str, hash: Option<String>) -> Result<bool, Fault> {
    let can_be = hash.is_some() && BYTES.contains(&password.len());
    let hash = hash.unwrap_or_else(|| NOBODYS.to_owned());
    let password = password.to_owned();
    let matches = in_background(turn, move || bcrypt::verify(password, &hash)).await?;
    Ok(matches && can_be)
}

/// Gives a user a password. All their logins end, but the one that asks.
///
/// # Errors
/// [`Fault::NotFound`]; [`Fault::Invalid`] for a password that is too short or too long.
pub async fn set(hub: &Hub, actor: &Admin, id: UserId, new: PasswordSet) -> Result<(), Fault> {
    let hash = hashed(hub, &new.password).await?;
    put(hub, actor, "user.password", id, Some(&hash)).await
}

/// Takes a user's password away. All their logins end, but the one that asks.
///
/// # Errors
/// [`Fault::NotFound`].
pub async fn clear(hub: &Hub, actor: &Admin, id: UserId) -> Result<(), Fault> {
    put(hub, actor, "user.password_delete", id, None).await
}

/// Changes one's own password. All other logins of the user end.
///
/// # Errors
/// [`Fault::NotAllowed`] for whoever has only shown a key; [`Fault::Invalid`] for an old password that is wrong, or a new
/// one that is too short or too long; [`Fault::TooManyAttempts`].
pub async fn change(hub: &Hub, person: &Person, new: PasswordChange) -> Result<(), Fault> {
    let Scope::User(id) = person.scope else { return Err(Fault::NotAllowed) };
    check(&new.password)?;
    let guesser = Guesser::of_name(&person.actor.name);
    let turn = turn(hub).await?;
    hub.login_brake.check(guesser).map_err(|retry_after_s| Fault::TooManyAttempts { retry_after_s })?;
    let hash = hub.store.find_password(id).await.map_err(fault::store)?;
    if !is_right(turn, &new.old_password, hash).await? {
        hub.login_brake.fail(guesser);
        return Err(Fault::invalid("old_password", "is not right"));
    }
    hub.login_brake.forgive(guesser);
    let hash = hashed(hub, &new.password).await?;
    put(hub, &person.actor, "user.password", id, Some(&hash)).await
}

/// Writes a password's hash and ends the user's logins.
async fn put(hub: &Hub, actor: &Actor, action: &str, id: UserId, hash: Option<&str>) -> Result<(), Fault> {
    let mut change = change::begin(hub).await?;
    let before = change.lock_user(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("user"))?;
    change.set_password(id, hash).await.map_err(fault::store)?;
    let others = SomeSessions { user_id: Some(id), but: actor.session_id, ..SomeSessions::default() };
    let n_ended = change.revoke_sessions(others, clock::now()).await.map_err(fault::store)?;
    let mut entry = actor.entry(action, &id);
    entry.before = Some(serde_json::json!({ "has_password": before.has_password }));
    entry.after = Some(serde_json::json!({ "has_password": hash.is_some(), "logins_ended": n_ended }));
    change::commit(hub, change, entry).await
}

fn check(password: &str) -> Result<(), Fault> {
    let (low, high) = BYTES.into_inner();
    if !BYTES.contains(&password.len()) {
        return Err(Fault::invalid(
            "password",
            format!("must have {low} to {high} characters; those beyond plain letters count for more"),
        ));
    }
    if password.chars().any(char::is_control) {
        return Err(Fault::invalid("password", "must not have control characters"));
    }
    Ok(())
}

/// The hash of a new password.
async fn hashed(hub: &Hub, password: &str) -> Result<String, Fault> {
    check(password)?;
    let password = password.to_owned();
    in_background(turn(hub).await?, move || bcrypt::hash(password, COST)).await
}

/// Does what takes a quarter of a second, on a thread where nobody waits for it. The turn goes on when it is done, also if
/// the client has left.
async fn in_background<T: Send + 'static>(
    turn: OwnedSemaphorePermit,
    work: impl FnOnce() -> Result<T, bcrypt::BcryptError> + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    });
    done.await.map_err(|error| fault::internal(&error))?.map_err(|error| fault::internal(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_8_to_72_bytes_and_no_control_characters() {
        for right in ["12345678", &"ä".repeat(36), "pass word!"] {
            assert_eq!(check(right), Ok(()), "{right}");
        }
        for wrong in ["", "1234567", &"a".repeat(73), &"ä".repeat(37), "1234567\0", "12345678\n"] {
            assert_eq!(check(wrong).unwrap_err().field(), Some("password"), "{wrong:?}");
        }
    }

    #[test]
    fn what_stands_for_no_password_can_be_compared_with_and_is_none() {
        assert!(!bcrypt::verify("12345678", NOBODYS).unwrap());
        assert!(NOBODYS.starts_with(&format!("$2b${COST}$")));
    }
}
