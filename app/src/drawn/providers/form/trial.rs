//! Buttons in the form that try out what it says, saved or not.

use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    api::providers::{TryModel, TryProxy},
    drawn::form::{Faults, answer},
    text::Text,
};

/// The id of the field of the model that is tried.
const MODEL: &str = "try-model";

/// Which rule takes a model, and what it is sent as.
pub(super) fn model(text: &'static Text) -> AnyView {
    let words = &text.providers;
    // It belongs to no form: Enter in it saves nothing.
    view! {
        <div class="field needs-script">
            <label for=MODEL>{words.try_model}</label>
            <input class="input" id=MODEL form="none" spellcheck="false" autocomplete="off" placeholder="claude-sonnet-4-5" />
        </div>
        {button(TryModel::url(), words.try_model_run, Some(MODEL), &Faults::of::<TryModel>(text))}
    }
    .into_any()
}

/// Whether the provider is reached through the proxy.
pub(super) fn proxy(text: &'static Text) -> AnyView {
    button(TryProxy::url(), text.providers.try_proxy, None, &Faults::of::<TryProxy>(text))
}

/// A button that sends the form around it to a server function, with the model of another field, and shows what comes
/// back.
fn button(url: &'static str, label: &'static str, model: Option<&'static str>, faults: &Faults) -> AnyView {
    view! {
        <div class="needs-script"><button type="button" class="button small" data-try=url data-with=model>{label}</button></div>
        {answer(faults)}
    }
    .into_any()
}
