//! The list of prices: what a model's tokens cost, and who says so.

pub(crate) mod edit;
pub(crate) mod file;
mod history;

use hub::domain::{
    money::Usd,
    page::Page,
    price::{CacheRate, ModelPrice, Price, PriceQuery, PriceSource},
};
use leptos::prelude::*;

use super::{
    clock::Clock,
    parts::{self, link_with},
};
use crate::{
    format::{places_of, usd},
    text::Text,
    ui::{
        Erase,
        icon::{Icon, icon},
        page::{Head, frame},
        state::empty,
    },
};

/// Where it is.
const PATH: &str = "/prices";

/// The page.
pub(crate) fn page(
    text: &'static Text,
    prices: &Page<ModelPrice>,
    query: &PriceQuery,
    clock: Clock,
) -> (Option<String>, AnyView) {
    let stay = address(query);
    let over = |name| link_with(PATH, &stay, &[(name, "1")]);
    let actions = view! {
        <a class="button" href=over("import") data-noscroll>{text.price_import.import}</a>
        <a class="button primary" href=over("new") data-noscroll>{icon(Icon::Plus)}{text.prices.new}</a>
    };
    let next = prices.next_cursor.as_deref().map(|cursor| {
        let href = link_with(PATH, &stay, &[("cursor", cursor)]);
        view! { <nav class="pager"><a class="button small" rel="next" href=href>{text.common.next_page}</a></nav> }
            .erase()
    });
    let content = view! {
        {filters(text, query)}
        <section class="panel">{list(text, &prices.items, query, &stay, clock)}{next}</section>
    };
    let words = &text.price_list;
    let head = Head { title: words.title.to_owned(), lead: Some(words.lead), above: None, actions: actions.into_any() };
    (Some(words.title.to_owned()), frame(false, head, content.into_any()))
}

/// Where the list is that lies below a dialog.
pub(crate) fn list_address(query: &PriceQuery) -> String {
    link_with(PATH, &address(query), &[])
}

/// The parameters that lead here.
fn address(query: &PriceQuery) -> Vec<(&'static str, String)> {
    vec![
        ("q", query.q.clone().unwrap_or_default()),
        ("source", query.source.map(PriceSource::as_str).unwrap_or_default().to_owned()),
        ("cursor", query.cursor.clone().unwrap_or_default()),
    ]
}

fn filters(text: &'static Text, query: &PriceQuery) -> AnyView {
    let words = &text.price_list;
    let source = query.source.map(PriceSource::as_str).unwrap_or_default();
    let sources = PriceSource::ALL.map(|source| (source.as_str().to_owned(), source_word(text, source).to_owned()));
    view! {
        <form class="filters" method="get" action=PATH role="search" aria-label=words.search>
            <input class="input" type="search" name="q" value=query.q.clone() aria-label=words.search
                placeholder=words.search spellcheck="false" data-filter />
            <select class="select" id="price-source" name="source" aria-label=text.price_list.source>
                {parts::options_or(words.any_source, sources.into_iter(), source)}
            </select>
            <button class="button" type="submit">{text.calls.apply}</button>
        </form>
    }
    .erase()
}

fn list(
    text: &'static Text,
    prices: &[ModelPrice],
    query: &PriceQuery,
    stay: &[(&'static str, String)],
    clock: Clock,
) -> AnyView {
    let words = &text.price_list;
    if !prices.is_empty() {
        return table(text, prices, stay, clock);
    }
    if query.q.is_some() || query.source.is_some() || query.cursor.is_some() {
        return empty(Icon::Prices, words.empty, words.none_found, Some((PATH, text.calls.clear)));
    }
    empty(Icon::Prices, words.empty, words.empty_why, Some(("/prices?new=1", text.prices.new)))
}

fn table(text: &'static Text, prices: &[ModelPrice], stay: &[(&'static str, String)], clock: Clock) -> AnyView {
    let words = &text.prices;
    let of = |part: fn(&Price) -> Usd| places_of(prices.iter().map(|item| part(&item.price)));
    let places =
        [of(|p| p.input), of(|p| p.output), of(|p| p.cache_write_5m), of(|p| p.cache_write_1h), of(|p| p.cache_read)];
    let lines = prices.iter().map(|price| line(text, price, places, stay, clock));
    view! {
        <div class="scroll">
            <table class="table price-list cards">
                <caption class="aside">{text.price_list.title}", "{words.per_million}</caption>
                <thead>
                    <tr>
                        <th scope="col">{words.model}</th>
                        <th scope="col" class="num">{words.input}</th>
                        <th scope="col" class="num">{words.output}</th>
                        <th scope="col" class="num">{words.write_5m}</th>
                        <th scope="col" class="num">{words.write_1h}</th>
                        <th scope="col" class="num">{words.read}</th>
                        <th scope="col">{text.price_list.source}</th>
                        <th scope="col">{text.price_list.updated}</th>
                        <th scope="col"><span class="aside">{text.common.actions}</span></th>
                    </tr>
                </thead>
                <tbody>{lines.collect_view()}</tbody>
            </table>
        </div>
    }
    .erase()
}

fn line(
    text: &'static Text,
    item: &ModelPrice,
    places: [u32; 5],
    stay: &[(&'static str, String)],
    clock: Clock,
) -> AnyView {
    let price = &item.price;
    let over = |name: &'static str| link_with(PATH, stay, &[(name, &item.model)]);
    let label = |word: &str| format!("{word}: {}", item.model);
    let words = &text.prices;
    let parts = [
        (words.input, price.input, None),
        (words.output, price.output, None),
        (words.write_5m, price.cache_write_5m, Some(CacheRate::Write5m)),
        (words.write_1h, price.cache_write_1h, Some(CacheRate::Write1h)),
        (words.read, price.cache_read, Some(CacheRate::Read)),
    ];
    let amounts = parts.into_iter().zip(places).map(|((head, amount, rate), places)| {
        let is_derived = rate.is_some_and(|rate| price.derived.contains(&rate));
        let mark = is_derived.then(|| {
            let why = text.price_list.derived_help;
            view! { " "<span class="badge" title=why>{text.prices.derived}</span> }.erase()
        });
        view! { <td class="num" data-head=head>{usd(amount, places)}{mark}</td> }.erase()
    });
    view! {
        <tr>
            <td><a class="row-link mono" data-row data-noscroll href=over("edit")>{item.model.clone()}</a></td>
            {amounts.collect_view()}
            <td><span class="badge">{source_word(text, item.source)}</span></td>
            <td class="sub" data-head=text.price_list.updated>{clock.day(item.updated_at)}</td>
            <td class="num">
                <a class="button ghost small" href=over("history") aria-label=label(text.price_list.history) data-noscroll>{text.price_list.history}</a>
                <a class="button ghost small" href=over("edit") aria-label=label(text.common.edit) data-noscroll>{text.common.edit}</a>
                <a class="button ghost small danger" href=over("drop") aria-label=label(text.common.delete) data-noscroll>{text.common.delete}</a>
            </td>
        </tr>
    }
    .erase()
}

/// Who set a price, in a word.
fn source_word(text: &'static Text, source: PriceSource) -> &'static str {
    let words = &text.price_list;
    match source {
        PriceSource::Builtin => words.builtin,
        PriceSource::Litellm => words.litellm,
        PriceSource::Manual => words.manual,
    }
}
