//! One provider: its form, what keeps it from being used, a test, its limits.

use hub::domain::{hold::HoldShown, limit::quota::SubjectKind, provider::Provider};
use leptos::{prelude::*, server_fn::ServerFn};

use super::{PATH, form::editor, row::hold};
use crate::{
    api::providers::{DeleteProvider, TestProvider},
    drawn::{
        clock::Clock,
        form::{Doubt, Faults, answer, ask, delete_panel, hidden},
        limits::{self, Uses},
        losses::{self, Losses},
        parts,
    },
    text::Text,
    ui::{
        Erase,
        icon::{Icon, icon},
    },
};

/// Where a provider is.
fn path_of(provider: &Provider) -> String {
    format!("{PATH}/{}", provider.id)
}

/// The page. `holds` is all that is held of the provider.
pub(crate) fn page(
    text: &'static Text,
    provider: &Provider,
    holds: &[HoldShown],
    uses: &Uses,
    clock: Clock,
) -> (Option<String>, AnyView) {
    let words = &text.providers;
    let (id, path) = (provider.id.to_string(), path_of(provider));
    let content = view! {
        <div class="columns-form">
            {editor(text, Some(provider))}
            <div class="grid content-start gap-6">
                {held(text, holds, clock)}
                {test(text, id.clone())}
                {limits::panel(text, uses, format!("{path}?confirm=reset"), clock)}
                {delete_panel(text, words.danger, words.delete_what, format!("{path}?confirm=delete"))}
            </div>
        </div>
    };
    let actions = parts::seen_from(text, "provider", &id);
    parts::page_with(&provider.name, Some((PATH, words.title)), actions, content.erase())
}

/// The page for a new one.
pub(crate) fn page_of_new(text: &'static Text) -> (Option<String>, AnyView) {
    let words = &text.providers;
    parts::page_of_new(words.new, words.new_lead, (PATH, words.title), editor(text, None))
}

/// Asks before a provider is deleted.
pub(crate) fn ask_delete(text: &'static Text, provider: &Provider, lost: &Losses) -> AnyView {
    let words = &text.providers;
    let doubt = Doubt {
        title: (words.delete_title)(&provider.name),
        what: words.delete_what,
        lost: Some(losses::view(text, lost)),
        back: path_of(provider),
        button: text.common.delete,
        fields: vec![("id", provider.id.to_string())],
    };
    ask::<DeleteProvider>(text, doubt)
}

/// Asks before the limits of a provider are reset.
pub(crate) fn ask_reset(text: &'static Text, provider: &Provider) -> AnyView {
    limits::ask_reset(text, SubjectKind::Provider, provider.id.to_string(), &provider.name, path_of(provider))
}

/// What keeps it from being used just now, as the list says it; nothing if nothing does.
fn held(text: &'static Text, holds: &[HoldShown], clock: Clock) -> Option<AnyView> {
    (!holds.is_empty()).then(|| {
        let lines = holds.iter().map(|shown| hold(text, shown, clock));
        view! {
            <section class="panel grid gap-2 p-4" aria-labelledby="holds-title">
                <h2 id="holds-title">{text.provider_list.held}</h2>
                {lines.collect_view()}
            </section>
        }
        .erase()
    })
}

/// One real, small call, and what came back.
fn test(text: &'static Text, id: String) -> AnyView {
    let words = &text.providers;
    let faults = Faults::of::<TestProvider>(text);
    let model = faults.field("model", words.test_model).help(words.test_model_help).light();
    view! {
        <section class="panel p-4" aria-labelledby="test-title">
            <h2 id="test-title">{words.test}</h2>
            <p class="help mt-1 mb-3">{words.test_lead}</p>
            <form class="mb-3" method="post" action=TestProvider::url()>
                {hidden(vec![("id", id)])}
                {model.view()}
                <button type="submit" class="button mt-3">
                    {icon(Icon::Play)}<span class="idle">{words.test_run}</span><span class="busy">{words.test_running}</span>
                </button>
            </form>
            {answer(&faults)}
        </section>
    }
    .erase()
}
