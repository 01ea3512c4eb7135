//! Who acts. A use case says by the type of its actor who may: an [`Admin`] runs the hub, a [`Person`] sees their own
//! (docs/rules.md, Access).

use std::{fmt::Display, ops::Deref};

use serde::Serialize;

use crate::{
    domain::{
        call::Call,
        fault::Fault,
        id::{ConsoleSessionId, KeyId, UserId},
    },
    store::audit::AuditEntry,
};

/// Somebody, as the audit log names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    /// `admin token`, `user Ada`, `key laptop of Ada`, `system`.
    pub(super) name: String,
    /// The user that this is; none for the admin token.
    pub(super) user_id: Option<UserId>,
    /// The login of the console; none for a bearer.
    pub(super) session_id: Option<ConsoleSessionId>,
    /// The address the request came from.
    pub(super) address: String,
}

impl Actor {
    /// The line of the audit log for what this actor does.
    pub(super) fn entry<'a>(&'a self, action: &'a str, subject: &dyn Display) -> AuditEntry<'a> {
        AuditEntry {
            actor: &self.name,
            user_id: self.user_id,
            session_id: self.session_id,
            address: &self.address,
            action,
            subject: subject.to_string(),
            before: None,
            after: None,
        }
    }
}

/// Somebody who may run the hub. Only [`super::login`] makes one, so a use case that has one has a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin(pub(super) Actor);

impl Admin {
    /// The hub itself, by the clock.
    pub(super) fn system() -> Self {
        Self(Actor { name: "system".to_owned(), ..Actor::default() })
    }
}

impl Deref for Admin {
    type Target = Actor;

    fn deref(&self) -> &Actor {
        &self.0
    }
}

/// Somebody who may see what is theirs. Only [`super::login`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub(super) actor: Actor,
    pub(super) scope: Scope,
}

impl Person {
    /// True if it was a password that they have shown, which they can change.
    pub fn has_password(&self) -> bool {
        self.scope.key_id().is_none()
    }

    /// Is it their call?
    pub fn owns(&self, call: &Call) -> bool {
        call.user_id == Some(self.scope.user_id())
            && self.scope.key_id().is_none_or(|key_id| call.key_id == Some(key_id))
    }
}

/// What is somebody's own. Every question about it is asked with the ids that stand here, so that nobody else's rows can
/// be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// A user with all their keys: whoever has logged in with a password.
    User(UserId),
    /// One key of a user: whoever has shown that key.
    Key(UserId, KeyId),
}

impl Scope {
    /// The user.
    pub(super) const fn user_id(self) -> UserId {
        match self {
            Self::User(user_id) | Self::Key(user_id, _) => user_id,
        }
    }

    /// The one key; none if it is all of the user's.
    pub(super) const fn key_id(self) -> Option<KeyId> {
        match self {
            Self::User(_) => None,
            Self::Key(_, key_id) => Some(key_id),
        }
    }
}

/// Whoever has shown a token, a key or a cookie that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visitor {
    /// The admin token, or a user with the role `admin` who has logged in with a password.
    Admin(Admin),
    /// Anybody else.
    Person(Person),
}

impl Visitor {
    /// The visitor as somebody who may run the hub.
    ///
    /// # Errors
    /// [`Fault::NotAllowed`] for everybody else.
    pub fn admin(self) -> Result<Admin, Fault> {
        match self {
            Self::Admin(admin) => Ok(admin),
            Self::Person(_) => Err(Fault::NotAllowed),
        }
    }

    /// The visitor as somebody who sees what is theirs; an admin who is a user sees it too.
    ///
    /// # Errors
    /// [`Fault::NotFound`] for the admin token, which is nobody's.
    pub fn person(self) -> Result<Person, Fault> {
        match self {
            Self::Person(person) => Ok(person),
            Self::Admin(Admin(actor)) => {
                let user_id = actor.user_id.ok_or_else(|| Fault::not_found("user"))?;
                Ok(Person { actor, scope: Scope::User(user_id) })
            }
        }
    }

    /// Who it is.
    pub fn actor(&self) -> &Actor {
        match self {
            Self::Admin(admin) => admin,
            Self::Person(person) => &person.actor,
        }
    }
}

/// How a noun stands in the audit log: as it stands in JSON, where secrets never are.
pub(super) fn shown(noun: &impl Serialize) -> Option<serde_json::Value> {
    serde_json::to_value(noun).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(user_id: Option<UserId>) -> Actor {
        Actor { name: "somebody".to_owned(), user_id, ..Actor::default() }
    }

    #[test]
    fn only_an_admin_runs_the_hub_and_only_users_have_something_of_their_own() {
        let token = Visitor::Admin(Admin(actor(None)));
        assert!(token.clone().admin().is_ok());
        assert_eq!(token.person(), Err(Fault::not_found("user")));
        let ada = Visitor::Admin(Admin(actor(Some(UserId(7)))));
        assert_eq!(ada.person().map(|person| person.scope), Ok(Scope::User(UserId(7))));
        for scope in [Scope::User(UserId(7)), Scope::Key(UserId(7), KeyId(8))] {
            let person = Visitor::Person(Person { actor: actor(Some(UserId(7))), scope });
            assert_eq!(person.clone().admin(), Err(Fault::NotAllowed));
            assert_eq!(person.person().map(|person| person.scope), Ok(scope));
        }
    }
}
