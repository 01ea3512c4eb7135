//! What is lost with a user, a key or a provider, in numbers.

use hub::domain::{limit::quota::SubjectKind, report::Totals};
use leptos::prelude::*;

use crate::{
    format::{usd_alone, whole},
    text::Text,
    ui::Erase,
};

/// What there is to lose.
pub(crate) struct Losses {
    /// What it is.
    pub(crate) of: SubjectKind,
    /// Keys that end with a user.
    pub(crate) n_keys: usize,
    /// True if there are more keys than were counted.
    pub(crate) is_more: bool,
    /// What it did in the last 30 days.
    pub(crate) month: Totals,
    /// What it did in the last 24 hours.
    pub(crate) day: Totals,
}

/// The sentences.
pub(crate) fn view(text: &'static Text, losses: &Losses) -> AnyView {
    let words = &text.losses;
    let keys = (losses.of == SubjectKind::User).then(|| {
        let n = format!("{}{}", losses.n_keys, if losses.is_more { "+" } else { "" });
        view! { <li>{(words.keys)(&n)}</li> }.erase()
    });
    let did = |title: &'static str, totals: &Totals| {
        let told = (words.did)(&whole(totals.calls), &usd_alone(totals.cost_usd));
        view! { <li>{title}": "{told}</li> }.erase()
    };
    view! {
        <ul class="mt-2">
            {keys}
            {did(words.last_day, &losses.day)}
            {did(words.last_month, &losses.month)}
        </ul>
    }
    .erase()
}
