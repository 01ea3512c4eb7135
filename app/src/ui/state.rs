//! The states of a list beside full: empty, loading, failed. And how a state of anything is shown: a dot and a word.

use leptos::prelude::*;

use crate::ui::Erase;

use super::icon::{Icon, icon};
use crate::text::use_text;

/// What a dot means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Warn,
    Bad,
    Quiet,
    /// Only drawn pages have it.
    #[cfg(feature = "ssr")]
    Off,
    Run,
}

impl Tone {
    /// The classes of a dot and its word.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Good => "state good",
            Self::Warn => "state warn",
            Self::Bad => "state bad",
            Self::Quiet => "state",
            #[cfg(feature = "ssr")]
            Self::Off => "state off",
            Self::Run => "state run",
        }
    }
}

/// A dot and a word.
pub(crate) fn state(tone: Tone, word: &'static str) -> AnyView {
    view! { <span class=tone.class()>{word}</span> }.erase()
}

/// On or off, as a dot and a word.
#[cfg(feature = "ssr")]
pub(crate) fn enabled(is_enabled: bool) -> AnyView {
    let text = use_text();
    if is_enabled { state(Tone::Good, text.common.enabled) } else { state(Tone::Off, text.common.disabled) }
}

/// A list with nothing in it: what it is for, and one thing to do.
pub(crate) fn empty(
    picture: Icon,
    title: &'static str,
    why: &'static str,
    action: Option<(&'static str, &'static str)>,
) -> AnyView {
    view! {
        <div class="empty">
            {icon(picture)} <h2>{title}</h2> <p>{why}</p>
            {action.map(|(href, label)| view! { <a class="button primary" href=href>{label}</a> }.erase())}
        </div>
    }
    .erase()
}

/// The shape of a list that is on its way.
pub(crate) fn skeleton() -> AnyView {
    let text = use_text();
    view! {
        <div class="skeleton" role="status">
            <span class="aside">{text.common.loading}</span>
            <i></i><i></i><i></i><i></i><i></i><i></i>
        </div>
    }
    .erase()
}

/// A list that could not be read: what failed, and a way to try again.
pub(crate) fn failed(message: String, retry: Box<dyn Fn()>) -> AnyView {
    let text = use_text();
    view! {
        <div class="empty" role="alert">
            {icon(Icon::Alert)} <p>{message}</p>
            <button type="button" class="button" on:click=move |_| retry()>{text.common.retry}</button>
        </div>
    }
    .erase()
}

/// A remark in a box.
pub(crate) fn note(class: &'static str, picture: Icon, text: impl IntoView + 'static) -> AnyView {
    view! { <div class=class>{icon(picture)}<div>{text.into_any()}</div></div> }.erase()
}
