//! The first page's numbers.

use hub::domain::report::Overview;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::{Answer, guard};

/// What the first page shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FirstPage {
    /// The numbers.
    pub(crate) report: Overview,
    /// The time zone in which days begin.
    pub(crate) time_zone: String,
}

/// What the first page shows.
#[cfg(feature = "ssr")]
pub(super) async fn read() -> Answer<FirstPage> {
    let (hub, actor) = guard::actor().await?;
    let report = hub::admin::overview::overview(&hub, &actor).await.map_err(guard::refuse)?;
    Ok(FirstPage { report, time_zone: hub.config.time_zone.to_string() })
}
