//! The section of a key's form that says what it may ask for: folded while it may all.

use hub::domain::key::ApiKey;
use leptos::prelude::*;

use crate::{
    change::Change,
    fault,
    text::use_text,
    ui::{
        Erase,
        field::{Shape, TextField},
    },
};

/// The section. `scope` is what ids begin with.
pub(super) fn section(scope: &'static str, key: Option<&ApiKey>, change: Change) -> AnyView {
    let text = use_text();
    let words = &text.routing;
    let lines = |of: fn(&ApiKey) -> Vec<String>| key.map(of).unwrap_or_default().join("\n");
    let models = lines(|key| key.models.iter().map(ToString::to_string).collect());
    let clients = lines(|key| key.clients.clone());
    let addresses = lines(|key| key.addresses.iter().map(ToString::to_string).collect());
    let is_set = [&models, &clients, &addresses].iter().any(|lines| !lines.is_empty());
    // A mistake in a field must be seen.
    let is_open = Memo::new(move |_| {
        let field = change.answer.with(|answer| answer.as_ref()?.as_ref().err()?.field.clone());
        is_set || field.is_some_and(|field| ["models", "clients", "addresses"].contains(&field.as_str()))
    });
    let field = |name, fault_name, label, value: String, example, help: &'static str| {
        let field = TextField::new(name, label).scope(scope).value(value).shape(Shape::Code, example);
        field.help(help).problem(fault::at(change, fault_name)).view()
    };
    view! {
        <fieldset class="section">
            <legend>{words.restrictions}</legend>
            <details class="fold" open=move || is_open.get()>
                <summary>{words.restrictions_unfold}</summary>
                <div class="grid gap-4 pt-3">
                    {field("form[models]", "models", text.providers.models_rules, models, "claude-*", words.models_help)}
                    {field("form[clients]", "clients", words.clients, clients, "claude-cli/*", words.clients_help)}
                    {field("form[addresses]", "addresses", words.addresses, addresses, "10.0.0.0/8", words.addresses_help)}
                </div>
            </details>
        </fieldset>
    }
    .erase()
}
