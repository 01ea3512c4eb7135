//! Prices: what a model's tokens cost.

pub(crate) mod form;
mod history;
mod import;

use hub::domain::{
    money::Usd,
    page::Page as Items,
    price::{CacheRate, Price, PriceSource},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use self::{form::EditPrice, history::History, import::Import};
use crate::{
    api::{
        ask::Question,
        prices::{DeletePrice, PriceRow},
    },
    asked::{asked, show},
    change::{Change, ChangeForm},
    format::{places_of, usd},
    live::Live,
    query::escape,
    text::{Text, use_text},
    ui::{
        Erase,
        dialog::Confirm,
        icon::{Icon, icon},
        page::Page,
        state::empty,
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
    let (cursor, words) = (parameter("cursor"), parameter("q"));
    let over = Over {
        editing: parameter("edit"),
        asking: parameter("drop"),
        past: parameter("history"),
        importing: parameter("import"),
    };
    let news = move || {
        // What a dialog has changed is read again when it closes.
        let _ = (over.editing.get(), over.asking.get(), over.importing.get());
        live.news()
    };
    let list = asked(move || (news(), Question::Prices(cursor.get(), words.get())));
    let actions = move || {
        view! {
            <a class="button" href="/prices?import=1" data-noscroll>{text.prices.import}</a>
            <a class="button primary" href="/prices?edit=" data-noscroll>{icon(Icon::Plus)}{text.prices.new}</a>
        }
        .erase()
    };
    view! {
        <Page title=text.prices.title lead=text.prices.lead actions=actions>
            {move || search(text, words.get().unwrap_or_default())}
            {show(list, move |page| prices(text, page, over, words))}
        </Page>
    }
    .erase()
}

/// What may lie over the list, each by the parameter of the address that names it.
#[derive(Clone, Copy)]
struct Over {
    editing: Memo<Option<String>>,
    asking: Memo<Option<String>>,
    past: Memo<Option<String>>,
    importing: Memo<Option<String>>,
}

fn search(text: &'static Text, words: String) -> AnyView {
    view! {
        <form class="filters" method="get" action="/prices" role="search" aria-label=text.prices.search>
            <input class="input" name="q" value=words aria-label=text.prices.search placeholder=text.prices.search
                spellcheck="false" data-filter />
            <button class="button" type="submit">{text.calls.apply}</button>
        </form>
    }
    .erase()
}

fn prices(text: &'static Text, page: Items<PriceRow>, over: Over, words: Memo<Option<String>>) -> AnyView {
    let Over { editing, asking, past, importing } = over;
    let words = words.get_untracked().unwrap_or_default();
    let next = page.next_cursor.map(|cursor| {
        view! { <nav class="pager"><a class="button small" href=format!("/prices?cursor={}&q={}", escape(&cursor), escape(&words))>{text.common.next_page}</a></nav> }.erase()
    });
    let list = if page.items.is_empty() && !words.is_empty() {
        empty(Icon::Prices, text.prices.empty, text.prices.none_found, Some(("/prices", text.calls.clear)))
    } else if page.items.is_empty() {
        empty(Icon::Prices, text.prices.empty, text.prices.empty_why, Some(("/prices?edit=", text.prices.new)))
    } else {
        table(text, &page.items)
    };
    let items = StoredValue::new(page.items);
    let find = move |model: &str| items.with_value(|items| items.iter().find(|price| price.model == model).cloned());
    view! {
        <section class="panel">{list}{next}</section>
        {move || editing.get().map(|model| view! { <EditPrice price=find(&model) model /> }.erase())}
        {move || asking.get().map(|model| view! { <AskDelete model /> }.erase())}
        {move || past.get().map(|model| view! { <History model /> }.erase())}
        {move || importing.get().map(|_| view! { <Import /> }.erase())}
    }
    .erase()
}

fn table(text: &'static Text, prices: &[PriceRow]) -> AnyView {
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
    .erase()
}

fn line(text: &'static Text, item: &PriceRow, places: [u32; 5]) -> AnyView {
    let source = match item.source {
        PriceSource::Builtin => text.prices.builtin,
        PriceSource::Litellm => text.prices.litellm,
        PriceSource::Manual => text.prices.manual,
    };
    let price = &item.price;
    let model = escape(&item.model);
    let label = |word: &str| format!("{word}: {}", item.model);
    let parts = [
        (price.input, None),
        (price.output, None),
        (price.cache_write_5m, Some(CacheRate::Write5m)),
        (price.cache_write_1h, Some(CacheRate::Write1h)),
        (price.cache_read, Some(CacheRate::Read)),
    ];
    let amounts = parts.into_iter().zip(places).map(|((amount, rate), places)| {
        let is_derived = rate.is_some_and(|rate| price.derived.contains(&rate));
        let mark = is_derived.then(|| {
            view! { " "<span class="badge" title=text.prices.derived_help>{text.prices.derived}</span> }.erase()
        });
        view! { <td class="num">{usd(amount, places)}{mark}</td> }.erase()
    });
    view! {
        <tr>
            <td><a class="row-link mono" data-row data-noscroll href=format!("/prices?edit={model}")>{item.model.clone()}</a></td>
            {amounts.collect_view()}
            <td><span class="badge">{source}</span></td>
            <td class="sub">{ago_view(item.updated_at)}</td>
            <td class="num">
                <a class="button ghost small" href=format!("/prices?history={model}") aria-label=label(text.prices.history) data-noscroll>{text.prices.history}</a>
                <a class="button ghost small" href=format!("/prices?edit={model}") aria-label=label(text.common.edit) data-noscroll>{text.common.edit}</a>
                <a class="button ghost small danger" href=format!("/prices?drop={model}") aria-label=label(text.common.delete) data-noscroll>{text.common.delete}</a>
            </td>
        </tr>
    }
    .erase()
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
    .erase()
}
