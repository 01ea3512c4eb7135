//! The pages that the server draws.

use leptos::prelude::*;

use crate::drawn::{Drawing, page};

/// Who and what used most.
#[component]
pub(crate) fn Leaderboard() -> impl IntoView {
    page(|| Drawing::Leaderboard)
}
