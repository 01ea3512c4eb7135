//! Quotas: who is near or over a limit.

use hub::domain::{
    limit::quota::{Quota, SubjectKind},
    page::Page as Items,
};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
    params::ParamsMap,
};

use super::limits;
use crate::{
    api::{ask::Question, limits::QuotaFilter},
    asked::{asked, show},
    browser,
    format::{UNKNOWN, share_of_permille},
    live::Live,
    query::escape,
    text::{Text, use_text},
    ui::{
        Erase,
        icon::Icon,
        page::Page,
        state::empty,
        time::{ago_view, use_now},
    },
};

/// What is used is read again at most this often, in milliseconds: on a busy hub it always changes.
const READ_EVERY_MS: i64 = 5_000;

/// The list.
#[component]
pub(crate) fn Quotas() -> impl IntoView {
    let text = use_text();
    let live: Live = expect_context();
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(read));
    let now = use_now();
    let beat = Memo::new(move |_| now.get().map(|now| now / READ_EVERY_MS));
    let recorded = Memo::new(move |_| {
        beat.track();
        live.recorded.get_untracked()
    });
    let news = move || live.news().wrapping_add(recorded.get());
    let list = asked(move || (news(), Question::Quotas(filter.get())));
    view! {
        <Page title=text.quotas.title lead=text.quotas.lead>
            {move || filters(text, &filter.get())}
            {show(list, move |page| quotas(text, page, &filter.get_untracked()))}
        </Page>
    }
    .erase()
}

/// What the address asks for. What cannot be read is left out.
fn read(map: &ParamsMap) -> QuotaFilter {
    let get = |name| map.get_str(name).filter(|value| !value.is_empty());
    QuotaFilter {
        owner: get("of").and_then(|of| SubjectKind::ALL.into_iter().find(|kind| kind.as_str() == of)),
        at_least: get("share").and_then(|share| share.parse().ok()).filter(|share| *share <= 100).unwrap_or_default(),
        cursor: get("cursor").map(str::to_owned),
    }
}

/// The address that asks for it, with another cursor.
fn path(filter: &QuotaFilter, cursor: Option<&str>) -> String {
    let of = filter.owner.map(|owner| format!("of={}", owner.as_str()));
    let share = (filter.at_least > 0).then(|| format!("share={}", filter.at_least));
    let cursor = cursor.map(|cursor| format!("cursor={}", escape(cursor)));
    let query: Vec<String> = [of, share, cursor].into_iter().flatten().collect();
    if query.is_empty() { "/quotas".to_owned() } else { format!("/quotas?{}", query.join("&")) }
}

/// The filters: a form whose answer is an address. Without script it is sent by its button, with script as it changes.
fn filters(text: &'static Text, filter: &QuotaFilter) -> AnyView {
    let words = &text.quotas;
    let navigate = use_navigate();
    let submit = move |event: leptos::ev::SubmitEvent| {
        if let Some(address) = browser::form_address(&event) {
            event.prevent_default();
            navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        }
    };
    let of = filter.owner.map(SubjectKind::as_str).unwrap_or_default().to_owned();
    let share = if filter.at_least > 0 { filter.at_least.to_string() } else { String::new() };
    let kinds = [("", words.anybody), ("user", words.users), ("key", words.keys), ("provider", words.providers)];
    let shares = [("", words.any_share), ("50", words.half), ("80", words.most), ("100", words.over)];
    view! {
        <form class="filters" method="get" action="/quotas" role="search" aria-label=words.filter
            on:submit=submit on:change=move |event| browser::submit_form_of(&event)>
            <select class="select" name="of" aria-label=words.whose data-filter>{options(&kinds, &of)}</select>
            <select class="select" name="share" aria-label=words.share>{options(&shares, &share)}</select>
            <button class="button" type="submit">{text.calls.apply}</button>
        </form>
    }
    .erase()
}

fn options(all: &[(&'static str, &'static str)], chosen: &str) -> Vec<AnyView> {
    let option = |(value, word): &(&'static str, &'static str)| {
        let selected = *value == chosen;
        view! { <option value=*value selected=selected>{*word}</option> }.erase()
    };
    all.iter().map(option).collect()
}

fn quotas(text: &'static Text, page: Items<Quota>, filter: &QuotaFilter) -> AnyView {
    let words = &text.quotas;
    let next = page.next_cursor.map(|cursor| {
        view! { <nav class="pager"><a class="button small" rel="next" href=path(filter, Some(&cursor))>{text.common.next_page}</a></nav> }.erase()
    });
    let is_filtered = filter.owner.is_some() || filter.at_least > 0 || filter.cursor.is_some();
    let list = match (page.items.is_empty(), is_filtered) {
        (false, _) => table(text, &page.items),
        (true, true) => {
            empty(Icon::Quotas, words.empty_filtered, words.empty_filtered_why, Some(("/quotas", text.calls.clear)))
        }
        (true, false) => empty(Icon::Quotas, words.empty, words.empty_why, None),
    };
    view! { <section class="panel">{list}{next}</section> }.erase()
}

fn table(text: &'static Text, quotas: &[Quota]) -> AnyView {
    let words = &text.quotas;
    view! {
        <div class="scroll">
            <table class="table quotas cards">
                <caption class="aside">{words.title}</caption>
                <thead>
                    <tr>
                        <th scope="col">{words.whose}</th>
                        <th scope="col">{words.limit}</th>
                        <th scope="col" class="num">{words.share}</th>
                        <th scope="col">{words.used}</th>
                        <th scope="col">{words.resets}</th>
                    </tr>
                </thead>
                <tbody>{quotas.iter().map(|quota| line(text, quota)).collect_view()}</tbody>
            </table>
        </div>
    }
    .erase()
}

fn line(text: &'static Text, quota: &Quota) -> AnyView {
    let words = &text.quotas;
    let kind = match quota.subject {
        SubjectKind::User => text.calls.user,
        SubjectKind::Key => words.key_of,
        SubjectKind::Provider => text.calls.provider,
    };
    let whose = quota.user_name.clone().map(|user| view! { <span class="sub">{user}" / "</span> }.erase());
    let room = match quota.used.resets_at {
        Some(at) => ago_view(at),
        None if quota.used.window.is_money() => words.no_reset.into_any(),
        // What counts the last minute, or what runs, has no end to be told.
        None => UNKNOWN.into_any(),
    };
    view! {
        <tr>
            <td>
                <a class="row-link" data-row href=form(quota)>{whose}{quota.name.clone()}</a>
                " "<span class="badge">{kind}</span>
            </td>
            <td>{limits::name(text, quota.used.window)}</td>
            <td class="num">{share_of_permille(quota.share_permille)}</td>
            <td>
                <div class="quota-use">
                    {limits::meter(text, &quota.used)}
                    <p class="caption"><span class="tabular-nums">{limits::of_limit(&quota.used)}</span>" · "{limits::left(text, &quota.used)}</p>
                </div>
            </td>
            <td class="sub" data-head=words.resets>{room}</td>
        </tr>
    }
    .erase()
}

/// Where the limit can be changed.
fn form(quota: &Quota) -> String {
    let id = &quota.id;
    match (quota.subject, quota.user_id) {
        (SubjectKind::Key, Some(user)) => format!("/users/{user}?edit={id}"),
        (SubjectKind::Provider, _) => format!("/providers/{id}"),
        (SubjectKind::User | SubjectKind::Key, _) => format!("/users/{id}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_which_quotas() {
        let map: ParamsMap = [("of", "key"), ("share", "80"), ("cursor", "a=b")]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let filter = read(&map);
        assert_eq!((filter.owner, filter.at_least), (Some(SubjectKind::Key), 80));
        assert_eq!(path(&filter, None), "/quotas?of=key&share=80");
        assert_eq!(path(&filter, filter.cursor.as_deref()), "/quotas?of=key&share=80&cursor=a%3Db");
        let strange: ParamsMap = [("of", "nobody"), ("share", "900")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .collect();
        assert_eq!(read(&strange), QuotaFilter::default());
        assert_eq!(path(&QuotaFilter::default(), None), "/quotas");
    }
}
