//! The first page: what happened today, what needs attention, the last 24 hours.

use leptos::prelude::*;

use crate::{
    api::{ask::Question, overview::FirstPage},
    asked::{asked, show},
    live::Live,
    text::use_text,
    ui::page::Page,
};

mod attention;
mod hours;
mod ranks;
mod tiles;

/// The overview.
#[component]
pub(crate) fn Overview() -> impl IntoView {
    let text = use_text();
    let live: Live = expect_context();
    let seconds = RwSignal::new(0_u32);
    refresh_slowly(live, seconds);
    let first = asked(move || (seconds.get(), Question::Overview));
    let actions = move || view! { <a class="button" href="/calls">{text.overview.look_at_calls}</a> };
    view! {
        <Page title=text.overview.title actions=actions>
            {show(first, move |page: FirstPage| body(&page, live))}
        </Page>
    }
}

/// Reads the numbers again when recorded calls have news, at most every two seconds.
fn refresh_slowly(live: Live, version: RwSignal<u32>) {
    let is_waiting = StoredValue::new(false);
    Effect::new(move |before: Option<()>| {
        let _ = (live.recorded.get(), live.missed.get(), live.configuration.get());
        if before.is_none() || is_waiting.get_value() {
            return;
        }
        is_waiting.set_value(true);
        set_timeout(
            move || {
                is_waiting.try_set_value(false);
                version.try_update(|version| *version = version.wrapping_add(1));
            },
            std::time::Duration::from_secs(2),
        );
    });
}

fn body(page: &FirstPage, live: Live) -> AnyView {
    let report = &page.report;
    view! {
        <div class="overview">
            {tiles::view(report, live, &page.time_zone)} <div class="overview-main">{hours::view(report)} {attention::view(report)}</div>
            {ranks::view(report)}
        </div>
    }
    .into_any()
}
