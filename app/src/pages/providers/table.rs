//! The list of providers.

use hub::domain::page::Page;
use leptos::prelude::*;

use crate::{
    api::providers::{EnableProvider, ProviderRow},
    change::{Change, ChangeForm},
    fault,
    format::{share, span_or_unknown, usd_alone, whole},
    query::escape,
    text::{Text, use_text},
    ui::{
        icon::Icon,
        state::{empty, enabled},
        toast::use_toasts,
    },
};

/// The table.
pub(super) fn view(page: Page<ProviderRow>, changed: impl Fn() + Copy + Send + Sync + 'static) -> AnyView {
    let text = use_text();
    if page.items.is_empty() {
        let action = Some(("/providers/new", text.providers.new));
        return view! { <div class="panel">{empty(Icon::Providers, text.providers.empty, text.providers.empty_why, action)}</div> }.into_any();
    }
    let all_calls: u64 = page.items.iter().map(|row| row.totals.calls).sum();
    let next = page.next_cursor.map(|cursor| {
        view! { <nav class="pager"><a class="button small" rel="next" href=format!("/providers?cursor={}", escape(&cursor))>{text.common.next_page}</a></nav> }
    });
    view! {
        <section class="panel">
            <div class="scroll">
                <table class="table">
                    <caption class="aside">{text.providers.title}</caption>
                    {head(text)}
                    <tbody>{page.items.into_iter().map(|row| line(text, row, all_calls, changed)).collect_view()}</tbody>
                </table>
            </div>
            {next}
        </section>
        <p class="caption mt-2 px-4">{text.providers.requests}", "{text.providers.errors}", "{text.overview.cost}": "{text.providers.traffic_day}</p>
    }
    .into_any()
}

fn head(text: &'static Text) -> AnyView {
    let words = &text.providers;
    view! {
        <thead>
            <tr>
                <th scope="col">{text.common.name}</th>
                <th scope="col">{text.common.state}</th>
                <th scope="col">{words.host}</th>
                <th scope="col" class="num">{words.priority}</th>
                <th scope="col" class="num">{words.weight}</th>
                <th scope="col">{text.common.group}</th>
                <th scope="col">{words.models}</th>
                <th scope="col" class="num">{words.requests}</th>
                <th scope="col" class="num">{words.share}</th>
                <th scope="col" class="num">{words.errors}</th>
                <th scope="col" class="num">{words.first_token}</th>
                <th scope="col" class="num">{text.overview.cost}</th>
                <th scope="col"><span class="aside">{text.common.actions}</span></th>
            </tr>
        </thead>
    }
    .into_any()
}

fn line(
    text: &'static Text,
    row: ProviderRow,
    all_calls: u64,
    changed: impl Fn() + Copy + Send + Sync + 'static,
) -> AnyView {
    let ProviderRow { provider, totals } = row;
    let models = match provider.models.len() {
        0 => text.providers.all_models.to_owned(),
        n_rules => (text.providers.n_models)(n_rules),
    };
    let host = provider.base_url.split_once("://").map_or(provider.base_url.as_str(), |(_, host)| host).to_owned();
    let groups = group_names(text, &provider.group);
    let toggle = view! { <Toggle id=provider.id.to_string() name=provider.name.clone() is_enabled=provider.enabled changed=changed /> };
    view! {
        <tr class:off=!provider.enabled>
            <td><a class="row-link" data-row href=format!("/providers/{}", provider.id)>{provider.name.clone()}</a></td>
            <td>{enabled(provider.enabled)}</td>
            <td class="sub mono">{host}</td>
            <td class="num">{provider.priority}</td>
            <td class="num">{provider.weight}</td>
            <td>{groups}</td>
            <td class="sub">{models}</td>
            <td class="num">{whole(totals.calls)}</td>
            <td class="num sub">{share(totals.calls, all_calls)}</td>
            <td class="num">{whole(totals.errors())}</td>
            <td class="num">{span_or_unknown(totals.first_token_ms_p50)}</td>
            <td class="num">{usd_alone(totals.cost_usd)}</td>
            <td class="num">{toggle}</td>
        </tr>
    }
    .into_any()
}

/// The names of groups; those of nobody stand for the default.
pub(crate) fn group_names(text: &Text, groups: &[String]) -> String {
    if groups.is_empty() { text.common.default_group.to_owned() } else { groups.join(", ") }
}

/// Switches a provider on or off.
#[component]
fn Toggle(
    id: String,
    name: String,
    is_enabled: bool,
    changed: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let text = use_text();
    let toasts = use_toasts();
    let change = Change::through::<EnableProvider>();
    change.on_done(changed);
    let error = fault::of(change);
    Effect::new(move |_| {
        if let Some(error) = error.get() {
            toasts.failed(error);
        }
    });
    let word = if is_enabled { text.common.disable } else { text.common.enable };
    let label = format!("{word}: {name}");
    view! {
        <ChangeForm change>
            <input type="hidden" name="id" value=id />
            <input type="hidden" name="enabled" value=(!is_enabled).to_string() />
            <button type="submit" class="button ghost small" aria-label=label disabled=move || change.is_pending.get()>{word}</button>
        </ChangeForm>
    }
}
