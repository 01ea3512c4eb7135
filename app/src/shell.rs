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
    pages::{self, Readers},
    query::login_path,
    text::{Text, use_text},
    ui::{
        Erase,
        icon::{Icon, icon},
        state::empty,
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
    // For what is opened later: whoever reads a resource outside of a page would make it wait.
    let reader = Reader(RwSignal::new(None));
    provide_context(reader);
    Effect::new(move |_| reader.0.set(session.get().and_then(|answer| read(&answer).ok())));
    let (is_sheet_open, is_palette_open) = (RwSignal::new(false), RwSignal::new(false));
    shortcuts::listen(is_sheet_open, is_palette_open);
    // Closes the palette, and the menu of a small screen, when the reader has gone somewhere.
    let location = use_location();
    let menu = NodeRef::<leptos::html::Details>::new();
    let (pathname, search) = (location.pathname, location.search);
    // Told before parts of the page are drawn side by side on the server: of two that tell it at once one finds nothing.
    pathname.with_untracked(|_| ());
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
                {show_answer(session, move |answer| kept_out(text, read(&answer).ok(), pathname))}
                <Outlet />
            </main>
        </div>
        <shortcuts::Sheet is_open=is_sheet_open />
        <Show when=move || is_palette_open.get()>{palette::view(is_palette_open)}</Show>
        {toasts.view()}
    }
    .erase()
}

/// What is known of the reader, once the browser has taken over.
#[derive(Clone, Copy)]
struct Reader(RwSignal<Option<Session>>);

/// Says in the page's place that it is not for this reader. The page itself is there, without anything in it that the
/// reader may not see, and is not shown.
fn kept_out(text: &'static Text, session: Option<Session>, pathname: Memo<String>) -> AnyView {
    let session = StoredValue::new(session);
    let shell = &text.shell;
    let notice = move || {
        let readers = pages::readers(&pathname.get());
        if session.with_value(|session| session.as_ref().is_none_or(|session| readers.include(session))) {
            return None;
        }
        #[cfg(feature = "ssr")]
        crate::api::guard::forbid();
        let (title, why, way_out) = match readers {
            Readers::Admins => (shell.not_allowed, shell.not_allowed_why, ("/me", shell.my_use)),
            Readers::Users => (shell.nobodys, shell.nobodys_why, ("/", shell.overview)),
        };
        Some(view! { <div class="kept-out">{empty(Icon::Alert, title, why, Some(way_out))}</div> }.erase())
    };
    notice.into_any()
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
