//! Settings: what can be changed while the hub runs, what the environment says, and what is kept.

mod row;
mod storage;

use hub::domain::{
    settings::{Setting, SettingSection, SettingSource, Variable},
    storage::Storage,
};
use leptos::prelude::*;

use super::parts;
use crate::{format::UNKNOWN, text::Text, ui::Erase};

/// What the page shows.
pub(crate) struct Shown {
    /// All settings.
    pub(crate) settings: Vec<Setting>,
    /// All variables of the environment.
    pub(crate) environment: Vec<Variable>,
    /// What is kept.
    pub(crate) kept: Storage,
}

/// The page.
pub(crate) fn page(text: &'static Text, shown: &Shown) -> (Option<String>, AnyView) {
    let words = &text.settings;
    let link = |id: String, title: &'static str| {
        view! { <li><a class="button small" href=format!("#{id}")>{title}</a></li> }.erase()
    };
    let links = SettingSection::ALL.map(|section| link(anchor(section), (text.section)(section)));
    let content = view! {
        <div class="settings">
            <nav aria-label=words.sections>
                <ul class="anchors">
                    {links.into_iter().collect_view()}
                    {link("environment".to_owned(), words.environment)} {link("storage".to_owned(), words.storage)}
                </ul>
            </nav>
            {SettingSection::ALL.map(|of| section(text, of, &shown.settings)).into_iter().collect_view()}
            {environment(text, &shown.environment)}
            {storage::section(text, &shown.kept)}
        </div>
    };
    parts::page(words.title, words.lead, content.erase())
}

/// Where a section begins.
fn anchor(section: SettingSection) -> String {
    serde_json::to_value(section).ok().and_then(|id| id.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Settings that are about one thing.
fn section(text: &'static Text, section: SettingSection, all: &[Setting]) -> AnyView {
    let title_id = format!("{}-title", anchor(section));
    let own = title_id.clone();
    let rows = all.iter().filter(|setting| setting.section == section).map(|setting| row::line(text, setting));
    view! {
        <section class="panel" id=anchor(section) aria-labelledby=title_id>
            <div class="panel-head"><h2 id=own>{(text.section)(section)}</h2></div>
            <ul>{rows.collect_view()}</ul>
        </section>
    }
    .erase()
}

/// What the environment says: read once, changed with a new start.
fn environment(text: &'static Text, variables: &[Variable]) -> AnyView {
    let words = &text.settings;
    view! {
        <section class="panel" id="environment" aria-labelledby="environment-title">
            <div class="panel-head">
                <div><h2 id="environment-title">{words.environment}</h2><p class="caption">{words.environment_lead}</p></div>
            </div>
            <div class="scroll" tabindex="0" role="region" aria-labelledby="environment-title">
                <table class="table environment cards">
                    <caption class="aside">{words.environment}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{words.variable}</th>
                            <th scope="col">{words.value}</th>
                            <th scope="col">{words.source}</th>
                            <th scope="col">{words.meaning}</th>
                        </tr>
                    </thead>
                    <tbody>{variables.iter().map(|one| variable(text, one)).collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
    .erase()
}

fn variable(text: &'static Text, variable: &Variable) -> AnyView {
    let words = &text.settings;
    let is_given = variable.source == SettingSource::Environment;
    let value = match &variable.value {
        Some(value) => view! { <span class="mono">{value.clone()}</span> }.erase(),
        None if is_given && variable.is_secret => view! { <span class="sub">{words.hidden}</span> }.erase(),
        None => UNKNOWN.into_any(),
    };
    view! {
        <tr>
            <th scope="row" class="mono">{variable.name.clone()}</th>
            <td>{value}</td>
            <td><span class="badge">{origin(text, variable.source)}</span></td>
            <td class="sub">{(text.variable)(&variable.name).map(parts::with_code)}</td>
        </tr>
    }
    .erase()
}

/// Where a value comes from, in a word.
const fn origin(text: &'static Text, source: SettingSource) -> &'static str {
    match source {
        SettingSource::Default => text.settings.from_default,
        SettingSource::Database => text.settings.from_database,
        SettingSource::Environment => text.settings.from_environment,
    }
}
