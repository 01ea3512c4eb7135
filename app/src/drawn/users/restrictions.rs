//! What a key may ask for: said in its row, and set in its form.

use hub::domain::key::ApiKey;
use leptos::prelude::*;

use crate::{
    drawn::form::Faults,
    text::Text,
    ui::{Erase, field::Shape},
};

/// What a key is for, as far as it is restricted.
pub(super) fn told(text: &'static Text, key: &ApiKey) -> Option<AnyView> {
    let words = &text.routing;
    let all = [
        (text.providers.models_rules, key.models.iter().map(ToString::to_string).collect::<Vec<_>>()),
        (words.clients, key.clients.clone()),
        (words.addresses, key.addresses.iter().map(ToString::to_string).collect()),
    ];
    let set = all.into_iter().filter(|(_, rules)| !rules.is_empty());
    let told: Vec<_> = set.map(|(name, rules)| format!("{name}: {}", rules.join(", "))).collect();
    let told = told.join(" · ");
    (!told.is_empty()).then(|| {
        view! { <span class="caption block max-w-60 ellipsis" title=told.clone()>{told.clone()}</span> }.erase()
    })
}

/// The section of a key's form: folded while it may ask for everything. `scope` is what ids begin with.
pub(super) fn section(scope: &'static str, text: &'static Text, key: Option<&ApiKey>, faults: &Faults) -> AnyView {
    let words = &text.routing;
    let lines = |of: fn(&ApiKey) -> Vec<String>| key.map(of).unwrap_or_default().join("\n");
    let models = lines(|key| key.models.iter().map(ToString::to_string).collect());
    let clients = lines(|key| key.clients.clone());
    let addresses = lines(|key| key.addresses.iter().map(ToString::to_string).collect());
    let is_set = [&models, &clients, &addresses].iter().any(|lines| !lines.is_empty());
    // A mistake in a field must be seen.
    let is_open = is_set || faults.is_in(|field| ["models", "clients", "addresses"].contains(&field));
    let field = |name, label, value: String, example, help: &'static str| {
        faults.field(name, label).scope(scope).value(value).shape(Shape::Code, example).help(help).view()
    };
    view! {
        <fieldset class="section">
            <legend>{words.restrictions}</legend>
            <details class="fold" open=is_open>
                <summary>{words.restrictions_unfold}</summary>
                <div class="grid gap-4 pt-3">
                    {field("form[models]", text.providers.models_rules, models, "claude-*", words.models_help)}
                    {field("form[clients]", words.clients, clients, "claude-cli/*", words.clients_help)}
                    {field("form[addresses]", words.addresses, addresses, "10.0.0.0/8", words.addresses_help)}
                </div>
            </details>
        </fieldset>
    }
    .erase()
}
