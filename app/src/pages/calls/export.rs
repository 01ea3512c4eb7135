//! The way to a file with all calls that the filters admit: plain links, which the browser follows and shows as downloads.

use hub::domain::report::ExportFormat;
use leptos::prelude::*;

use crate::{
    query::CallFilter,
    text::use_text,
    ui::{
        Erase,
        icon::{Icon, icon},
    },
};

/// The menu.
pub(super) fn menu(filter: Memo<CallFilter>) -> AnyView {
    let text = use_text();
    let link = |format: ExportFormat| {
        let name = match format {
            ExportFormat::Csv => text.calls.export_csv,
            ExportFormat::Json => text.calls.export_json,
            ExportFormat::Ndjson => text.calls.export_lines,
        };
        let href = move || filter.get().export_path(format.as_str());
        view! { <li><a rel="external" href=href>{name}</a></li> }.erase()
    };
    view! {
        <details class="drop">
            <summary class="button">{icon(Icon::Export)}{text.calls.export}</summary>
            <div class="drop-body">
                <p class="caption">{text.calls.export_what}</p>
                <ul>{ExportFormat::ALL.map(link)}</ul>
            </div>
        </details>
    }
    .erase()
}
