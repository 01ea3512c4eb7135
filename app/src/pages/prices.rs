//! Prices: what a model's tokens cost.

use hub::domain::{
    money::Usd,
    page::Page as Items,
    price::{ModelPrice, Price, PriceSource},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    api::{
        ask::Question,
        prices::{DeletePrice, SavePrice},
    },
    asked::{asked, show},
    change::{Change, ChangeForm},
    fault,
    format::{places_of, usd},
    live::Live,
    query::escape,
    text::{Text, use_text},
    ui::{
        dialog::{Confirm, Dialog},
        field::TextField,
        icon::{Icon, icon},
        page::Page,
        state::{empty, note},
        time::ago_view,
    },
};

/// The list, with a price that is changed or deleted over it.
#[component]
pub(crate) fn Prices() -> impl IntoView {
    let text = use_text();
    let live: Live = expect_context();
    let query = use_query_map();
    let parameter = move |name: &'static str| Memo::new(move |_| query.with(|query| query.get(name)));
    let (cursor, editing, asking) = (parameter("cursor"), parameter("edit"), parameter("drop"));
    let news = move || {
        // What a dialog has changed is read again when it closes.
        let _ = (editing.get(), asking.get());
        live.news()
    };
    let list = asked(move || (news(), Question::Prices(cursor.get())));
    let actions =
        move || view! { <a class="button primary" href="/prices?edit=">{icon(Icon::Plus)}{text.prices.new}</a> };
    view! {
        <Page title=text.prices.title lead=text.prices.lead actions=actions>
            {show(list, move |page| prices(text, page, editing, asking))}
        </Page>
    }
}

fn prices(
    text: &'static Text,
    page: Items<ModelPrice>,
    editing: Memo<Option<String>>,
    asking: Memo<Option<String>>,
) -> AnyView {
    let next = page.next_cursor.map(|cursor| {
        view! { <nav class="pager"><a class="button small" href=format!("/prices?cursor={}", escape(&cursor))>{text.common.next_page}</a></nav> }
    });
    let list = if page.items.is_empty() {
        empty(Icon::Prices, text.prices.empty, text.prices.empty_why, Some(("/prices?edit=", text.prices.new)))
    } else {
        table(text, &page.items)
    };
    let items = StoredValue::new(page.items);
    let find = move |model: &str| items.with_value(|items| items.iter().find(|price| price.model == model).cloned());
    view! {
        <section class="panel">{list}{next}</section>
        {move || editing.get().map(|model| view! { <EditPrice price=find(&model) model /> })}
        {move || asking.get().map(|model| view! { <AskDelete model /> })}
    }
    .into_any()
}

fn table(text: &'static Text, prices: &[ModelPrice]) -> AnyView {
    let words = &text.prices;
    let of = |part: fn(&Price) -> Usd| places_of(prices.iter().map(|item| part(&item.price)));
    let places =
        [of(|p| p.input), of(|p| p.output), of(|p| p.cache_write_5m), of(|p| p.cache_write_1h), of(|p| p.cache_read)];
    view! {
        <div class="scroll">
            <table class="table">
                <caption class="aside">{words.title}", "{words.per_million}</caption>
                <thead>
                    <tr>
                        <th scope="col">{words.model}</th>
                        <th scope="col" class="num">{words.input}</th>
                        <th scope="col" class="num">{words.output}</th>
                        <th scope="col" class="num">{words.write_5m}</th>
                        <th scope="col" class="num">{words.write_1h}</th>
                        <th scope="col" class="num">{words.read}</th>
                        <th scope="col">{words.source}</th>
                        <th scope="col">{text.common.updated}</th>
                        <th scope="col"><span class="aside">{text.common.actions}</span></th>
                    </tr>
                </thead>
                <tbody>{prices.iter().map(|price| line(text, price, places)).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn line(text: &'static Text, item: &ModelPrice, places: [u32; 5]) -> AnyView {
    let source = match item.source {
        PriceSource::Builtin => text.prices.builtin,
        PriceSource::Manual => text.prices.manual,
    };
    let price = &item.price;
    let model = escape(&item.model);
    let label = |word: &str| format!("{word}: {}", item.model);
    let parts = [price.input, price.output, price.cache_write_5m, price.cache_write_1h, price.cache_read];
    let amounts =
        parts.into_iter().zip(places).map(|(amount, places)| view! { <td class="num">{usd(amount, places)}</td> });
    view! {
        <tr>
            <td><a class="row-link mono" data-row data-noscroll href=format!("/prices?edit={model}")>{item.model.clone()}</a></td>
            {amounts.collect_view()}
            <td class="sub">{source}</td>
            <td class="sub">{ago_view(item.updated_at)}</td>
            <td class="num">
                <a class="button ghost small" href=format!("/prices?edit={model}") aria-label=label(text.common.edit) data-noscroll>{text.common.edit}</a>
                <a class="button ghost small danger" href=format!("/prices?drop={model}") aria-label=label(text.common.delete) data-noscroll>{text.common.delete}</a>
            </td>
        </tr>
    }
    .into_any()
}

/// Sets a price; a new one if there is none of that model.
#[component]
fn EditPrice(price: Option<ModelPrice>, model: String) -> impl IntoView {
    let text = use_text();
    let words = &text.prices;
    let change = Change::through::<SavePrice>();
    let problem = move |field| fault::at(change, field);
    let error = fault::of(change);
    let failure = move || error.get().map(|error| note("note bad", Icon::Alert, error));
    let own = price.clone();
    let amount = move |name: &'static str, field: &'static str, label: &'static str, of: fn(&ModelPrice) -> Usd| {
        let own = own.as_ref().map(|price| of(price).to_string()).unwrap_or_default();
        TextField::new(name, label).value(own).numeric(Some("$"), "0").problem(problem(field)).required().view()
    };
    let title = price.as_ref().map_or_else(|| words.new.to_owned(), |price| (words.edit_title)(&price.model));
    let is_builtin = price.as_ref().is_some_and(|price| price.source == PriceSource::Builtin);
    let name = if price.is_some() {
        view! { <input type="hidden" name="form[model]" value=model /> }.into_any()
    } else {
        TextField::new("form[model]", words.model)
            .value(model)
            .help(words.model_help)
            .problem(problem("model"))
            .required()
            .view()
    };
    view! {
        <Dialog title_id="edit-price">
                <h2 id="edit-price">{title}</h2>
                <p class="help mt-1 mb-3">{words.per_million}{is_builtin.then(|| format!(" · {}", words.overwrites))}</p>
                <ChangeForm change>
                    <div class="grid gap-3">
                        {name}
                        <div class="pair">
                            {amount("form[input]", "input", words.input, |price| price.price.input)}
                            {amount("form[output]", "output", words.output, |price| price.price.output)}
                            {amount("form[cache_write_5m]", "cache_write_5m", words.write_5m, |price| price.price.cache_write_5m)}
                            {amount("form[cache_write_1h]", "cache_write_1h", words.write_1h, |price| price.price.cache_write_1h)}
                            {amount("form[cache_read]", "cache_read", words.read, |price| price.price.cache_read)}
                        </div>
                        <div role="alert">{failure}</div>
                        <div class="flex justify-end gap-2">
                            <a class="button" href="/prices" data-esc data-noscroll>{text.common.cancel}</a>
                            <button type="submit" class="button primary">{text.common.save}</button>
                        </div>
                    </div>
                </ChangeForm>
        </Dialog>
    }
}

#[component]
fn AskDelete(model: String) -> impl IntoView {
    let text = use_text();
    let change = Change::through::<DeletePrice>();
    view! {
        <Confirm title=(text.prices.delete_title)(&model) what=text.prices.delete_what back="/prices">
            <ChangeForm change>
                <input type="hidden" name="model" value=model />
                <button type="submit" class="button danger primary">{text.common.delete}</button>
            </ChangeForm>
        </Confirm>
    }
}
