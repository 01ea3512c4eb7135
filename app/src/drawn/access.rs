//! Whether users and keys are let in: as a dot and a word, and as what a list is narrowed to.

use chrono::{DateTime, Utc};
use hub::domain::access::AccessStatus;
use leptos::prelude::*;

use super::{clock::Clock, parts};
use crate::{
    text::Text,
    ui::{
        Erase,
        state::{Tone, state},
    },
};

/// A status in a word.
fn word(text: &'static Text, status: AccessStatus) -> &'static str {
    let words = &text.user_list;
    match status {
        AccessStatus::Active => words.active,
        AccessStatus::Expiring => words.expiring,
        AccessStatus::Expired => words.expired,
        AccessStatus::Disabled => text.common.disabled,
    }
}

/// A status as a dot and a word.
pub(super) fn status(text: &'static Text, status: AccessStatus) -> AnyView {
    let tone = match status {
        AccessStatus::Active => Tone::Good,
        AccessStatus::Expiring => Tone::Warn,
        AccessStatus::Expired => Tone::Bad,
        AccessStatus::Disabled => Tone::Off,
    };
    state(tone, word(text, status))
}

/// Whether a key is let in, as a dot and a word.
pub(super) fn of_key(
    text: &'static Text,
    is_enabled: bool,
    expires_at: Option<DateTime<Utc>>,
    clock: Clock,
) -> AnyView {
    status(text, AccessStatus::of(is_enabled, expires_at, clock.now))
}

/// The field that narrows a list to one status, with this id.
pub(super) fn field(text: &'static Text, id: &'static str, chosen: &str) -> AnyView {
    let all = AccessStatus::ALL.map(|status| (status.as_str().to_owned(), word(text, status).to_owned()));
    view! {
        <select class="select" id=id name="status" aria-label=text.common.state>
            {parts::options_or(text.user_list.any_status, all.into_iter(), chosen)}
        </select>
    }
    .erase()
}
