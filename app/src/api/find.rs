//! Finding things by a piece of their name.

#[cfg(feature = "ssr")]
use {
    super::{Answer, guard},
    hub::domain::find::{FindQuery, Found},
};

/// What has that text in its name.
#[cfg(feature = "ssr")]
pub(super) async fn find(search: String) -> Answer<Vec<Found>> {
    let (hub, actor) = guard::actor().await?;
    hub::admin::find::find(&hub, &actor, &FindQuery { search }).await.map_err(guard::refuse)
}
