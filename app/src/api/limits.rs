//! Limits: their fields, how much of them is used, and the reset.

#[cfg(feature = "ssr")]
use hub::domain::limit::{LimitUse, Subject};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Answer;

/// Whose limits they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Owner {
    User,
    Key,
    Provider,
}

impl Owner {
    /// As a form sends it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Key => "key",
            Self::Provider => "provider",
        }
    }
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

/// How much of each limit is used.
#[cfg(feature = "ssr")]
pub(super) async fn usage(owner: Owner, id: &str) -> Answer<Vec<LimitUse>> {
    use super::forms::id as parse;
    let (hub, actor) = super::guard::actor().await?;
    let subject = match owner {
        Owner::User => Subject::User(parse(id, "user")?),
        Owner::Key => Subject::Key(parse(id, "key")?),
        Owner::Provider => Subject::Provider(parse(id, "provider")?),
    };
    hub::admin::limits::usage(&hub, &actor, subject).await.map_err(super::guard::refuse)
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
