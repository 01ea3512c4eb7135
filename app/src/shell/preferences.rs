//! The switches of theme and language. They are plain forms, so they work without script.

use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    api::session::Prefer,
    preferences::{Preferences, Theme, choose_theme},
    text::{Language, use_text},
    ui::{
        Erase,
        icon::{Icon, icon},
    },
};

/// Theme and language.
#[component]
pub(crate) fn PreferenceSwitches() -> impl IntoView {
    let text = use_text();
    let chosen: Preferences = use_context().unwrap_or_default();
    let theme = RwSignal::new(chosen.theme);
    let button = move |of: Theme| {
        let (picture, name) = match of {
            Theme::System => (Icon::System, text.shell.theme_system),
            Theme::Light => (Icon::Light, text.shell.theme_light),
            Theme::Dark => (Icon::Dark, text.shell.theme_dark),
        };
        let click = move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            choose_theme(of);
            theme.set(of);
        };
        let pressed = move || if theme.get() == of { "true" } else { "false" };
        view! {
            <button type="submit" name="theme" value=of.name() aria-label=name title=name aria-pressed=pressed on:click=click>
                {icon(picture)}
            </button>
        }.erase()
    };
    let (other, other_name) = match chosen.language {
        Language::En => (Language::Zh, "中文"),
        Language::Zh => (Language::En, "English"),
    };
    view! {
        <div class="preferences">
            <form class="segments" method="post" action=Prefer::url() aria-label=text.shell.theme>
                {Theme::ALL.into_iter().map(button).collect_view()}
            </form>
            <form method="post" action=Prefer::url()>
                <button class="button ghost small" type="submit" name="language" value=other.tag() lang=other.tag() title=text.shell.language>
                    {icon(Icon::Language)} {other_name}
                </button>
            </form>
        </div>
    }.erase()
}
