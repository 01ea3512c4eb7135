//! What a call cost, down to the price of each class of tokens.

use hub::domain::{
    attempt::{Attempt, Share},
    call::CallDetail,
    money::Usd,
    price::bill::Cost,
    usage::Usage,
};
use leptos::prelude::*;

use crate::{
    format::{places_of, usd, usd_exact, whole},
    text::Text,
    ui::Erase,
};

/// One table for each attempt that used anything, and for each model that has worked on it.
pub(super) fn view(text: &'static Text, detail: &CallDetail) -> AnyView {
    let charged: Vec<&Attempt> = detail.attempts.iter().filter(|attempt| attempt.usage.total() > 0).collect();
    if charged.is_empty() {
        return ().into_any();
    }
    let is_only = matches!(charged.as_slice(), [attempt] if attempt.shares.is_empty());
    let sum = (!is_only).then(|| {
        view! { <p class="mt-3 flex justify-between font-medium"><span>{text.call.total}</span><span class="num">{usd_exact(detail.call.cost_usd)}</span></p> }.erase()
    });
    view! {
        <section aria-labelledby="cost-title">
            <h3 id="cost-title" class="section-title">{text.call.charged_tokens}</h3>
            {charged.into_iter().map(|attempt| tables(text, attempt, is_only)).collect_view()} {sum}
        </section>
    }
    .erase()
}

/// What is charged: its name, how much of it there is where it is counted, and what that cost.
pub(crate) type Charge = (&'static str, Option<u64>, Usd);

/// All that is charged: every class of tokens, then tools and the fee for the request where there are any.
pub(crate) fn charges(text: &'static Text, usage: &Usage, cost: &Cost) -> Vec<Charge> {
    let words = &text.call;
    let classes = [
        (words.input, usage.input, cost.input),
        (words.cache_write_5m, usage.cache_write_5m, cost.cache_write_5m),
        (words.cache_write_1h, usage.cache_write_1h, cost.cache_write_1h),
        (words.cache_read, usage.cache_read, cost.cache_read),
        (words.output, usage.output, cost.output),
    ];
    let classes = classes.map(|(name, tokens, cost)| (name, Some(tokens), cost));
    let n_uses = usage.web_searches.saturating_add(usage.web_fetches).saturating_add(usage.code_executions);
    let tools = (n_uses > 0).then_some((words.tools, Some(n_uses), cost.tools));
    let fee = (!cost.request.is_zero()).then_some((words.request_fee, None, cost.request));
    classes.into_iter().chain(tools).chain(fee).collect()
}

/// The prices of a million tokens, in the order of the classes that are charged.
const fn prices(share: &Share) -> [Usd; 5] {
    let price = &share.price;
    [price.input, price.cache_write_5m, price.cache_write_1h, price.cache_read, price.output]
}

/// What each model has used of an attempt: nearly always one, which has used all of it.
fn shares(attempt: &Attempt) -> Vec<Share> {
    if !attempt.shares.is_empty() {
        return attempt.shares.clone();
    }
    vec![Share {
        model: attempt.model_sent.clone(),
        usage: attempt.usage,
        price: attempt.price,
        price_version: attempt.price_version,
        price_factor: attempt.price_factor,
        unpriced: attempt.unpriced,
        cost: attempt.cost,
    }]
}

/// The tables of one attempt; `is_only` if there is no other one.
fn tables(text: &'static Text, attempt: &Attempt, is_only: bool) -> AnyView {
    let of_models = shares(attempt).into_iter().enumerate().flat_map(|(place, share)| {
        let name = if attempt.shares.is_empty() {
            attempt.provider_name.clone()
        } else {
            format!("{} · {}", attempt.provider_name, share.model)
        };
        let caption = (!is_only).then_some(name);
        let reserved = attempt.reserved_usd.filter(|_| place == 0);
        [table(text, &share, caption), about(text, attempt, &share, reserved)]
    });
    view! { {of_models.collect_view()} {raw(text, attempt)} }.erase()
}

/// By which rates and factors a model was charged, and what was `reserved` for the attempt.
fn about(text: &'static Text, attempt: &Attempt, share: &Share, reserved: Option<Usd>) -> AnyView {
    let words = &text.call;
    let factors = [share.price_factor, attempt.multiplier, attempt.group_multiplier].map(|factor| factor.to_string());
    let [listed, provider, group] = &factors;
    let named = [&attempt.terms.speed, &attempt.terms.region, &attempt.terms.service_tier];
    let named: Vec<String> = named.into_iter().flatten().map(|term| (words.term)(term)).collect();
    let about = [
        Some((words.factors)(listed, provider, group)),
        share.price_version.map(words.price_version),
        (!named.is_empty()).then(|| (words.terms)(&named.join(", "))),
        reserved.map(|reserved| {
            let say = if attempt.is_over_its_reservation() { words.over_reserved } else { words.reserved };
            say(&usd_exact(reserved))
        }),
    ];
    let about: Vec<String> = about.into_iter().flatten().collect();
    let about = format!(" · {}", about.join(" · "));
    view! {
        <p class="caption mt-2">
            {words.source}": "{(text.token_source)(attempt.token_source)}
            {about} {share.unpriced.then(|| format!(" · {}", text.calls.unpriced_why))}
        </p>
    }
    .erase()
}

fn table(text: &'static Text, share: &Share, caption: Option<String>) -> AnyView {
    let words = &text.call;
    let (charges, prices) = (charges(text, &share.usage, &share.cost), prices(share));
    let price_places = places_of(prices.into_iter());
    let cost_places = places_of(charges.iter().map(|(_, _, cost)| *cost));
    // What is no class of tokens has no price of a million.
    let prices = prices.into_iter().map(Some).chain(std::iter::repeat(None));
    let line = |((name, tokens, cost), price): (Charge, Option<Usd>)| {
        view! {
            <tr class:off=tokens == Some(0)>
                <th scope="row">{name}</th>
                <td class="num">{tokens.map(whole)}</td>
                <td class="num">{price.map(|price| usd(price, price_places))}</td>
                <td class="num">{usd(cost, cost_places)}</td>
            </tr>
        }
        .erase()
    };
    view! {
        <div class="scroll inset">
            <table class="table snug">
                <caption class="caption">{caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">{words.class}</th>
                        <th scope="col" class="num">{words.amount}</th>
                        <th scope="col" class="num">{words.unit_price}</th>
                        <th scope="col" class="num">{text.calls.cost}</th>
                    </tr>
                </thead>
                <tbody>{charges.into_iter().zip(prices).map(line).collect_view()}</tbody>
                <tfoot>
                    <tr>
                        <th scope="row">{words.total}</th>
                        <td class="num">{whole(share.usage.total())}</td>
                        <td></td>
                        <td class="num">{usd(share.cost.total(), cost_places)}</td>
                    </tr>
                </tfoot>
            </table>
        </div>
    }
    .erase()
}

/// What the provider has sent of it, folded.
fn raw(text: &'static Text, attempt: &Attempt) -> Option<AnyView> {
    let raw = serde_json::to_string_pretty(attempt.usage_raw.as_ref()?).ok()?;
    let id = format!("usage-{}", attempt.id);
    Some(
        view! {
            <details class="fold" id=id>
                <summary>{text.call.usage_raw}</summary> <pre class="raw" tabindex="0">{raw}</pre>
            </details>
        }
        .erase(),
    )
}
