//! What an operator should look at, in words.

use chrono::{DateTime, Utc};
use hub::domain::report::Attention;

use crate::preferences::Preferences;

/// Something an operator should look at.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// What it is.
    pub(crate) title: String,
    /// What to do.
    pub(crate) advice: String,
    /// True if calls are refused or lost while it lasts.
    pub(crate) is_urgent: bool,
    /// The page where it can be put right.
    pub(crate) page: Option<&'static str>,
    /// When it is over by itself.
    pub(crate) until: Option<DateTime<Utc>>,
}

/// Something in the reader's language.
pub(super) fn notice(attention: &Attention) -> Notice {
    let (title, advice) = (Preferences::read().language.text().attention)(attention);
    let (is_urgent, page) = match attention {
        Attention::NoProvider => (true, Some("/providers/new")),
        Attention::SecretUnreadable { .. } => (true, Some("/providers")),
        Attention::DatabaseAway { .. }
        | Attention::NotAlone
        | Attention::JournalFull
        | Attention::JournalAtBound { .. }
        | Attention::JournalUnreadable
        | Attention::JournalDamaged { .. } => (true, None),
        Attention::NoKey => (false, Some("/users")),
        // The lists have the hold and the button that ends it.
        Attention::Held { is_absolute, provider_id: Some(_), .. } => (*is_absolute, Some("/providers?state=held")),
        Attention::Held { is_absolute, .. } => (*is_absolute, Some("/providers?by=group")),
        Attention::Unpriced { .. } => (false, Some("/prices")),
        Attention::LimitNear { share_permille, .. } => (*share_permille >= 1_000, Some("/quotas?share=80")),
        Attention::RedisAway | Attention::Quarantined { .. } | Attention::Backlog { .. } => (false, None),
    };
    let until = if let Attention::Held { until, .. } = attention { *until } else { None };
    Notice { title, advice, is_urgent, page, until }
}
