//! The dialogs about one price: it is set, deleted, or looked back at.

use hub::domain::{
    money::Usd,
    price::{CacheRate, ModelPrice, Price, PriceSource, PriceVersion},
};
use leptos::{prelude::*, server_fn::ServerFn};

use super::history;
use crate::{
    api::prices::{DeletePrice, SavePrice},
    drawn::{
        clock::Clock,
        form::{Doubt, Faults, ask, dialog, dialog_end, hidden},
    },
    text::Text,
    ui::field::Shape,
};

/// The fields of the form that are not rules.
const RATES: [&str; 6] = ["input", "output", "cache_write_5m", "cache_write_1h", "cache_read", "derived"];

/// Sets a price; a new one if there is none of that model. `back` is the address of the list.
pub(crate) fn edit(text: &'static Text, price: Option<&ModelPrice>, back: String) -> AnyView {
    let words = &text.prices;
    let faults = Faults::of::<SavePrice>(text);
    let title = price.map_or_else(|| words.new.to_owned(), |price| (words.edit_title)(&price.model));
    let is_builtin = price.is_some_and(|price| price.source != PriceSource::Manual);
    let name = match price {
        Some(price) => hidden(vec![("form[model]", price.model.clone())]),
        None => faults.field("form[model]", words.model).help(words.model_help).required().view(),
    };
    let content = view! {
        <h2 id="edit-price">{title}</h2>
        <p class="help mt-1 mb-3">{words.per_million}{is_builtin.then(|| format!(" · {}", words.overwrites))}</p>
        <form method="post" action=SavePrice::url()>
            <div class="grid gap-3">
                {name}
                {fields(text, price.map(|price| &price.price), &faults)}
                {dialog_end(text, &faults, back, text.common.save)}
            </div>
        </form>
    };
    dialog("edit-price", false, content.into_any())
}

/// The fields of a price, as a form sends them to [`PriceForm`](crate::api::prices::PriceForm); empty without one.
pub(crate) fn fields(text: &'static Text, price: Option<&Price>, faults: &Faults) -> AnyView {
    let words = &text.prices;
    let amount = |name: &'static str, label: &'static str, of: fn(&Price) -> Usd| {
        let field = faults.field(name, label);
        let own = price.filter(|price| !is_derived(price, field.fault)).map(|price| of(price).to_string());
        let is_rate = field.fault == "input" || field.fault == "output";
        let field = field.value(own.unwrap_or_default());
        if is_rate {
            field.numeric(Some("$"), "0").required().view()
        } else {
            field.numeric(Some("$"), words.derived).view()
        }
    };
    let rules = price.map(rules_of).unwrap_or_default();
    let rules = faults.field("form[rules]", words.rules).value(rules).help(words.rules_help);
    view! {
        <div class="pair">
            {amount("form[input]", words.input, |price| price.input)}
            {amount("form[output]", words.output, |price| price.output)}
            {amount("form[cache_write_5m]", words.write_5m, |price| price.cache_write_5m)}
            {amount("form[cache_write_1h]", words.write_1h, |price| price.cache_write_1h)}
            {amount("form[cache_read]", words.read, |price| price.cache_read)}
        </div>
        {rules.shape(Shape::Code, "{}").view()}
    }
    .into_any()
}

/// True for a cache price that follows from the input price.
fn is_derived(price: &Price, field: &str) -> bool {
    let rate = match field {
        "cache_write_5m" => CacheRate::Write5m,
        "cache_write_1h" => CacheRate::Write1h,
        "cache_read" => CacheRate::Read,
        _ => return false,
    };
    price.derived.contains(&rate)
}

/// All of a price that has no field of its own, as JSON; nothing if there is none.
fn rules_of(price: &Price) -> String {
    let mut whole = serde_json::to_value(price).unwrap_or_default();
    let Some(rules) = whole.as_object_mut() else { return String::new() };
    rules.retain(|name, value| !RATES.contains(&name.as_str()) && !value.is_null());
    if rules.is_empty() { String::new() } else { serde_json::to_string_pretty(&whole).unwrap_or_default() }
}

/// Shows every price that a model ever had.
pub(crate) fn past(text: &'static Text, model: &str, versions: &[PriceVersion], back: String, clock: Clock) -> AnyView {
    let words = &text.prices;
    let content = view! {
        <h2 id="price-history">{(words.history_title)(model)}</h2>
        <p class="help mt-1 mb-3">{words.history_lead}</p>
        {history::view(text, versions, clock)}
        <div class="mt-4 flex justify-end"><a class="button" href=back data-esc data-noscroll>{text.calls.close}</a></div>
    };
    dialog("price-history", false, content.into_any())
}

/// Asks before a price is deleted.
pub(crate) fn ask_delete(text: &'static Text, model: String, back: String) -> AnyView {
    let words = &text.prices;
    let doubt = Doubt {
        title: (words.delete_title)(&model),
        what: words.delete_what,
        lost: None,
        back,
        button: text.common.delete,
        fields: vec![("model", model)],
    };
    ask::<DeletePrice>(text, doubt)
}
