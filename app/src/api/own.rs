//! What is the reader's own.

#[cfg(feature = "ssr")]
use {super::Answer, hub::domain::own::Own};

/// The reader's own limits and keys.
#[cfg(feature = "ssr")]
pub(super) async fn read() -> Answer<Own> {
    let (hub, person) = super::guard::person().await?;
    hub::admin::own::find(&hub, &person).await.map_err(super::guard::refuse)
}
