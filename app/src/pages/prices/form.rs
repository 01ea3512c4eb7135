//! A price is set.

use hub::domain::{
    money::Usd,
    price::{CacheRate, ModelPrice, Price, PriceSource},
};
use leptos::prelude::*;

use crate::{
    api::prices::SavePrice,
    change::{Change, ChangeForm},
    fault,
    text::use_text,
    ui::{
        Erase,
        dialog::Dialog,
        field::{Shape, TextField},
        form::watch_dialog,
        icon::Icon,
        state::note,
    },
};

/// The fields of the form that are not rules.
const RATES: [&str; 6] = ["input", "output", "cache_write_5m", "cache_write_1h", "cache_read", "derived"];

/// Sets a price; a new one if there is none of that model.
#[expect(clippy::needless_pass_by_value, reason = "properties of a component are owned")]
#[component]
pub(super) fn EditPrice(
    /// The price as it stands, if there is one.
    price: Option<ModelPrice>,
    /// The address of the list.
    back: String,
) -> impl IntoView {
    let text = use_text();
    let words = &text.prices;
    let change = Change::through::<SavePrice>();
    let error = fault::of(change);
    let failure = move || error.get().map(|error| note("note bad", Icon::Alert, error));
    let title = price.as_ref().map_or_else(|| words.new.to_owned(), |price| (words.edit_title)(&price.model));
    let is_builtin = price.as_ref().is_some_and(|price| price.source != PriceSource::Manual);
    let name = if let Some(price) = &price {
        view! { <input type="hidden" name="form[model]" value=price.model.clone() /> }.erase()
    } else {
        TextField::new("form[model]", words.model)
            .help(words.model_help)
            .problem(fault::at(change, "model"))
            .required()
            .view()
    };
    let fields = fields(price.as_ref().map(|price| &price.price), change);
    view! {
        <Dialog title_id="edit-price">
                <h2 id="edit-price">{title}</h2>
                <p class="help mt-1 mb-3">{words.per_million}{is_builtin.then(|| format!(" · {}", words.overwrites))}</p>
                <ChangeForm change>
                    <div class="grid gap-3" on:input=watch_dialog(change)>
                        {name}
                        {fields}
                        <div role="alert">{failure}</div>
                        <div class="flex justify-end gap-2">
                            <a class="button" href=back data-esc data-noscroll>{text.common.cancel}</a>
                            <button type="submit" class="button primary">{text.common.save}</button>
                        </div>
                    </div>
                </ChangeForm>
        </Dialog>
    }.erase()
}

/// The fields of a price, as a form sends them to [`PriceForm`](crate::api::prices::PriceForm); empty without one.
pub(crate) fn fields(price: Option<&Price>, change: Change) -> AnyView {
    let words = &use_text().prices;
    let problem = |field| fault::at(change, field);
    let amount = |name: &'static str, field: &'static str, label: &'static str, of: fn(&Price) -> Usd| {
        let own = price.filter(|price| !is_derived(price, field)).map(|price| of(price).to_string());
        let input = TextField::new(name, label).value(own.unwrap_or_default()).problem(problem(field));
        if field == "input" || field == "output" {
            input.numeric(Some("$"), "0").required().view()
        } else {
            input.numeric(Some("$"), words.derived).view()
        }
    };
    let rules = price.map(rules_of).unwrap_or_default();
    let rules =
        TextField::new("form[rules]", words.rules).value(rules).help(words.rules_help).problem(problem("rules"));
    view! {
        <div class="pair">
            {amount("form[input]", "input", words.input, |price| price.input)}
            {amount("form[output]", "output", words.output, |price| price.output)}
            {amount("form[cache_write_5m]", "cache_write_5m", words.write_5m, |price| price.cache_write_5m)}
            {amount("form[cache_write_1h]", "cache_write_1h", words.write_1h, |price| price.cache_write_1h)}
            {amount("form[cache_read]", "cache_read", words.read, |price| price.cache_read)}
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
