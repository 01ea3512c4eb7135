//! The drawn pages with forms: one user, one provider, a new one of either, and the settings.

use hub::{
    admin::{console_sessions, holds, keys, limits, providers, settings, storage, users},
    domain::{
        console_session::ConsoleSessionQuery,
        hold::HoldQuery,
        id::{ProviderId, UserId},
        limit::Subject,
        page::{LIMIT_MAX, PageQuery},
    },
};

use super::{Reader, in_words};
use crate::{
    api::{Answer, drawn::access::said, forms, guard},
    drawn::{self, Drawn, users::one::OneUser},
};

/// Keys of one page of a user's.
const KEYS_MAX: u32 = 100;

impl Reader {
    /// One user: keys, profile, limits, password and logins.
    pub(in crate::api::drawn) async fn one_user(&self, id: &str) -> Answer<Drawn> {
        let id: UserId = forms::id(id, "user")?;
        let of_keys = PageQuery { limit: Some(KEYS_MAX), cursor: self.own("keys") };
        let of_logins =
            ConsoleSessionQuery { user_id: Some(id), limit: Some(LIMIT_MAX), ..ConsoleSessionQuery::default() };
        let user = users::find(&self.hub, &self.actor, id).await.map_err(guard::refuse)?;
        let (keys, logins) = tokio::try_join!(
            keys::list(&self.hub, &self.actor, id, &of_keys),
            console_sessions::list(&self.hub, &self.actor, &of_logins),
        )
        .map_err(guard::refuse)?;
        let one = OneUser {
            user,
            keys,
            is_making: self.own("new").is_some(),
            uses: limits::usage(&self.hub, &self.actor, Subject::User(id)).await,
            logins,
            said: said(&self.map),
        };
        Ok(in_words(|text| drawn::users::one::page(text, &one, self.clock)))
    }

    /// A new user.
    pub(in crate::api::drawn) fn new_user(&self) -> Drawn {
        in_words(|text| drawn::users::one::page_of_new(text, self.clock))
    }

    /// One provider: its form, what is held of it, a test, its limits.
    pub(in crate::api::drawn) async fn one_provider(&self, id: &str) -> Answer<Drawn> {
        let id: ProviderId = forms::id(id, "provider")?;
        let provider = providers::find(&self.hub, &self.actor, id).await.map_err(guard::refuse)?;
        let uses = limits::usage(&self.hub, &self.actor, Subject::Provider(id)).await;
        let holds = holds::list(&self.hub, &self.actor, &HoldQuery { provider_id: Some(id) });
        Ok(in_words(|text| drawn::providers::one::page(text, &provider, &holds, &uses, self.clock)))
    }

    /// The settings, the environment, and what is kept.
    pub(in crate::api::drawn) async fn settings(&self) -> Answer<Drawn> {
        let (settings, kept) =
            tokio::try_join!(settings::list(&self.hub, &self.actor), storage::storage(&self.hub, &self.actor))
                .map_err(guard::refuse)?;
        let environment = settings::environment(&self.hub, &self.actor);
        let shown = drawn::settings::Shown { settings, environment, kept };
        Ok(in_words(|text| drawn::settings::page(text, &shown)))
    }
}
