//! Calls as a plain table, for pages that show those of somebody or something.

use hub::domain::{own::OwnCall, usage::Usage};
use leptos::prelude::*;

use super::clock::Clock;
use crate::{
    format::{UNKNOWN, span_or_unknown, usd, whole},
    pages::calls::tone,
    text::Text,
    ui::{Erase, state::state},
};

/// A list of calls.
pub(super) struct CallsTable {
    /// The class of the table.
    pub(super) class: &'static str,
    /// What it is.
    pub(super) caption: &'static str,
    /// Where each call is, before its id.
    pub(super) path: &'static str,
    /// The heads of its own two columns.
    pub(super) own: [&'static str; 2],
}

impl CallsTable {
    /// The table. Each row is a call, as far as it tells nothing of providers, and the cells of the two columns.
    pub(super) fn view(
        &self,
        text: &'static Text,
        rows: impl Iterator<Item = (OwnCall, [AnyView; 2])>,
        clock: Clock,
    ) -> AnyView {
        let words = &text.calls;
        let numbers = [
            words.tokens_in,
            words.tokens_out,
            words.tokens_cache,
            words.cache_write,
            words.cost,
            text.call.first_token,
            words.duration,
        ];
        let [first, second] = self.own;
        let heads = [words.time, words.outcome, first, second];
        let heads = heads.map(|label| view! { <th scope="col">{label}</th> }.erase());
        let numbers = numbers.map(|label| view! { <th scope="col" class="num">{label}</th> }.erase());
        let rows: Vec<AnyView> = rows.map(|(call, own)| row(text, self.path, &call, own, clock)).collect();
        view! {
            <div class="scroll">
                <table class=self.class>
                    <caption class="aside">{self.caption}</caption>
                    <thead><tr>{heads.into_iter().collect_view()}{numbers.into_iter().collect_view()}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .erase()
    }
}

fn row(text: &'static Text, path: &str, call: &OwnCall, own: [AnyView; 2], clock: Clock) -> AnyView {
    // Where no tokens are counted there is nothing to say: nobody has served it.
    let is_counted = call.usage != Usage::default();
    let tokens = |count: u64| if is_counted { whole(count) } else { UNKNOWN.to_owned() };
    let is_charged = is_counted || !call.cost_usd.is_zero();
    let cost = if is_charged { usd(call.cost_usd, 4) } else { UNKNOWN.to_owned() };
    let [first, second] = own;
    view! {
        <tr data-key=call.id.to_string()>
            <td><a class="row-link" data-row href=format!("{path}/{}", call.id)>{clock.to_the_second(call.created_at)}</a></td>
            <td>{outcome(text, call)}</td>
            <td>{first}</td>
            <td>{second}</td>
            <td class="num">{tokens(call.usage.input)}</td>
            <td class="num">{tokens(call.usage.output)}</td>
            <td class="num">{tokens(call.usage.cache_read)}</td>
            <td class="num">{tokens(call.usage.cache_write())}</td>
            <td class="num">{cost}</td>
            <td class="num">{span_or_unknown(call.first_token_ms)}</td>
            <td class="num">{span_or_unknown(call.duration_ms)}</td>
        </tr>
    }
    .erase()
}

/// How a call ended, and its status unless it says nothing more.
pub(super) fn outcome(text: &'static Text, call: &OwnCall) -> AnyView {
    let status = call.status.filter(|status| !(200..300).contains(status));
    view! {
        {state(tone(call.outcome), (text.outcome)(call.outcome))}
        {status.map(|status| view! { <span class="sub">" "{status}</span> }.erase())}
    }
    .into_any()
}
