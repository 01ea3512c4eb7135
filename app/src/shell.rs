//! Around every page: the sidebar, the keyboard, messages, the live feed.

use leptos::prelude::*;
use leptos_router::{components::Outlet, hooks::use_location};

use crate::{
    api::{
        ask::{Question, read},
        session::Session,
    },
    asked::{asked, show_answer},
    live::Live,
    query::login_path,
    text::{Text, use_text},
    ui::{
        Erase,
        icon::{Icon, icon},
        time::Now,
        toast::Toasts,
    },
};

mod palette;
pub(crate) mod preferences;
mod shortcuts;
mod sidebar;

/// The frame around every page but the login.
#[component]
pub(crate) fn Frame() -> impl IntoView {
    let text = use_text();
    let (live, toasts, now) = (Live::new(), Toasts::new(), Now::start());
    provide_context(live);
    provide_context(toasts);
    provide_context(now);
    let session = asked(|| (0, Question::Session));
    live.connect(move || session.get().and_then(|answer| read::<Session>(&answer).ok()).map(|session| session.feed));
    provide_context(session);
    let (is_sheet_open, is_palette_open) = (RwSignal::new(false), RwSignal::new(false));
    shortcuts::listen(is_sheet_open, is_palette_open);
    // Closes the palette, and the menu of a small screen, when the reader has gone somewhere.
    let location = use_location();
    let menu = NodeRef::<leptos::html::Details>::new();
    let (pathname, search) = (location.pathname, location.search);
    Effect::new(move |_| {
        let _ = (pathname.get(), search.get());
        is_palette_open.set(false);
        if let Some(menu) = menu.get_untracked() {
            menu.set_open(false);
        }
    });
    view! {
        <a class="skip" href="#content">{text.shell.skip}</a>
        <div class="frame">
            {show_answer(session, move |answer| sidebar::view(read(&answer).ok(), live, menu, is_sheet_open, is_palette_open))}
            <main id="content" tabindex="-1">
                {move || live.is_over.get().then(|| session_over(text, &pathname.get(), &search.get()))}
                <Outlet />
            </main>
        </div>
        <shortcuts::Sheet is_open=is_sheet_open />
        <Show when=move || is_palette_open.get()>{palette::view(is_palette_open)}</Show>
        {toasts.view()}
    }
    .erase()
}

/// Says that the reader has to log in again, and how; the login leads back to this page.
fn session_over(text: &'static Text, pathname: &str, search: &str) -> AnyView {
    let search = search.trim_start_matches('?');
    let here = if search.is_empty() { pathname.to_owned() } else { format!("{pathname}?{search}") };
    view! {
        <div class="note warn session-over" role="alert">
            {icon(Icon::Alert)}
            <div class="flex-1">
                <p class="font-medium">{text.shell.session_over}</p>
                <p class="caption">{text.shell.session_over_why}</p>
            </div>
            <a class="button small primary" href=login_path(&here)>{text.login.submit}</a>
        </div>
    }
    .erase()
}
