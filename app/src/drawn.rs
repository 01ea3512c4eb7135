//! Pages for reading. The server draws them, and the browser only puts them in: their views, words and numbers are no
//! part of what it loads. Their filters are the address, so links and forms are all that they need.

#[cfg(feature = "ssr")]
pub(crate) mod act;
#[cfg(feature = "ssr")]
pub(crate) mod audit;
#[cfg(feature = "ssr")]
pub(crate) mod availability;
#[cfg(feature = "ssr")]
pub(crate) mod call_filters;
#[cfg(feature = "ssr")]
mod calls_table;
#[cfg(feature = "ssr")]
mod chart;
#[cfg(feature = "ssr")]
pub(crate) mod clock;
#[cfg(feature = "ssr")]
pub(crate) mod leaderboard;
#[cfg(feature = "ssr")]
pub(crate) mod log;
#[cfg(feature = "ssr")]
pub(crate) mod logins;
#[cfg(feature = "ssr")]
pub(crate) mod losses;
#[cfg(feature = "ssr")]
pub(crate) mod many;
#[cfg(feature = "ssr")]
pub(crate) mod messages;
#[cfg(feature = "ssr")]
pub(crate) mod mine;
#[cfg(feature = "ssr")]
pub(crate) mod overview;
#[cfg(feature = "ssr")]
pub(crate) mod parts;
#[cfg(feature = "ssr")]
pub(crate) mod prices;
#[cfg(feature = "ssr")]
pub(crate) mod providers;
#[cfg(feature = "ssr")]
pub(crate) mod range;
#[cfg(feature = "ssr")]
mod readout;
#[cfg(feature = "ssr")]
pub(crate) mod routing;
#[cfg(feature = "ssr")]
pub(crate) mod secret;
#[cfg(feature = "ssr")]
pub(crate) mod sessions;
#[cfg(feature = "ssr")]
mod strip;
#[cfg(feature = "ssr")]
pub(crate) mod subject;
#[cfg(feature = "ssr")]
mod times;
#[cfg(feature = "ssr")]
pub(crate) mod trial;
#[cfg(feature = "ssr")]
pub(crate) mod users;

use leptos::{prelude::*, tachys::view::keyed::keyed};
use leptos_meta::Title;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};
use serde::{Deserialize, Serialize};

use crate::{
    api::{Answer, ask::Question, limits::Owner},
    asked::{Asked, asked, show},
    browser::{self, Held},
    fault,
    format::{elapsed, whole},
    live::Live,
    preferences::choose_columns,
    text::{Text, use_text},
    ui::{
        Erase,
        time::use_now,
        toast::{Toasts, use_toasts},
    },
};

/// A page that the server draws.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Drawing {
    /// The first page.
    Overview,
    /// Who and what used most.
    Leaderboard,
    /// How providers served lately.
    Availability,
    /// The use of a user, by id.
    User(String),
    /// The use of a key, by id.
    Key(String),
    /// The use of a provider, by id.
    Provider(String),
    /// The use of a model, by name.
    Model(String),
    /// What is above the list of calls: filters, and sums where there are some.
    CallFilters,
    /// What was asked and answered in a call, by id.
    CallMessages(String),
    /// The list of sessions.
    Sessions,
    /// One of them, by id.
    Session(String),
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
    /// Several keys changed at once.
    ManyKeys,
    /// Where a call would go.
    Routing,
    /// The list of prices.
    Prices,
    /// What the price of a model ever was.
    PriceHistory(String),
    /// What is lost with somebody or something, by id.
    Losses(Owner, String),
    /// The audit log.
    Audit,
    /// Logins of the console.
    Logins,
    /// The password and the logins of a user, by id.
    UserLogins(String),
    /// The reader's own use.
    Mine,
    /// The reader's own calls.
    OwnCalls,
    /// One of them, by id.
    OwnCall(String),
    /// How to set up a client.
    Setup,
    /// The reader's own logins and password.
    OwnLogins,
}

/// A page as the server has drawn it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Drawn {
    /// Its title; none for a part of a page.
    pub(crate) title: Option<String>,
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
    let search = Memo::new(move |_| search.with(|search| below_dialogs(search)));
    put_in(Signal::derive(move || (news(), Question::Drawn(drawing(), search.get()))), Held::Parameters)
}

/// The parameters of an address without those that open a dialog over the page, which stays as it is.
fn below_dialogs(search: &str) -> String {
    const DIALOGS: [&str; 5] = ["edit", "drop", "history", "import", "new"];
    let is_of_page = |pair: &&str| DIALOGS.iter().all(|name| pair.split('=').next() != Some(*name));
    search.trim_start_matches('?').split('&').filter(is_of_page).collect::<Vec<_>>().join("&")
}

/// A page of what is configured and how it is used: drawn again at once for the one, and slowly for the other.
pub(crate) fn following_use(drawing: Drawing) -> AnyView {
    let live: Live = expect_context();
    let used = Live::slowly(move || live.recorded.track());
    following(move || drawing.clone(), move || live.news().wrapping_add(used.get()))
}

/// The first page: drawn again when calls and what is configured have news, at most every two seconds.
pub(crate) fn page_of_today() -> AnyView {
    let live: Live = expect_context();
    let version = Live::slowly(move || {
        live.calls.track();
        let _ = (live.recorded.get(), live.missed.get(), live.configuration.get());
    });
    // How many calls run is said at once.
    Effect::new(move |_| {
        if let Some(n_active) = live.n_active.get() {
            browser::say("[data-active]", &whole(n_active.into()));
        }
    });
    following(|| Drawing::Overview, move || version.get())
}

/// A drawn part of another page; `search` is the query string that it is drawn for.
pub(crate) fn part(drawing: Drawing, search: Signal<String>) -> AnyView {
    let live: Live = expect_context();
    put_in(Signal::derive(move || (live.missed.get(), Question::Drawn(drawing.clone(), search.get()))), Held::Page)
}

/// `held` says what its forms belong to: those of a part of a page stay there whatever it is drawn for.
fn put_in(question: Signal<(u32, Question)>, held: Held) -> AnyView {
    let drawn = asked(move || question.get());
    let now = use_now();
    Effect::new(move |_| {
        if let Some(now) = now.get() {
            browser::count_down(now, elapsed);
        }
    });
    let (place, is_dirty) = (NodeRef::<leptos::html::Div>::new(), RwSignal::new(false));
    browser::ask_before_leaving(is_dirty, held, use_text().common.leave);
    let typed = move |event: leptos::ev::Event| {
        browser::mark_changed(&event);
        is_dirty.set(browser::is_typed_in(place));
    };
    let submit = sending(drawn);
    let change = |event: leptos::ev::Event| {
        if let Some(hidden) = browser::hidden_columns(&event) {
            choose_columns(&hidden);
        } else if browser::is_choice(&event) {
            browser::submit_form_of(&event);
        } else {
            browser::fill_chosen(&event);
        }
    };
    let copy = |event: leptos::ev::MouseEvent| browser::copy_chosen(&event);
    let (first, answered) = (StoredValue::new((0_u32, String::new())), StoredValue::new(None));
    let read = |event: leptos::ev::PointerEvent| browser::read_chart(&event);
    let read_by_focus = |event: leptos::ev::FocusEvent| browser::read_chart(&event);
    let read_by_key = |event: leptos::ev::KeyboardEvent| browser::read_chart_by_key(&event);
    let shown = show(drawn, move |drawn: Drawn| {
        let title = drawn.title.map(|title| view! { <Title text=title /> });
        let question = question.with_untracked(|(_, question)| question.clone());
        let is_news = held == Held::Page || answered.with_value(|answered| answered.as_ref() == Some(&question));
        answered.set_value(Some(question));
        // What stands there already is brought up to date by hand: the view knows only what it began with.
        if browser::put(place, &drawn.html, is_news) {
            // A form that was taken, or is gone, holds nothing any more.
            is_dirty.set(browser::is_typed_in(place));
        } else {
            first.update_value(|(n, html)| (*n, *html) = (n.wrapping_add(1), drawn.html));
        }
        // As the only row of a list, which is left alone as long as it has the same key: else the attributes of an
        // element are set again with each answer, and its HTML with them.
        let row = keyed(
            [first.get_value()],
            |(n, _)| *n,
            move |_, (_, html)| (|_| {}, view! { <div node_ref=place inner_html=html></div> }.erase()),
        );
        view! {
            {title}
            {row}
        }
        .erase()
    });
    view! {
        <div class="contents" on:input=typed on:change=change on:submit=submit on:click=copy on:pointerdown=read on:pointermove=read
            on:pointerleave=read on:focusin=read_by_focus on:focusout=read_by_focus on:keydown=read_by_key>
            {shown}
        </div>
    }
    .erase()
}

/// Sends the forms of a page: those that change something in the background, all others as addresses.
fn sending(drawn: Asked) -> impl Fn(leptos::ev::SubmitEvent) + 'static {
    let (text, toasts) = (use_text(), use_toasts());
    let navigate = use_navigate();
    move |event| {
        if let Some((url, fields)) = browser::posted(&event) {
            event.prevent_default();
            browser::say(".problem:not(:empty)", "");
            browser::mark_sent(&event);
            browser::post(url, fields, move |answer| {
                if posted(text, toasts, answer) {
                    drawn.refetch();
                }
            });
            return;
        }
        if let Some(address) = browser::form_address(&event) {
            event.prevent_default();
            // What is typed in an editor goes along in the address.
            if browser::is_editor(&event) || browser::may_leave() {
                navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() });
            }
        }
    }
}

/// Says what has come of a form. True if it was done.
fn posted(text: &'static Text, toasts: Toasts, answer: Answer<String>) -> bool {
    match answer {
        Ok(said) => {
            browser::sent(None);
            // Some say what they have done.
            let said = serde_json::from_str::<String>(&said).unwrap_or_default();
            if !said.is_empty() {
                toasts.done(said);
            }
            true
        }
        Err(error) => {
            let problem = error.field.as_ref().map(|field| format!("#{field}-problem"));
            let message = fault::message(text, &error);
            let is_said = browser::sent(Some(&message));
            // What is wrong with a field is said beside it.
            if !problem.is_some_and(|problem| browser::say(&problem, &error.message)) && !is_said {
                toasts.failed(message);
            }
            false
        }
    }
}

/// A word of an address; none for one that is none of the words there are.
#[cfg(feature = "ssr")]
pub(crate) fn word<T: serde::de::DeserializeOwned>(map: &leptos_router::params::ParamsMap, name: &str) -> Option<T> {
    serde_json::from_value(map.get_str(name)?.into()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialog_over_a_page_leaves_its_address() {
        assert_eq!(below_dialogs("?q=opus&edit=claude-opus-5&source=manual"), "q=opus&source=manual");
        assert_eq!(below_dialogs("edit="), "");
        assert_eq!(below_dialogs("?editor=1"), "editor=1");
    }
}
