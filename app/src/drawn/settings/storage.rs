//! What is kept: how large, for how long, and how to back it up.

use hub::domain::storage::{DaySize, Storage, TableSize};
use leptos::prelude::*;

use crate::{
    api::forms::setting::quantity,
    drawn::form::code,
    format::{bytes, whole},
    text::Text,
    ui::Erase,
};

/// The section.
pub(super) fn section(text: &'static Text, kept: &Storage) -> AnyView {
    let words = &text.settings;
    view! {
        <section class="panel" id="storage" aria-labelledby="storage-title">
            <div class="panel-head">
                <div><h2 id="storage-title">{words.storage}</h2><p class="caption">{words.storage_lead}</p></div>
            </div>
            {figures(text, kept)}
            {backup(text, kept)}
            {tables(text, kept)}
            {days(text, kept)}
        </section>
    }
    .erase()
}

fn figures(text: &'static Text, kept: &Storage) -> AnyView {
    let words = &text.settings;
    let figure = |name: &'static str, value: String, note: String| {
        view! { <div><dt>{name}</dt><dd>{value}</dd><dd class="caption">{note}</dd></div> }.erase()
    };
    let database = if kept.is_private { words.private } else { words.external };
    // As its setting says it above.
    let share = (words.of_size)(&quantity(kept.journal_bytes_max, "bytes"));
    view! {
        <dl class="kept">
            {figure(words.database, bytes(kept.database_bytes), database.to_owned())}
            {figure(words.journal, bytes(kept.journal_backlog_bytes), share)}
            {figure(words.kept, (words.n_days)(kept.retention_days), words.kept_why.to_owned())}
            {figure(words.quarantined, whole(kept.n_quarantined), String::new())}
        </dl>
    }
    .erase()
}

fn backup(text: &'static Text, kept: &Storage) -> AnyView {
    let words = &text.settings;
    let dir = &kept.data_dir;
    let (how, command) = if kept.is_private {
        (words.backup_private, format!("cp -a {dir} {dir}.backup"))
    } else {
        (words.backup_external, "pg_dump \"$DSN\" > switchyard.sql".to_owned())
    };
    view! {
        <div class="grid grid-cols-1 gap-2 p-4">
            <h3>{words.backup}</h3>
            <p class="help">{how}</p>
            {code(text, "backup-command", command, words.backup_command)}
        </div>
    }
    .erase()
}

fn tables(text: &'static Text, kept: &Storage) -> AnyView {
    let words = &text.settings;
    let line = |table: &TableSize| {
        let parts = (table.n_partitions > 0).then(|| whole(table.n_partitions));
        view! { <tr><th scope="row" class="mono">{table.name.clone()}</th><td class="num">{bytes(table.bytes)}</td><td class="num sub">{parts}</td></tr> }.erase()
    };
    view! {
        <details class="behind">
            <summary>{format!("{} ({})", words.tables, kept.tables.len())}</summary>
            <div class="scroll">
                <table class="table">
                    <caption class="aside">{words.tables}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{words.table}</th>
                            <th scope="col" class="num">{words.size}</th>
                            <th scope="col" class="num">{words.partitions}</th>
                        </tr>
                    </thead>
                    <tbody>{kept.tables.iter().map(line).collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
    .erase()
}

fn days(text: &'static Text, kept: &Storage) -> AnyView {
    let words = &text.settings;
    let line = |day: &DaySize| {
        view! { <tr><th scope="row">{day.day.to_string()}</th><td class="num">{bytes(day.bytes)}</td></tr> }.erase()
    };
    view! {
        <details class="behind">
            <summary>{format!("{} ({})", words.days, kept.days.len())}</summary>
            <div class="scroll">
                <table class="table">
                    <caption class="aside">{words.days}</caption>
                    <thead><tr><th scope="col">{words.day}</th><th scope="col" class="num">{words.size}</th></tr></thead>
                    <tbody>{kept.days.iter().map(line).collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
    .erase()
}
