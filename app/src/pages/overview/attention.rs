//! What an operator should look at. Empty on a good day, and says so.

use hub::domain::report::{Attention, Overview};
use leptos::prelude::*;

use crate::{
    text::use_text,
    ui::icon::{Icon, icon},
};

/// The panel.
pub(super) fn view(report: &Overview) -> AnyView {
    let text = use_text();
    let items = report.attention.iter().map(|attention| {
        let (title, advice) = (text.attention)(attention);
        let words = view! {
            <span class=if is_urgent(attention) { "text-bad" } else { "text-warn" }>{icon(Icon::Alert)}</span>
            <span><b class="font-medium">{title}</b><span class="block text-muted">{advice}</span></span>
        };
        match page_for(attention) {
            Some(href) => view! { <li><a class="attention" href=href>{words}</a></li> }.into_any(),
            None => view! { <li class="attention">{words}</li> }.into_any(),
        }
    });
    let content = if report.attention.is_empty() {
        view! { <p class="attention"><span class="text-good">{icon(Icon::Check)}</span><span class="text-muted">{text.overview.attention_none}</span></p> }.into_any()
    } else {
        view! { <ul>{items.collect_view()}</ul> }.into_any()
    };
    view! {
        <section class="panel" aria-labelledby="attention">
            <div class="panel-head"><h2 id="attention">{text.overview.attention}</h2></div>
            {content}
        </section>
    }
    .into_any()
}

/// True if calls are refused or lost while it lasts.
const fn is_urgent(attention: &Attention) -> bool {
    match attention {
        Attention::NoProvider
        | Attention::DatabaseAway { .. }
        | Attention::JournalFull
        | Attention::SecretUnreadable { .. } => true,
        Attention::NoKey | Attention::Unpriced { .. } | Attention::RedisAway | Attention::Quarantined { .. } => false,
    }
}

/// Where it can be put right.
const fn page_for(attention: &Attention) -> Option<&'static str> {
    match attention {
        Attention::NoProvider => Some("/providers/new"),
        Attention::SecretUnreadable { .. } => Some("/providers"),
        Attention::NoKey => Some("/users"),
        Attention::Unpriced { .. } => Some("/prices"),
        Attention::DatabaseAway { .. }
        | Attention::RedisAway
        | Attention::JournalFull
        | Attention::Quarantined { .. } => None,
    }
}
