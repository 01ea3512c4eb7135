//! Around every page: the sidebar, the keyboard, messages, the live feed.

use leptos::prelude::*;
use leptos_router::{components::Outlet, hooks::use_location};

use crate::{
    api::ask::{Question, read},
    asked::{asked, show_answer},
    live::Live,
    text::use_text,
    ui::{time::Now, toast::Toasts},
};

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
    live.connect();
    let session = asked(|| (0, Question::Session));
    provide_context(session);
    let is_sheet_open = RwSignal::new(false);
    shortcuts::listen(is_sheet_open);
    // Closes the menu of a small screen when the reader has gone somewhere.
    let location = use_location();
    let menu = NodeRef::<leptos::html::Details>::new();
    Effect::new(move |_| {
        let _ = location.pathname.get();
        if let Some(menu) = menu.get_untracked() {
            menu.set_open(false);
        }
    });
    view! {
        <a class="skip" href="#content">{text.shell.skip}</a>
        <div class="frame">
            {show_answer(session, move |answer| sidebar::view(read(&answer).ok(), live, menu, is_sheet_open))}
            <main id="content" tabindex="-1"><Outlet /></main>
        </div>
        <shortcuts::Sheet is_open=is_sheet_open />
        {toasts.view()}
    }
}
