//! Limits: their fields, how much of them is used, and the reset.

use hub::domain::limit::quota::SubjectKind;
#[cfg(feature = "ssr")]
use hub::domain::{
    limit::quota::{Quota, QuotaQuery},
    page::Page,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Answer;

/// Whose limits they are.
pub(crate) type Owner = SubjectKind;

/// Which quotas a page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QuotaFilter {
    /// Whose; none: everybody's.
    pub(crate) owner: Option<Owner>,
    /// Of which so many percent are used.
    pub(crate) at_least: u32,
    /// After this place.
    pub(crate) cursor: Option<String>,
}

/// Limits as a form sends them: each field bears the name of the one it sets; empty is no limit, or the default.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LimitForm {
    pub(crate) limit_rpm: String,
    pub(crate) limit_tpm: String,
    pub(crate) limit_5h_usd: String,
    pub(crate) limit_daily_usd: String,
    pub(crate) limit_weekly_usd: String,
    pub(crate) limit_monthly_usd: String,
    pub(crate) limit_total_usd: String,
    pub(crate) limit_concurrent_requests: String,
    pub(crate) limit_concurrent_sessions: String,
    pub(crate) limit_mode: String,
    pub(crate) reset_5h_mode: String,
    pub(crate) daily_reset_mode: String,
    pub(crate) daily_reset_time: String,
}

/// Quotas on a page of their list.
#[cfg(feature = "ssr")]
const QUOTAS: u32 = 100;

/// A page of the quotas of these owners, of which so much is used; the fullest first.
#[cfg(feature = "ssr")]
pub(super) async fn quotas(filter: QuotaFilter) -> Answer<Page<Quota>> {
    let QuotaFilter { owner, at_least, cursor } = filter;
    let (hub, actor) = super::guard::actor().await?;
    let query = QuotaQuery { limit: Some(QUOTAS), cursor, subject: owner, at_least: Some(at_least) };
    hub::admin::quotas::list(&hub, &actor, &query).await.map_err(super::guard::refuse)
}

/// Resets limits: what was spent before no longer counts. Goes back to the page they are on.
#[server]
pub(crate) async fn reset_limits(owner: Owner, id: String) -> Answer<()> {
    use hub::admin::limits;

    use super::{forms::id as parse, guard};
    let (hub, actor) = guard::actor_for_change().await?;
    let page = match owner {
        Owner::User => {
            let user = limits::reset_user(&hub, &actor, parse(&id, "user")?).await.map_err(guard::refuse)?;
            format!("/users/{}", user.id)
        }
        Owner::Key => {
            let key = limits::reset_key(&hub, &actor, parse(&id, "key")?).await.map_err(guard::refuse)?;
            format!("/users/{}?limits={}", key.user_id, key.id)
        }
        Owner::Provider => {
            let provider =
                limits::reset_provider(&hub, &actor, parse(&id, "provider")?).await.map_err(guard::refuse)?;
            format!("/providers/{}", provider.id)
        }
    };
    leptos_axum::redirect(&page);
    Ok(())
}
