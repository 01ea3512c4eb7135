//! The first page's numbers.

use hub::domain::report::Overview;
use leptos::prelude::*;

use super::Answer;

/// The first page's numbers.
#[server]
pub(crate) async fn read_overview() -> Answer<Overview> {
    let (hub, actor) = super::guard::actor().await?;
    hub::admin::overview::overview(&hub, &actor).await.map_err(super::guard::refuse)
}
