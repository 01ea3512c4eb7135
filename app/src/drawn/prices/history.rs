//! Every price a model ever had.

use hub::domain::price::{Price, PriceVersion};
use leptos::prelude::*;

use super::source_word;
use crate::{
    drawn::clock::Clock,
    format::{UNKNOWN, usd_exact},
    text::Text,
    ui::Erase,
};

/// The versions, newest first.
pub(super) fn view(text: &'static Text, versions: &[PriceVersion], clock: Clock) -> AnyView {
    let words = &text.prices;
    view! {
        <div class="scroll inset" tabindex="0" role="region" aria-label=text.price_list.history>
            <table class="table snug">
                <thead>
                    <tr>
                        <th scope="col" class="num">{text.price_list.version}</th>
                        <th scope="col">{text.price_list.updated}</th>
                        <th scope="col">{text.price_list.source}</th>
                        <th scope="col" class="num">{words.input}</th>
                        <th scope="col" class="num">{words.output}</th>
                        <th scope="col" class="num">{words.read}</th>
                    </tr>
                </thead>
                <tbody>{versions.iter().map(|version| line(text, version, clock)).collect_view()}</tbody>
            </table>
        </div>
    }
    .erase()
}

fn line(text: &'static Text, version: &PriceVersion, clock: Clock) -> AnyView {
    let source = if version.price.is_some() { source_word(text, version.source) } else { text.price_list.deleted };
    let parts: [fn(&Price) -> String; 3] =
        [|price| usd_exact(price.input), |price| usd_exact(price.output), |price| usd_exact(price.cache_read)];
    let amounts = parts.map(|part| {
        let amount = version.price.as_ref().map_or_else(|| UNKNOWN.to_owned(), part);
        view! { <td class="num">{amount}</td> }.erase()
    });
    view! {
        <tr>
            <td class="num">{version.version}</td>
            <td class="sub">{clock.stamp(version.at)}</td>
            <td>{source}</td>
            {amounts.into_iter().collect_view()}
        </tr>
    }
    .erase()
}
