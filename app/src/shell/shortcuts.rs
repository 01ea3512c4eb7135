//! The keyboard, and the sheet that explains it. Both are made from the table of pages.

use leptos::prelude::*;

use super::Reader;
use crate::{
    api::session::Session,
    pages,
    text::{Text, use_text},
    ui::{
        Erase,
        dialog::Dialog,
        icon::{Icon, icon},
    },
};

/// What `/` moves the focus to.
pub(crate) const FILTER: &str = "[data-filter]";

/// What `j` and `k` move among.
pub(crate) const ROWS: &str = "[data-row]";

/// What Esc presses: the way out of what is open.
pub(crate) const WAY_OUT: &str = "[data-esc]";

/// Listens to the keyboard, and to clicks beside what is unfolded, for as long as the calling component is shown.
pub(super) fn listen(is_sheet_open: RwSignal<bool>, is_palette_open: RwSignal<bool>) {
    #[cfg(feature = "hydrate")]
    {
        let navigate = leptos_router::hooks::use_navigate();
        let after_g = StoredValue::new(false);
        let Reader(reader) = expect_context();
        let handle = window_event_listener(leptos::ev::keydown, move |event| {
            let path = keys::pressed(&event, after_g, reader, is_sheet_open, is_palette_open);
            if let Some(path) = path.filter(|_| crate::browser::may_leave()) {
                navigate(path, leptos_router::NavigateOptions::default());
            }
        });
        let clicks = window_event_listener(leptos::ev::click, |event| crate::browser::fold_up_beside(&event));
        on_cleanup(move || {
            handle.remove();
            clicks.remove();
        });
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (is_sheet_open, is_palette_open, FILTER, ROWS, WAY_OUT);
}

#[cfg(feature = "hydrate")]
mod keys {
    use leptos::{ev::KeyboardEvent, prelude::*};
    use wasm_bindgen::JsCast;

    use super::{FILTER, ROWS, WAY_OUT};
    use crate::{api::session::Session, browser, pages::open_to, preferences::toggle_sidebar};

    /// Does what a key stands for; gives back a page to go to.
    pub(super) fn pressed(
        event: &KeyboardEvent,
        after_g: StoredValue<bool>,
        reader: RwSignal<Option<Session>>,
        is_sheet_open: RwSignal<bool>,
        is_palette_open: RwSignal<bool>,
    ) -> Option<&'static str> {
        let key = event.key();
        if key == "k" && (event.meta_key() || event.ctrl_key()) {
            event.prevent_default();
            is_palette_open.update(|open| *open = !*open);
            return None;
        }
        if key == "Escape" {
            // Else the browser would close a dialog itself, whatever its way out asks.
            if browser::fold_up() || browser::press(WAY_OUT) {
                event.prevent_default();
            }
            return None;
        }
        if event.ctrl_key() || event.meta_key() || event.alt_key() || is_typing(event) {
            return None;
        }
        if after_g.try_update_value(|after| std::mem::replace(after, key == "g")).unwrap_or_default() {
            return reader.with_untracked(|session| {
                open_to(session.as_ref()).find(|page| page.key == key).map(|page| page.path)
            });
        }
        let done = match key.as_str() {
            "?" => {
                is_sheet_open.update(|open| *open = !*open);
                true
            }
            "/" => browser::focus(FILTER),
            "j" => browser::step_focus(ROWS, 1),
            "k" => browser::step_focus(ROWS, -1),
            "[" => {
                toggle_sidebar();
                true
            }
            _ => false,
        };
        if done {
            event.prevent_default();
        }
        None
    }

    fn is_typing(event: &KeyboardEvent) -> bool {
        let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        element.is_some_and(|element| matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
    }
}

/// The sheet of all shortcuts.
#[component]
pub(super) fn Sheet(
    /// Whether it is shown.
    is_open: RwSignal<bool>,
) -> impl IntoView {
    let text = use_text();
    let Reader(reader) = expect_context();
    view! {
        <Show when=move || is_open.get()>
            <Dialog title_id="sheet-title">
                    <div class="mb-3 flex items-center justify-between">
                        <h2 id="sheet-title">{text.shell.shortcuts}</h2>
                        <button type="button" class="button ghost icon" aria-label=text.shell.close autofocus data-esc
                            on:click=move |_| is_open.set(false)>{icon(Icon::Close)}</button>
                    </div>
                    <dl class="keys">{move || rows(text, reader.get().as_ref())}</dl>
            </Dialog>
        </Show>
    }
    .erase()
}

fn rows(text: &'static Text, session: Option<&Session>) -> Vec<AnyView> {
    let row = |keys: Vec<&'static str>, what: String| {
        let keys = keys.into_iter().map(|key| view! { <kbd>{key}</kbd> }.erase()).collect_view();
        view! { <div><dt>{keys}</dt><dd>{what}</dd></div> }.erase()
    };
    let shell = &text.shell;
    let pages = pages::open_to(session).map(|page| row(vec!["g", page.key], (shell.go_to)((page.title)(shell))));
    let others = [
        (vec!["⌘ K", "Ctrl K"], shell.find),
        (vec!["/"], shell.focus_filter),
        (vec!["j"], shell.next_row),
        (vec!["k"], shell.previous_row),
        (vec!["Enter"], shell.open_row),
        (vec!["Esc"], shell.close_panel),
        (vec!["["], shell.collapse_sidebar),
        (vec!["?"], shell.this_sheet),
    ];
    pages.chain(others.into_iter().map(|(keys, what)| row(keys, what.to_owned()))).collect()
}
