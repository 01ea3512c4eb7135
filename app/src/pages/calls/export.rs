//! The way to a file with all calls that the filters admit: plain links, which the browser follows and shows as downloads.
//! With script the page says beside that how far the file is, and can end it.

use std::time::Duration;

use hub::domain::report::{ExportEnd, ExportFormat, ExportProgress};
use leptos::{prelude::*, server_fn::ServerFn, task::spawn_local};

use crate::{
    api::{
        ask::{Question, ask, read},
        calls::CancelExport,
    },
    browser,
    format::{bytes, whole},
    query::CallFilter,
    text::{Text, use_text},
    ui::{
        Erase,
        icon::{Icon, icon},
        time::use_now,
    },
};

/// How often it is asked how far a file is.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// How often an export may be unknown before it is given up: the browser may be slow to ask for it.
const TRIES_MAX: u32 = 20;

/// The export that the page follows.
#[derive(Clone, Copy)]
pub(super) struct Export {
    /// The ticket of the next one; none until the browser has taken over.
    next: RwSignal<Option<String>>,
    /// The ticket of the one that is followed.
    ticket: RwSignal<Option<String>>,
    progress: RwSignal<ExportProgress>,
}

impl Export {
    /// None yet.
    pub(super) fn new() -> Self {
        let next = RwSignal::new(None);
        let is_here = use_now().is_here();
        Effect::new(move |_| next.set(is_here.get().then(browser::fresh_word)));
        Self { next, ticket: RwSignal::new(None), progress: RwSignal::new(ExportProgress::default()) }
    }

    /// Follows the export that the browser has just been sent to.
    fn follow(self) {
        let ticket = self.next.get_untracked();
        self.progress.set(ExportProgress::default());
        self.ticket.set(ticket.clone());
        if let Some(ticket) = ticket {
            self.look(ticket, 0);
        }
        // The browser goes where the link leads after it has told the page: only then it may lead elsewhere.
        set_timeout(move || _ = self.next.try_set(Some(browser::fresh_word())), Duration::ZERO);
    }

    fn look(self, ticket: String, tries: u32) {
        set_timeout(move || spawn_local(self.ask_once(ticket, tries)), ASK_EVERY);
    }

    async fn ask_once(self, ticket: String, tries: u32) {
        let answer = read::<ExportProgress>(&ask(Question::Export(ticket.clone())).await);
        // The page may be gone by now, or follow another one.
        if self.ticket.try_get_untracked().flatten().as_ref() != Some(&ticket) {
            return;
        }
        match answer {
            Ok(progress) => {
                self.progress.set(progress);
                if progress.end.is_none() {
                    self.look(ticket, 0);
                }
            }
            Err(_) if tries < TRIES_MAX => self.look(ticket, tries + 1),
            Err(_) => self.ticket.set(None),
        }
    }

    fn cancel(self) {
        if let Some(ticket) = self.ticket.get_untracked() {
            browser::post(CancelExport::url().to_owned(), format!("ticket={ticket}"), |_| ());
        }
    }
}

/// The menu.
pub(super) fn menu(filter: Memo<CallFilter>, export: Export) -> AnyView {
    let text = use_text();
    let fold = NodeRef::<leptos::html::Details>::new();
    // What is told of the file stands below the menu.
    let chosen = move || {
        export.follow();
        if let Some(fold) = fold.get_untracked() {
            // The name is a valid one.
            let _ = fold.remove_attribute("open");
        }
    };
    let link = |format: ExportFormat| {
        let name = match format {
            ExportFormat::Csv => text.calls.export_csv,
            ExportFormat::Json => text.calls.export_json,
            ExportFormat::Ndjson => text.calls.export_lines,
        };
        let href = move || filter.get().export_path(format.as_str(), export.next.get().as_deref());
        view! { <li><a rel="external" href=href on:click=move |_| chosen()>{name}</a></li> }.erase()
    };
    view! {
        <details class="drop" node_ref=fold>
            <summary class="button">{icon(Icon::Export)}{text.calls.export}</summary>
            <div class="drop-body">
                <p class="caption">{text.calls.export_what}</p>
                <ul>{ExportFormat::ALL.map(link)}</ul>
            </div>
        </details>
    }
    .erase()
}

/// How far the file is, while there is one.
pub(super) fn progress(export: Export) -> AnyView {
    let text = use_text();
    let shown = move || {
        export.ticket.get()?;
        let progress = export.progress.get();
        let share = progress.total.map(|total| (progress.rows * 1_000).checked_div(total).unwrap_or(1_000));
        let button = match progress.end {
            None => view! { <button type="button" class="button small" on:click=move |_| export.cancel()>{text.common.cancel}</button> }.erase(),
            Some(_) => view! { <button type="button" class="button small" on:click=move |_| export.ticket.set(None)>{text.calls.close}</button> }.erase(),
        };
        let label = text.calls.export;
        Some(
            view! {
                <div class="note export">
                    <p class="flex-1" role="status">{said(text, &progress)}</p>
                    <progress max="1000" value=share aria-label=label></progress>
                    {button}
                </div>
            }
            .erase(),
        )
    };
    shown.into_any()
}

/// How far it is, in words.
fn said(text: &'static Text, progress: &ExportProgress) -> String {
    let words = &text.calls;
    let (rows, size) = (whole(progress.rows), bytes(progress.bytes));
    match (progress.end, progress.total) {
        (None, None) => (words.export_so_far)(&rows, &size),
        (None, Some(total)) => (words.export_of)(&rows, &whole(total), &size),
        (Some(ExportEnd::Whole), _) => (words.export_whole)(&rows, &size),
        (Some(ExportEnd::Cut), _) => (words.export_cut)(&rows),
        (Some(ExportEnd::Cancelled), _) => (words.export_cancelled)(&rows),
    }
}
