//! What is drawn of the pages of calls.

use hub::admin::{calls, sessions};

use super::{Reader, in_words};
use crate::{
    api::{self, Answer, forms, guard},
    drawn::{self, Drawn, call::Shown},
    query::CallFilter,
};

impl Reader {
    /// What is above the list.
    pub(super) async fn call_filters(&self) -> Answer<Drawn> {
        let filter = CallFilter::read(&self.map);
        let found = api::calls::found(&self.hub, &self.actor, &filter, self.clock).await?;
        Ok(in_words(|text| (None, drawn::call_filters::view(text, &filter, &found, self.clock))))
    }

    /// A call beside the list.
    pub(super) async fn call(&self, id: &str) -> Answer<Drawn> {
        let shown = self.one_call(id).await?;
        let list = CallFilter::read(&self.map).path(None);
        Ok(in_words(|text| (None, drawn::call::beside(text, &shown, list, self.clock))))
    }

    /// A call as a page of its own.
    pub(super) async fn call_alone(&self, id: &str) -> Answer<Drawn> {
        let shown = self.one_call(id).await?;
        Ok(in_words(|text| drawn::call::page(text, &shown, self.clock)))
    }

    async fn one_call(&self, id: &str) -> Answer<Shown> {
        let id = forms::id(id, "call")?;
        let detail = calls::find(&self.hub, &self.actor, id).await.map_err(guard::refuse)?;
        let session = detail.call.key_id.zip(detail.call.session_id.as_deref());
        let session = session.map(|(key, id)| format!("/sessions/{}", sessions::id_of(key, id)));
        Ok(Shown { detail, session })
    }
}
