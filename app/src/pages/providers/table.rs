//! The list of providers.

use hub::domain::{
    hold::{HoldReason, HoldScope, HoldShown},
    page::Page,
};
use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    api::{
        AppError,
        providers::{EnableProvider, EndHold, PauseProvider, ProviderRow},
    },
    change::{Change, ChangeForm},
    fault,
    format::{share, span_or_unknown, usd_alone, whole},
    query::escape,
    text::{Text, use_text},
    ui::{
        Erase,
        icon::Icon,
        state::{Tone, empty, enabled, state},
        time::ago_view,
        toast::use_toasts,
    },
};

/// The table.
pub(super) fn view(page: Page<ProviderRow>, changed: impl Fn() + Copy + Send + Sync + 'static) -> AnyView {
    let text = use_text();
    if page.items.is_empty() {
        let action = Some(("/providers/new", text.providers.new));
        return view! { <div class="panel">{empty(Icon::Providers, text.providers.empty, text.providers.empty_why, action)}</div> }.erase();
    }
    let all_calls: u64 = page.items.iter().map(|row| row.totals.calls).sum();
    let next = page.next_cursor.map(|cursor| {
        view! { <nav class="pager"><a class="button small" rel="next" href=format!("/providers?cursor={}", escape(&cursor))>{text.common.next_page}</a></nav> }.erase()
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
        <p class="caption mt-2 px-4">{text.providers.requests}", "{text.providers.errors}", "{text.calls.cost}": "{text.providers.traffic_day}</p>
    }
    .erase()
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
                <th scope="col" class="num">{text.calls.cost}</th>
                <th scope="col"><span class="aside">{text.common.actions}</span></th>
            </tr>
        </thead>
    }
    .erase()
}

fn line(
    text: &'static Text,
    row: ProviderRow,
    all_calls: u64,
    changed: impl Fn() + Copy + Send + Sync + 'static,
) -> AnyView {
    let ProviderRow { provider, totals, holds } = row;
    let models = match provider.models.len() {
        0 => text.providers.all_models.to_owned(),
        n_rules => (text.providers.n_models)(n_rules),
    };
    let host = provider.base_url.split_once("://").map_or(provider.base_url.as_str(), |(_, host)| host).to_owned();
    let groups = group_names(text, &provider.group);
    let (word, enabled_next) =
        if provider.enabled { (text.common.disable, "false") } else { (text.common.enable, "true") };
    let fields = vec![("id", provider.id.to_string()), ("enabled", enabled_next.to_owned())];
    let toggle = act::<EnableProvider>(word, &provider.name, fields, changed);
    let is_paused = holds.iter().any(|shown| shown.hold.reason == HoldReason::Pause);
    let pause = (!is_paused).then(|| {
        act::<PauseProvider>(text.providers.pause, &provider.name, vec![("id", provider.id.to_string())], changed)
    });
    view! {
        <tr class:off=!provider.enabled>
            <td><a class="row-link" data-row href=format!("/providers/{}", provider.id)>{provider.name.clone()}</a></td>
            <td>{enabled(provider.enabled)}{holds.into_iter().map(|shown| hold(text, shown, changed)).collect_view()}</td>
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
            <td class="num"><span class="flex justify-end">{pause}{toggle}</span></td>
        </tr>
    }
    .erase()
}

/// The names of groups; those of nobody stand for the default.
pub(crate) fn group_names(text: &Text, groups: &[String]) -> String {
    if groups.is_empty() { text.common.default_group.to_owned() } else { groups.join(", ") }
}

/// One hold: why, for how long, and the button that ends it.
fn hold(text: &'static Text, shown: HoldShown, changed: impl Fn() + Copy + Send + Sync + 'static) -> AnyView {
    let HoldShown { hold, is_absolute, remaining_s, .. } = shown;
    let tone = if is_absolute { Tone::Bad } else { Tone::Warn };
    let reason = (text.hold)(hold.reason);
    let model = if let HoldScope::Model { model, .. } = &hold.scope { Some(model.clone()) } else { None };
    let end = match (hold.until, remaining_s) {
        (Some(_), Some(0)) => text.providers.half_open.into_any(),
        (Some(until), _) => ago_view(until),
        (None, _) => text.providers.until_ended.into_any(),
    };
    let button = act::<EndHold>(text.providers.end_hold, reason, vec![("id", hold.id.to_string())], changed);
    view! {
        <span class="flex items-center gap-2" title=hold.note>
            {state(tone, reason)} <span class="sub mono">{model}</span> <span class="sub">{end}</span> {button}
        </span>
    }
    .erase()
}

/// A button that does one thing through the server function `S`. `name` says to whom, for those who do not see the row.
fn act<S: ServerFn<Error = AppError>>(
    word: &'static str,
    name: &str,
    fields: Vec<(&'static str, String)>,
    changed: impl Fn() + Copy + Send + Sync + 'static,
) -> AnyView {
    let toasts = use_toasts();
    let change = Change::through::<S>();
    change.on_done(changed);
    let error = fault::of(change);
    Effect::new(move |_| {
        if let Some(error) = error.get() {
            toasts.failed(error);
        }
    });
    let label = format!("{word}: {name}");
    let field = |(name, value)| view! { <input type="hidden" name=name value=value /> }.erase();
    view! {
        <ChangeForm change>
            {fields.into_iter().map(field).collect_view()}
            <button type="submit" class="button ghost small" aria-label=label disabled=move || change.is_pending.get()>{word}</button>
        </ChangeForm>
    }
    .erase()
}
