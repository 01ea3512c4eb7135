//! Every price a model ever had.

use hub::domain::{
    page::Page,
    price::{Price, PriceSource, PriceVersion},
};
use leptos::prelude::*;

use crate::{
    api::ask::Question,
    asked::{asked, show},
    format::usd_exact,
    live::Live,
    text::{Text, use_text},
    ui::{Erase, dialog::Dialog, time::ago_view},
};

/// The history, over the list.
#[component]
pub(super) fn History(
    /// The model.
    model: String,
) -> impl IntoView {
    let text = use_text();
    let live: Live = expect_context();
    let title = (text.prices.history_title)(&model);
    let asked = asked(move || (live.news(), Question::PriceHistory(model.clone())));
    view! {
        <Dialog title_id="price-history">
            <h2 id="price-history">{title}</h2>
            <p class="help mt-1 mb-3">{text.prices.history_lead}</p>
            {show(asked, move |page: Page<PriceVersion>| table(text, &page.items))}
            <div class="mt-4 flex justify-end"><a class="button" href="/prices" data-esc data-noscroll>{text.calls.close}</a></div>
        </Dialog>
    }
    .erase()
}

fn table(text: &'static Text, versions: &[PriceVersion]) -> AnyView {
    let words = &text.prices;
    view! {
        <div class="scroll inset" tabindex="0" role="region" aria-label=words.history>
            <table class="table snug">
                <thead>
                    <tr>
                        <th scope="col" class="num">{words.version}</th>
                        <th scope="col">{text.common.updated}</th>
                        <th scope="col">{words.source}</th>
                        <th scope="col" class="num">{words.input}</th>
                        <th scope="col" class="num">{words.output}</th>
                        <th scope="col" class="num">{words.read}</th>
                    </tr>
                </thead>
                <tbody>{versions.iter().map(|version| line(text, version)).collect_view()}</tbody>
            </table>
        </div>
    }
    .erase()
}

fn line(text: &'static Text, version: &PriceVersion) -> AnyView {
    let source = match (&version.price, version.source) {
        (None, _) => text.prices.deleted,
        (Some(_), PriceSource::Builtin) => text.prices.builtin,
        (Some(_), PriceSource::Litellm) => text.prices.litellm,
        (Some(_), PriceSource::Manual) => text.prices.manual,
    };
    let parts: [fn(&Price) -> String; 3] =
        [|price| usd_exact(price.input), |price| usd_exact(price.output), |price| usd_exact(price.cache_read)];
    let amounts = parts.map(|part| {
        let amount = version.price.as_ref().map_or_else(|| crate::format::UNKNOWN.to_owned(), part);
        view! { <td class="num">{amount}</td> }.erase()
    });
    view! {
        <tr>
            <td class="num">{version.version}</td>
            <td class="sub">{ago_view(version.at)}</td>
            <td>{source}</td>
            {amounts.into_iter().collect_view()}
        </tr>
    }
    .erase()
}
