//! Who and what cost most today.

use hub::domain::money::Usd;
use leptos::prelude::*;

use crate::{
    api::overview::{FirstPage, Sum},
    format::{usd, whole},
    query::escape,
    text::{Text, use_text},
    ui::{Erase, chart::rank_bar, icon::Icon, state::empty},
};

/// Most rows of a list.
const ROWS_MAX: usize = 6;

/// The three lists; one empty state for all of them while nothing has happened.
pub(super) fn view(page: &FirstPage) -> AnyView {
    let text = use_text();
    if page.today.calls == 0 && page.providers.is_empty() {
        return view! { <div class="panel">{empty(Icon::Inbox, text.overview.nothing_today, text.overview.nothing_today_why, None)}</div> }.erase();
    }
    view! {
        <div class="ranks">
            {list(text, text.overview.by_provider, "provider", &page.providers)}
            {list(text, text.overview.by_model, "model", &page.models)}
            {list(text, text.overview.by_user, "user", &page.users)}
        </div>
    }
    .erase()
}

fn list(text: &'static Text, title: &'static str, parameter: &'static str, rows: &[Sum]) -> AnyView {
    let nano = |row: &Sum| u64::try_from(row.totals.cost_usd.scaled()).unwrap_or_default();
    let is_large = rows.iter().any(|row| row.totals.cost_usd >= Usd::from_scaled(10_000_000_000));
    let places = if is_large { 2 } else { 4 };
    let most = rows.iter().map(nano).max().unwrap_or_default();
    let row = |row: &Sum| {
        let id = row.id.clone().unwrap_or_default();
        let name = row.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| id.clone());
        view! {
            <li>
                <a class="rank-row" href=format!("/calls?range=24h&{parameter}={}", escape(&id))>
                    {rank_bar(nano(row), most)} <span class="ellipsis">{name}</span>
                    <span class="num text-muted">{whole(row.totals.calls)}</span>
                    <span class="num">{usd(row.totals.cost_usd, places)}</span>
                </a>
            </li>
        }
        .erase()
    };
    let hidden = u32::try_from(rows.len().saturating_sub(ROWS_MAX)).unwrap_or_default();
    view! {
        <section class="panel">
            <div class="panel-head">
                <h2 class="flex-1">{title}</h2>
                <span class="caption num">{text.overview.requests}" · "{text.overview.cost}</span>
            </div>
            <ul class="p-2">{rows.iter().take(ROWS_MAX).map(row).collect_view()}</ul>
            {(hidden > 0).then(|| view! { <p class="caption px-4 pb-3">{(text.common.n_more)(hidden)}</p> }.erase())}
        </section>
    }
    .erase()
}
