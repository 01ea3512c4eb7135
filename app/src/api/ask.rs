//! Reading: one server function for all that the pages ask, so that the browser carries one way of asking and not ten.

use leptos::{prelude::*, server_fn::codec::Json};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    Answer, AppError,
    limits::{Owner, QuotaFilter},
};
use crate::{drawn::Drawing, query::CallFilter};

/// What a page can ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Question {
    /// What the login page asks: whether the browser would drop the cookie, as a boolean. Open to all.
    Door,
    /// What every page knows of the hub: [`Session`](super::session::Session).
    Session,
    /// A page of calls: [`Calls`](super::calls::Calls).
    Calls(CallFilter),
    /// One call: [`Detail`](super::calls::Detail).
    Call(String),
    /// One [`Provider`](hub::domain::provider::Provider).
    Provider(String),
    /// Every [`Found`](hub::domain::find::Found) by a piece of a name.
    Find(String),
    /// Every [`Group`](hub::domain::group::Group).
    Groups,
    /// One [`User`](hub::domain::user::User).
    User(String),
    /// A page of a user's keys, after a cursor: [`KeyList`](super::keys::KeyList).
    Keys(String, Option<String>),
    /// The [`LimitUse`](hub::domain::limit::LimitUse)s of a user, a key or a provider.
    Limits(Owner, String),
    /// A page of [`Quota`](hub::domain::limit::quota::Quota)s.
    Quotas(QuotaFilter),
    /// The [`ModelPrice`](hub::domain::price::ModelPrice) of a model.
    Price(String),
    /// All settings and variables: [`SettingsPage`](super::settings::SettingsPage).
    Settings,
    /// What is kept: [`Storage`](hub::domain::storage::Storage).
    Storage,
    /// How far the export with a ticket is: [`ExportProgress`](hub::domain::report::ExportProgress).
    Export(String),
    /// A page that the server draws, and the query string of its address: [`Drawn`](crate::drawn::Drawn).
    Drawn(Drawing, String),
}

/// Answers a question, as JSON of the type that the question names.
#[server(input = Json)]
pub(crate) async fn ask(question: Question) -> Answer<String> {
    use super::{calls, drawn, find, groups, keys, limits, prices, providers, session, settings, users};
    match question {
        Question::Door => json(&super::guard::is_cookie_lost()?),
        Question::Session => json(&session::read().await?),
        Question::Calls(filter) => json(&calls::list(&filter).await?),
        Question::Call(id) => json(&calls::find(&id).await?),
        Question::Provider(id) => json(&providers::find(&id).await?),
        Question::Find(text) => json(&find::find(text).await?),
        Question::Groups => json(&groups::list().await?),
        Question::User(id) => json(&users::find(&id).await?),
        Question::Keys(user, cursor) => json(&keys::list(&user, cursor).await?),
        Question::Limits(owner, id) => json(&limits::usage(owner, &id).await?),
        Question::Quotas(filter) => json(&limits::quotas(filter).await?),
        Question::Price(model) => json(&prices::find(&model).await?),
        Question::Settings => json(&settings::list().await?),
        Question::Storage => json(&settings::storage().await?),
        Question::Export(ticket) => json(&calls::export_progress(&ticket).await?),
        Question::Drawn(drawing, search) => json(&drawn::draw(&drawing, &search).await?),
    }
}

#[cfg(feature = "ssr")]
fn json(value: &impl Serialize) -> Answer<String> {
    serde_json::to_string(value).map_err(|error| AppError::broken(&error))
}

/// Reads an answer.
pub(crate) fn read<T: DeserializeOwned>(answer: &Answer<String>) -> Answer<T> {
    match answer {
        Ok(text) => serde_json::from_str(text).map_err(|error| AppError::broken(&error)),
        Err(error) => Err(error.clone()),
    }
}
