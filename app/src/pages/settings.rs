//! Settings: what can be changed while the hub runs, what the environment says, and what is kept.

mod row;
mod storage;

use hub::domain::settings::SettingSource;
use leptos::prelude::*;

use self::{row::SettingLine, storage::storage};
use crate::{
    api::{
        ask::Question,
        settings::{Section, SettingsPage, VariableRow},
    },
    asked::{asked, show},
    format::UNKNOWN,
    text::{Text, use_text},
    ui::{Erase, page::Page},
};

/// The page. What somebody else changes meanwhile is not read again: it would take away what is being typed.
#[component]
pub(crate) fn Settings() -> impl IntoView {
    let text = use_text();
    let settings = asked(|| (0, Question::Settings));
    let kept = asked(|| (0, Question::Storage));
    view! {
        <Page title=text.settings.title lead=text.settings.lead>
            <div class="settings">
                {show(settings, move |page| sections(text, page))}
                {show(kept, move |kept| storage(text, &kept))}
            </div>
        </Page>
    }
    .erase()
}

fn sections(text: &'static Text, page: SettingsPage) -> AnyView {
    let words = &text.settings;
    let link = |id: &str, title: &str| {
        view! { <li><a class="button small" href=format!("#{id}")>{title.to_owned()}</a></li> }.erase()
    };
    let links = page.sections.iter().map(|section| link(&section.id, &section.title)).collect_view();
    view! {
        <nav aria-label=words.sections>
            <ul class="anchors">
                {links} {link("environment", words.environment)} {link("storage", words.storage)}
            </ul>
        </nav>
        {page.sections.into_iter().map(section).collect_view()}
        {environment(text, &page.environment)}
    }
    .into_any()
}

fn section(section: Section) -> AnyView {
    let title_id = format!("{}-title", section.id);
    let titled_by = title_id.clone();
    view! {
        <section class="panel" id=section.id aria-labelledby=titled_by>
            <div class="panel-head"><h2 id=title_id>{section.title}</h2></div>
            <ul>{section.rows.into_iter().map(|row| view! { <SettingLine row /> }.erase()).collect_view()}</ul>
        </section>
    }
    .erase()
}

/// What the environment says: read once, changed with a new start.
fn environment(text: &'static Text, variables: &[VariableRow]) -> AnyView {
    let words = &text.settings;
    view! {
        <section class="panel" id="environment" aria-labelledby="environment-title">
            <div class="panel-head">
                <div><h2 id="environment-title">{words.environment}</h2><p class="caption">{words.environment_lead}</p></div>
            </div>
            <div class="scroll" tabindex="0" role="region" aria-labelledby="environment-title">
                <table class="table">
                    <caption class="aside">{words.environment}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{words.variable}</th>
                            <th scope="col">{words.value}</th>
                            <th scope="col">{words.source}</th>
                            <th scope="col"><span class="aside">{text.common.note}</span></th>
                        </tr>
                    </thead>
                    <tbody>{variables.iter().map(|row| variable(text, row)).collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
    .erase()
}

fn variable(text: &'static Text, row: &VariableRow) -> AnyView {
    let words = &text.settings;
    let variable = &row.variable;
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
            <td class="sub">{row.what.clone()}</td>
        </tr>
    }
    .erase()
}

/// Where a value comes from, in a word.
const fn origin(text: &Text, source: SettingSource) -> &'static str {
    match source {
        SettingSource::Default => text.settings.from_default,
        SettingSource::Database => text.settings.from_database,
        SettingSource::Environment => text.settings.from_environment,
    }
}
