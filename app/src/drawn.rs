//! Pages for reading. The server draws them, and the browser only puts them in: their views, words and numbers are no
//! part of what it loads. Their filters are the address, so links and forms are all that they need.

#[cfg(feature = "ssr")]
pub(crate) mod act;
#[cfg(feature = "ssr")]
pub(crate) mod clock;
#[cfg(feature = "ssr")]
pub(crate) mod leaderboard;
#[cfg(feature = "ssr")]
pub(crate) mod log;
#[cfg(feature = "ssr")]
pub(crate) mod many;
#[cfg(feature = "ssr")]
pub(crate) mod parts;
#[cfg(feature = "ssr")]
pub(crate) mod providers;
#[cfg(feature = "ssr")]
pub(crate) mod range;
#[cfg(feature = "ssr")]
pub(crate) mod routing;
#[cfg(feature = "ssr")]
pub(crate) mod users;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};
use serde::{Deserialize, Serialize};

use crate::{
    api::ask::Question,
    asked::{asked, show},
    browser, fault,
    format::elapsed,
    live::Live,
    text::use_text,
    ui::{Erase, time::use_now, toast::use_toasts},
};

/// A page that the server draws.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Drawing {
    /// Who and what used most.
    Leaderboard,
    /// The hub's own log.
    Log,
    /// The list of providers.
    Providers,
    /// Several providers changed at once.
    ManyProviders,
    /// The list of users.
    Users,
    /// Several users changed at once.
    ManyUsers,
    /// Where a call would go.
    Routing,
}

/// A page as the server has drawn it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Drawn {
    /// Its title.
    pub(crate) title: String,
    /// What it shows, as HTML.
    pub(crate) html: String,
}

/// A drawn page. It is drawn again when the address has other parameters, or something may have been missed.
pub(crate) fn page(drawing: impl Fn() -> Drawing + Send + Sync + 'static) -> AnyView {
    let live: Live = expect_context();
    following(drawing, move || live.missed.get())
}

/// A drawn page that is drawn again when the address has other parameters, or `news` changes.
pub(crate) fn following(
    drawing: impl Fn() -> Drawing + Send + Sync + 'static,
    news: impl Fn() -> u32 + Send + Sync + 'static,
) -> AnyView {
    let search = use_location().search;
    let drawn = asked(move || (news(), Question::Drawn(drawing(), search.get())));
    let (text, toasts) = (use_text(), use_toasts());
    let navigate = use_navigate();
    let changed = StoredValue::new(String::new());
    let now = use_now();
    Effect::new(move |_| {
        if let Some(now) = now.get() {
            browser::count_down(now, elapsed);
        }
    });
    // The element that was changed is drawn anew too: who sits on it keeps sitting there.
    Effect::new(move |_| {
        drawn.track();
        let id = changed.try_update_value(std::mem::take).unwrap_or_default();
        if !id.is_empty() {
            set_timeout(move || _ = browser::focus(&format!("#{id}")), std::time::Duration::ZERO);
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        if let Some((url, fields)) = browser::posted(&event) {
            event.prevent_default();
            browser::post(url, fields, move |answer| match answer {
                Ok(_) => drawn.refetch(),
                Err(error) => toasts.failed(fault::message(text, &error)),
            });
            return;
        }
        if let Some(address) = browser::form_address(&event) {
            event.prevent_default();
            navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        }
    };
    let change = move |event: leptos::ev::Event| {
        if let Some(id) = browser::chosen_id(&event) {
            changed.set_value(id);
            browser::submit_form_of(&event);
        }
    };
    show(drawn, move |drawn: Drawn| {
        let submit = submit.clone();
        view! {
            <Title text=drawn.title />
            <div inner_html=drawn.html on:change=change on:submit=submit></div>
        }
        .erase()
    })
}

/// A word of an address; none for one that is none of the words there are.
#[cfg(feature = "ssr")]
pub(crate) fn word<T: serde::de::DeserializeOwned>(map: &leptos_router::params::ParamsMap, name: &str) -> Option<T> {
    serde_json::from_value(map.get_str(name)?.into()).ok()
}
