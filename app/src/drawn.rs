//! Pages for reading. The server draws them, and the browser only puts them in: their views, words and numbers are no
//! part of what it loads. Their filters are the address, so links and forms are all that they need.

#[cfg(feature = "ssr")]
mod access;
#[cfg(feature = "ssr")]
pub(crate) mod act;
#[cfg(feature = "ssr")]
pub(crate) mod audit;
#[cfg(feature = "ssr")]
pub(crate) mod availability;
#[cfg(feature = "ssr")]
pub(crate) mod call;
#[cfg(feature = "ssr")]
pub(crate) mod call_filters;
#[cfg(feature = "ssr")]
mod calls_table;
#[cfg(feature = "ssr")]
mod chart;
#[cfg(feature = "ssr")]
pub(crate) mod clock;
pub(crate) mod edited;
#[cfg(feature = "ssr")]
pub(crate) mod form;
#[cfg(feature = "ssr")]
pub(crate) mod keys;
#[cfg(feature = "ssr")]
pub(crate) mod leaderboard;
#[cfg(feature = "ssr")]
pub(crate) mod limits;
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
pub(crate) mod settings;
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
    api::{
        Answer, AppError,
        ask::{self, Question},
    },
    asked::{Asked, asked, not_read, show_answer},
    browser::{self, Held},
    fault,
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
    /// A call beside the list, by id.
    Call(String),
    /// A call as a page of its own, by id.
    CallAlone(String),
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
    /// A new provider.
    NewProvider,
    /// A provider with its form, by id.
    OneProvider(String),
    /// Several providers changed at once.
    ManyProviders,
    /// The list of users.
    Users,
    /// A new user.
    NewUser,
    /// A user with their form and keys, by id.
    OneUser(String),
    /// Several users changed at once.
    ManyUsers,
    /// The list of keys over all users.
    Keys,
    /// Several keys changed at once.
    ManyKeys,
    /// Where a call would go.
    Routing,
    /// The list of prices.
    Prices,
    /// The settings.
    Settings,
    /// What lies over a page because its address says so.
    Dialog(Box<Drawing>),
    /// The audit log.
    Audit,
    /// Logins of the console.
    Logins,
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
    let search = Memo::new(move |_| search.with(|search| edited::below_dialogs(search)));
    ask_for(Signal::derive(move || (news(), Question::Drawn(drawing(), search.get()))), Held::Parameters)
}

/// A page of what is configured and how it is used: drawn again at once for the one, at most every two seconds for the
/// other.
pub(crate) fn following_use(drawing: Drawing) -> AnyView {
    let live: Live = expect_context();
    let used = Live::slowly(move || live.recorded.track());
    following(move || drawing.clone(), move || live.news().wrapping_add(used.get()))
}

/// The first page: drawn again at once when calls and what is configured have news, and then at most every two seconds.
pub(crate) fn page_of_today() -> AnyView {
    let live: Live = expect_context();
    let version = Live::slowly(move || {
        live.calls.track();
        let _ = (live.recorded.get(), live.missed.get(), live.configuration.get());
    });
    following(|| Drawing::Overview, move || version.get())
}

/// A drawn part of another page; `search` is the query string that it is drawn for.
pub(crate) fn part(drawing: Drawing, search: Signal<String>) -> AnyView {
    let live: Live = expect_context();
    let question = Signal::derive(move || (live.missed.get(), Question::Drawn(drawing.clone(), search.get())));
    ask_for(question, Held::Page)
}

fn ask_for(question: Signal<(u32, Question)>, held: Held) -> AnyView {
    let drawn = asked(move || question.get());
    put_in(question, drawn, held, Box::new(move |error: &AppError| not_read(drawn, error)))
}

/// Says why something was not drawn.
pub(crate) type Failed = Box<dyn Fn(&AppError) -> AnyView + Send + Sync>;

/// Puts in what is drawn, the answer to `question`. `held` says what its forms belong to: those of a part of a page stay
/// there whatever it is drawn for.
pub(crate) fn put_in(question: Signal<(u32, Question)>, drawn: Asked, held: Held, failed: Failed) -> AnyView {
    let (text, now) = (use_text(), use_now());
    Effect::new(move |_| {
        if let Some(now) = now.get() {
            browser::keep_time(text, now);
        }
    });
    let place = NodeRef::<leptos::html::Div>::new();
    browser::make_modal_in(place);
    let look = edited::watch(place, held);
    let typed = move |event: leptos::ev::Event| {
        browser::mark_changed(&event);
        browser::take_back(&event);
        browser::echo(&event);
        look();
    };
    let submit = sending(drawn, look);
    let change = |event: leptos::ev::Event| {
        if let Some(hidden) = browser::hidden_columns(&event) {
            choose_columns(&hidden);
        } else if browser::is_choice(&event) {
            browser::submit_form_of(&event);
        } else {
            browser::fill_chosen(&event);
        }
    };
    let press = move |event: leptos::ev::MouseEvent| {
        browser::leave_checks_to_hub(&event);
        browser::copy_chosen(&event);
        browser::try_out(&event, move |error| fault::message(text, error));
    };
    let (first, answered) = (StoredValue::new((0_u32, String::new())), StoredValue::new(None));
    let read = |event: leptos::ev::PointerEvent| browser::read_chart(&event);
    let read_by_focus = |event: leptos::ev::FocusEvent| browser::read_chart(&event);
    let read_by_key = |event: leptos::ev::KeyboardEvent| browser::read_chart_by_key(&event);
    let shown = show_answer(drawn, move |answer| {
        let drawn: Drawn = match ask::read(&answer) {
            Ok(drawn) => drawn,
            Err(error) => return failed(&error),
        };
        let title = drawn.title.map(|title| view! { <Title text=title /> });
        let question = question.with_untracked(|(_, question)| question.clone());
        let is_news = answered
            .with_value(|answered| answered.as_ref().is_some_and(|answered| is_same(answered, &question, held)));
        answered.set_value(Some(question));
        // What stands there already is brought up to date by hand: the view knows only what it began with.
        if browser::put(place, &drawn.html, is_news) {
            browser::keep_time(text, browser::now_ms());
            // A form that is gone holds nothing any more.
            look();
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
        <div class="contents" on:input=typed on:change=change on:submit=submit on:click=press on:pointerdown=read on:pointermove=read
            on:pointerleave=read on:focusin=read_by_focus on:focusout=read_by_focus on:keydown=read_by_key>
            {shown}
        </div>
    }
    .erase()
}

/// True if both ask for the same thing, so that only the facts have changed. Forms of a page, or of a part of one, stay
/// whatever else they are drawn for.
fn is_same(before: &Question, now: &Question, held: Held) -> bool {
    match (before, now) {
        (Question::Drawn(before, _), Question::Drawn(now, _)) if held == Held::Page => before == now,
        _ => before == now,
    }
}

/// Sends the forms of a page: those that change something in the background, all others as addresses. `look` sees whether
/// anything is typed then.
fn sending(drawn: Asked, look: impl Fn() + Copy + 'static) -> impl Fn(leptos::ev::SubmitEvent) + 'static {
    let (text, toasts) = (use_text(), use_toasts());
    let navigate = use_navigate();
    move |event| {
        if let Some((url, fields)) = browser::posted(&event) {
            event.prevent_default();
            // What is on its way is not sent once more.
            let Some(form) = browser::sent(&event) else { return };
            browser::post(url, fields, move |answer| {
                if posted(text, toasts, &form, answer) {
                    drawn.refetch();
                }
                look();
            });
            return;
        }
        if let Some(address) = browser::form_address(&event) {
            event.prevent_default();
            if browser::is_wrong(&event) {
                return;
            }
            // What is typed in an editor goes along in the address.
            if browser::is_editor(&event) || browser::may_leave() {
                navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() });
            }
        }
    }
}

/// Says what has come of a form. True if it was done.
fn posted(text: &'static Text, toasts: Toasts, form: &browser::Sent, answer: Answer<String>) -> bool {
    match answer {
        Ok(said) => {
            // Some show what has come of them, others say what they have done, or have a word for it.
            let said = serde_json::from_str::<String>(&said).unwrap_or_default();
            if !browser::taken(form, &said) {
                let said = if said.is_empty() { browser::word_of(form) } else { said };
                if !said.is_empty() {
                    toasts.done(said);
                }
            }
            true
        }
        Err(error) => {
            let message = fault::message(text, &error);
            if !browser::refused(form, error.field.as_deref(), &error.message, &message) {
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
