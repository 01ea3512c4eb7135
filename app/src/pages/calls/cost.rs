//! What a call cost, down to the price of each class of tokens.

use hub::domain::{attempt::Attempt, money::Usd};
use leptos::prelude::*;

use crate::{
    api::calls::Detail,
    format::{places_of, usd, usd_exact, whole},
    text::{Text, use_text},
    ui::Erase,
};

/// One table for each attempt that used anything.
pub(super) fn view(detail: &Detail) -> AnyView {
    let text = use_text();
    let charged: Vec<&Attempt> = detail.attempts.iter().filter(|attempt| attempt.usage.total() > 0).collect();
    if charged.is_empty() {
        return ().into_any();
    }
    let is_only = charged.len() == 1;
    let sum = (!is_only).then(|| {
        view! { <p class="mt-3 flex justify-between font-medium"><span>{text.calls.total}</span><span class="num">{usd_exact(detail.call.cost_usd)}</span></p> }.erase()
    });
    view! {
        <section aria-labelledby="cost-title">
            <h3 id="cost-title" class="section-title">{text.calls.charged_tokens}</h3>
            {charged.into_iter().map(|attempt| table(text, attempt, is_only)).collect_view()} {sum}
        </section>
    }
    .erase()
}

/// Tokens, unit price and cost of one class.
type Part = (&'static str, u64, Usd, Usd);

fn parts(text: &'static Text, attempt: &Attempt) -> [Part; 5] {
    let (usage, price, cost) = (&attempt.usage, &attempt.price, &attempt.cost);
    [
        (text.calls.input, usage.input, price.input, cost.input),
        (text.calls.cache_write_5m, usage.cache_write_5m, price.cache_write_5m, cost.cache_write_5m),
        (text.calls.cache_write_1h, usage.cache_write_1h, price.cache_write_1h, cost.cache_write_1h),
        (text.calls.cache_read, usage.cache_read, price.cache_read, cost.cache_read),
        (text.calls.output, usage.output, price.output, cost.output),
    ]
}

fn table(text: &'static Text, attempt: &Attempt, is_only: bool) -> AnyView {
    let parts = parts(text, attempt);
    let price_places = places_of(parts.iter().map(|(_, _, price, _)| *price));
    let cost_places = places_of(parts.iter().map(|(_, _, _, cost)| *cost));
    let line = |(name, tokens, price, cost): Part| {
        view! {
            <tr class:off=tokens == 0>
                <th scope="row">{name}</th>
                <td class="num">{whole(tokens)}</td>
                <td class="num">{usd(price, price_places)}</td>
                <td class="num">{usd(cost, cost_places)}</td>
            </tr>
        }
        .erase()
    };
    let multiplier = attempt.multiplier.to_string();
    let caption = if is_only { None } else { Some(attempt.provider_name.clone()) };
    let raw = attempt.usage_raw.as_ref().and_then(|raw| serde_json::to_string_pretty(raw).ok());
    view! {
        <div class="scroll inset">
            <table class="table snug">
                <caption class="caption">{caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">{text.calls.class}</th>
                        <th scope="col" class="num">{text.calls.amount}</th>
                        <th scope="col" class="num">{text.calls.unit_price}</th>
                        <th scope="col" class="num">{text.calls.cost}</th>
                    </tr>
                </thead>
                <tbody>{parts.map(line).collect_view()}</tbody>
                <tfoot>
                    <tr>
                        <th scope="row">{text.calls.total}</th>
                        <td class="num">{whole(attempt.usage.total())}</td>
                        <td class="num">"× "{multiplier}</td>
                        <td class="num">{usd(attempt.cost_usd, cost_places)}</td>
                    </tr>
                </tfoot>
            </table>
        </div>
        <p class="caption mt-2">
            {text.calls.source}": "{(text.token_source)(attempt.token_source)}
            {attempt.unpriced.then(|| format!(" · {}", text.calls.unpriced_why))}
        </p>
        {raw.map(|raw| view! { <details class="fold"><summary>{text.calls.usage_raw}</summary><pre class="raw" tabindex="0">{raw}</pre></details> }.erase())}
    }
    .erase()
}
