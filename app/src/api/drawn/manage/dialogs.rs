//! The dialogs over drawn pages: which one the address asks for, and what it shows.

use chrono::TimeDelta;
use hub::{
    admin::{groups, keys, limits, prices, providers, usage, users},
    domain::{
        fault::Fault,
        id::{KeyId, ProviderId, UserId},
        key::ApiKey,
        limit::Subject,
        page::{LIMIT_MAX, Page, PageQuery},
        report::{UsageQuery, UsageRow},
    },
};
use leptos::prelude::AnyView;

use super::{Reader, in_words};
use crate::{
    api::{Answer, forms, guard},
    drawn::{
        Drawing, Drawn,
        losses::Losses,
        prices::{edit as price, list_address},
        providers::{group, one as provider},
        users::{key, one as user},
    },
    text::Text,
};

/// The parameters that open a dialog about a key.
const OF_KEYS: [&str; 5] = ["edit", "limits", "reset", "drop", "rotate"];

/// A dialog.
fn shown(view: impl FnOnce(&'static Text) -> AnyView) -> Drawn {
    in_words(|text| (None, view(text)))
}

/// No dialog: the address asks for one that is not there.
fn nothing() -> Drawn {
    Drawn { title: None, html: String::new() }
}

impl Reader {
    /// The dialog over a page. `search` is the query string of its address.
    pub(in crate::api::drawn) async fn dialog(&self, page: &Drawing, search: &str) -> Answer<Drawn> {
        match page {
            Drawing::Sessions => self.end_of_sessions(search).await,
            Drawing::Providers => self.about_group().await,
            Drawing::Prices => self.about_price().await,
            Drawing::OneUser(id) => self.about_user(forms::id(id, "user")?).await,
            Drawing::OneProvider(id) => self.about_provider(forms::id(id, "provider")?).await,
            _ => Ok(nothing()),
        }
    }

    async fn about_group(&self) -> Answer<Drawn> {
        if let Some(name) = self.map.get("drop") {
            let in_use = groups::in_use(&self.hub, &self.actor, &name).await.map_err(guard::refuse)?;
            return Ok(shown(|text| group::ask_delete(text, name, in_use)));
        }
        let Some(name) = self.map.get("edit") else { return Ok(nothing()) };
        let groups = groups::list(&self.hub, &self.actor).await.map_err(guard::refuse)?;
        let found = groups.iter().find(|group| group.name == name);
        Ok(shown(|text| group::edit(text, found)))
    }

    async fn about_price(&self) -> Answer<Drawn> {
        let back = list_address(&self.price_query());
        if let Some(model) = self.own("drop") {
            return Ok(shown(|text| price::ask_delete(text, model, back)));
        }
        if let Some(model) = self.own("history") {
            let query = PageQuery { limit: Some(100), cursor: None };
            let found = prices::history(&self.hub, &self.actor, &model, &query).await.map_err(guard::refuse)?;
            return Ok(shown(|text| price::past(text, &model, &found.items, back, self.clock)));
        }
        if self.own("new").is_some() {
            return Ok(shown(|text| price::edit(text, None, back)));
        }
        let Some(model) = self.own("edit") else { return Ok(nothing()) };
        let found = prices::find(&self.hub, &self.actor, &model).await.map_err(guard::refuse)?;
        Ok(shown(|text| price::edit(text, Some(&found), back)))
    }

    async fn about_user(&self, id: UserId) -> Answer<Drawn> {
        let Some(asked) = self.own("confirm") else { return self.about_key(id).await };
        let found = users::find(&self.hub, &self.actor, id).await.map_err(guard::refuse)?;
        match asked.as_str() {
            "delete" => {
                let lost = self.losses(Subject::User(id)).await?;
                Ok(shown(|text| user::ask_delete(text, &found, &lost)))
            }
            "reset" => Ok(shown(|text| user::ask_reset(text, &found))),
            _ => Ok(nothing()),
        }
    }

    async fn about_key(&self, user: UserId) -> Answer<Drawn> {
        let asked = OF_KEYS.into_iter().find_map(|asked| Some((asked, self.own(asked)?)));
        let Some((asked, id)) = asked else { return Ok(nothing()) };
        let Some(found) = self.key_of(user, &id).await? else { return Ok(nothing()) };
        Ok(match asked {
            "edit" => shown(|text| key::edit(text, &found, self.clock)),
            "limits" => {
                let limited = limits::usage(&self.hub, &self.actor, Subject::Key(found.id)).await;
                shown(|text| key::show_limits(text, &found, &limited, self.clock))
            }
            "reset" => shown(|text| key::ask_reset(text, &found)),
            "drop" => {
                let lost = self.losses(Subject::Key(found.id)).await?;
                shown(|text| key::ask_delete(text, &found, &lost))
            }
            _ => shown(|text| key::rotate(text, &found)),
        })
    }

    /// A key of a user; none if there is no such key.
    async fn key_of(&self, user: UserId, id: &str) -> Answer<Option<ApiKey>> {
        let Ok(id) = id.parse::<KeyId>() else { return Ok(None) };
        match keys::find(&self.hub, &self.actor, id).await {
            Ok(found) => Ok(Some(found).filter(|found| found.user_id == user)),
            Err(Fault::NotFound { .. }) => Ok(None),
            Err(fault) => Err(guard::refuse(fault)),
        }
    }

    async fn about_provider(&self, id: ProviderId) -> Answer<Drawn> {
        let Some(asked) = self.own("confirm") else { return Ok(nothing()) };
        let found = providers::find(&self.hub, &self.actor, id).await.map_err(guard::refuse)?;
        match asked.as_str() {
            "delete" => {
                let lost = self.losses(Subject::Provider(id)).await?;
                Ok(shown(|text| provider::ask_delete(text, &found, &lost)))
            }
            "reset" => Ok(shown(|text| provider::ask_reset(text, &found))),
            _ => Ok(nothing()),
        }
    }

    /// What is lost with a user, a key or a provider.
    async fn losses(&self, of: Subject) -> Answer<Losses> {
        let mut query = UsageQuery::default();
        let mut keys = Page { items: Vec::new(), next_cursor: None };
        match of {
            Subject::User(id) => {
                query.user_id = Some(id);
                let all = PageQuery { limit: Some(LIMIT_MAX), cursor: None };
                keys = keys::list(&self.hub, &self.actor, id, &all).await.map_err(guard::refuse)?;
            }
            Subject::Key(id) => query.key_id = Some(id),
            Subject::Provider(id) => query.provider_id = Some(id),
        }
        let since = |days| UsageQuery { from: Some(self.clock.now - TimeDelta::days(days)), ..query.clone() };
        let (day, month) = (since(1), since(30));
        let (day, month) =
            tokio::try_join!(usage::usage(&self.hub, &self.actor, &day), usage::usage(&self.hub, &self.actor, &month))
                .map_err(guard::refuse)?;
        let sum = |rows: Vec<UsageRow>| rows.into_iter().next().map(|row| row.totals).unwrap_or_default();
        Ok(Losses {
            of: of.into(),
            n_keys: keys.items.len(),
            is_more: keys.next_cursor.is_some(),
            month: sum(month),
            day: sum(day),
        })
    }
}
