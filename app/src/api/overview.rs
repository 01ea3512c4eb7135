//! What the first page shows.

use chrono::{DateTime, Utc};
use hub::domain::report::Totals;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::{Answer, guard},
    crate::preferences::Preferences,
    hub::domain::report::{Attention, Overview, UsageRow},
};

/// What the first page shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FirstPage {
    /// The time zone in which days begin.
    pub(crate) time_zone: String,
    /// Since midnight.
    pub(crate) today: Totals,
    /// From midnight yesterday to the same time of day.
    pub(crate) yesterday: Totals,
    /// Calls that run now.
    pub(crate) active: u32,
    /// The last 24 hours, oldest first.
    pub(crate) hours: Vec<Sum>,
    /// Today's sums by provider, dearest first.
    pub(crate) providers: Vec<Sum>,
    /// Today's sums by model, dearest first.
    pub(crate) models: Vec<Sum>,
    /// Today's sums by user, dearest first.
    pub(crate) users: Vec<Sum>,
    /// What an operator should look at, in the reader's language.
    pub(crate) notices: Vec<Notice>,
}

/// One row of sums.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Sum {
    /// The beginning of its hour.
    pub(crate) from: Option<DateTime<Utc>>,
    /// The id of what is summed.
    pub(crate) id: Option<String>,
    /// The name of what is summed.
    pub(crate) name: Option<String>,
    /// The sums.
    pub(crate) totals: Totals,
}

/// Something an operator should look at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Notice {
    /// What it is.
    pub(crate) title: String,
    /// What to do.
    pub(crate) advice: String,
    /// True if calls are refused or lost while it lasts.
    pub(crate) is_urgent: bool,
    /// The page where it can be put right.
    pub(crate) page: Option<String>,
}

/// Reads what the first page shows.
#[cfg(feature = "ssr")]
pub(super) async fn read() -> Answer<FirstPage> {
    let (hub, actor) = guard::actor().await?;
    let report: Overview = hub::admin::overview::overview(&hub, &actor).await.map_err(guard::refuse)?;
    let sums = |rows: Vec<UsageRow>| rows.into_iter().map(sum).collect();
    Ok(FirstPage {
        time_zone: hub.config.time_zone.to_string(),
        today: report.today,
        yesterday: report.yesterday,
        active: report.active,
        hours: sums(report.hours),
        providers: sums(report.providers),
        models: sums(report.models),
        users: sums(report.users),
        notices: report.attention.iter().map(notice).collect(),
    })
}

#[cfg(feature = "ssr")]
fn sum(row: UsageRow) -> Sum {
    Sum { from: row.from, id: row.id, name: row.name, totals: row.totals }
}

#[cfg(feature = "ssr")]
fn notice(attention: &Attention) -> Notice {
    let (title, advice) = (Preferences::read().language.text().attention)(attention);
    let (is_urgent, page) = match attention {
        Attention::NoProvider => (true, Some("/providers/new")),
        Attention::SecretUnreadable { .. } => (true, Some("/providers")),
        Attention::DatabaseAway { .. } | Attention::JournalFull => (true, None),
        Attention::NoKey => (false, Some("/users")),
        Attention::Held { is_absolute, .. } => (*is_absolute, Some("/providers")),
        Attention::Unpriced { .. } => (false, Some("/prices")),
        Attention::RedisAway | Attention::Quarantined { .. } => (false, None),
    };
    Notice { title, advice, is_urgent, page: page.map(str::to_owned) }
}
