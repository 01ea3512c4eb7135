//! Buttons in the form that try out what it says, saved or not.

use leptos::{ev, prelude::*, server_fn::ServerFn};

use super::Form;
use crate::{
    api::{
        Answer,
        ask::read,
        providers::{TryModel, TryProxy},
    },
    browser, fault,
    query::escape,
    text::use_text,
    ui::{Erase, icon::Icon, state::note},
};

impl Form {
    /// Which rule takes a model, and what it is sent as.
    pub(super) fn model_trial(&self) -> AnyView {
        let words = &self.text.providers;
        let typed = RwSignal::new(String::new());
        let more = move || format!("&model={}", escape(&typed.get_untracked()));
        // It belongs to no form: Enter in it saves nothing.
        view! {
            <div class="field needs-script">
                <label for="try-model">{words.try_model}</label>
                <input class="input" id="try-model" form="none" spellcheck="false" autocomplete="off"
                    placeholder="claude-sonnet-4-5" on:input=move |event| typed.set(event_target_value(&event)) />
            </div>
            {trial(TryModel::url(), words.try_model_run, more)}
        }
        .into_any()
    }

    /// Whether the provider is reached through the proxy.
    pub(super) fn proxy_trial(&self) -> AnyView {
        trial(TryProxy::url(), self.text.providers.try_proxy, String::new)
    }
}

/// A button that sends the form around it to a server function, with `more` beside its fields, and the HTML that comes
/// back.
fn trial(url: &'static str, label: &'static str, more: impl Fn() -> String + 'static) -> AnyView {
    let text = use_text();
    let (is_pending, answer) = (RwSignal::new(false), RwSignal::new(None::<Answer<String>>));
    let run = move |event: ev::MouseEvent| {
        let Some(fields) = browser::fields_around(&event) else { return };
        is_pending.set(true);
        browser::post(url.to_owned(), format!("{fields}{}", more()), move |came| {
            // The form may be gone by now.
            is_pending.try_set(false);
            answer.try_set(Some(came));
        });
    };
    let outcome = move || match read::<String>(&answer.get()?) {
        Ok(html) => Some(view! { <div inner_html=html></div> }.erase()),
        Err(error) => Some(note("note bad", Icon::Alert, fault::message(text, &error))),
    };
    view! {
        <div class="needs-script"><button type="button" class="button small" disabled=move || is_pending.get() on:click=run>{label}</button></div>
        <div aria-live="polite">{outcome}</div>
    }
    .into_any()
}
