//! The main navigation: a column beside the page, a bar with a menu above it on a small screen.

use leptos::{html::Details, prelude::*};
use leptos_router::hooks::use_location;

use super::preferences::PreferenceSwitches;
use crate::{
    api::session::{LogOut, Session},
    change::{Change, ChangeForm},
    live::Live,
    pages,
    preferences::toggle_sidebar,
    text::{Text, use_text},
    ui::{
        Erase,
        icon::{Icon, icon, mark},
        state::Tone,
    },
};

/// The sidebar.
pub(super) fn view(
    session: Option<Session>,
    live: Live,
    menu: NodeRef<Details>,
    is_sheet_open: RwSignal<bool>,
    is_palette_open: RwSignal<bool>,
) -> AnyView {
    let text = use_text();
    view! {
        <div class="sidebar">
            <div class="sidebar-head">
                <a class="brand-link" href="/"><span class="text-accent">{mark()}</span><span class="brand">"Switchyard"</span></a>
                <button type="button" class="button ghost icon only-wide needs-script" aria-label=text.shell.collapse title=text.shell.collapse
                    on:click=move |_| toggle_sidebar()>{icon(Icon::Sidebar)}</button>
            </div>
            <div class="only-wide sidebar-body">{content(text, session.clone(), live, is_sheet_open, is_palette_open)}</div>
            <details class="menu only-small" node_ref=menu>
                <summary class="button icon" aria-label=text.shell.menu>{icon(Icon::Menu)}</summary>
                <div class="sidebar-body">{content(text, session, live, is_sheet_open, is_palette_open)}</div>
            </details>
        </div>
    }
    .erase()
}

fn content(
    text: &'static Text,
    session: Option<Session>,
    live: Live,
    is_sheet_open: RwSignal<bool>,
    is_palette_open: RwSignal<bool>,
) -> AnyView {
    let here = use_location().pathname;
    let link = |page: &'static pages::PageEntry| {
        let name = (page.title)(&text.shell);
        let current = move || here.with(|here| pages::leads_to(page.path, here)).then_some("page");
        view! {
            <li>
                <a class="nav" href=page.path title=name aria-current=current>{icon(page.icon)}<span>{name}</span></a>
            </li>
        }
        .erase()
    };
    let status = Memo::new(move |_| match (live.is_over.get(), live.is_connected.get()) {
        (true, _) => (Tone::Bad.class(), text.shell.session_over),
        (false, true) => (Tone::Good.class(), text.shell.live),
        (false, false) => (Tone::Warn.class(), text.shell.reconnecting),
    });
    view! {
        <button type="button" class="nav find needs-script" title=text.shell.find on:click=move |_| is_palette_open.set(true)>
            {icon(Icon::Search)}<span>{text.shell.find}</span><kbd>"⌘K"</kbd>
        </button>
        <nav aria-label=text.shell.main_navigation><ul>{pages::open_to(session.as_ref()).map(link).collect_view()}</ul></nav>
        <div class="sidebar-foot">
            <a class="nav" href="/admin/docs" rel="external" title=text.shell.api_docs>{icon(Icon::Docs)}<span>{text.shell.api_docs}</span></a>
            <button type="button" class="nav needs-script" title=text.shell.shortcuts on:click=move |_| is_sheet_open.set(true)>
                {icon(Icon::Keyboard)}<span>{text.shell.shortcuts}</span>
            </button>
            <LogOutButton />
            <PreferenceSwitches />
            <p class="sidebar-status caption needs-script">
                <span class=move || status.get().0>{move || status.get().1}</span>
                <span>{session.map(|session| format!("v{}", session.version))}</span>
            </p>
        </div>
    }
    .erase()
}

/// Ends the session.
#[component]
fn LogOutButton() -> impl IntoView {
    let text = use_text();
    let change = Change::through::<LogOut>();
    view! {
        <ChangeForm change>
            <button type="submit" class="nav" title=text.shell.log_out>{icon(Icon::LogOut)}<span>{text.shell.log_out}</span></button>
        </ChangeForm>
    }.erase()
}
