//! Reading: one server function for all that the pages ask, so that the browser carries one way of asking and not ten.

use leptos::{prelude::*, server_fn::codec::Json};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Answer, AppError, limits::QuotaFilter};
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
    /// Every [`Found`](hub::domain::find::Found) by a piece of a name.
    Find(String),
    /// A page of [`Quota`](hub::domain::limit::quota::Quota)s.
    Quotas(QuotaFilter),
    /// How far the export with a ticket is: [`ExportProgress`](hub::domain::report::ExportProgress).
    Export(String),
    /// A page that the server draws, and the query string of its address: [`Drawn`](crate::drawn::Drawn).
    Drawn(Drawing, String),
}

/// Answers a question, as JSON of the type that the question names.
#[server(input = Json)]
pub(crate) async fn ask(question: Question) -> Answer<String> {
    use super::{calls, drawn, find, limits, session};
    match question {
        Question::Door => json(&super::guard::is_cookie_lost()?),
        Question::Session => json(&session::read().await?),
        Question::Calls(filter) => json(&calls::list(&filter).await?),
        Question::Find(text) => json(&find::find(text).await?),
        Question::Quotas(filter) => json(&limits::quotas(filter).await?),
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
