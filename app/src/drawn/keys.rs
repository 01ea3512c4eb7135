//! The list of keys over all users: whose they are, whether they are let in, and when they were last used.

use std::collections::HashMap;

use hub::domain::{
    access::AccessStatus,
    fault::Fault,
    group::Group,
    id::KeyId,
    key::{ApiKey, many::ListedKey},
    limit::{Limited, Limits},
    money::Usd,
    page::Page,
};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::{
    access,
    clock::Clock,
    parts::{self, SortHead, group_names, link_with},
};
use crate::{
    format::{UNKNOWN, places_of_sums, usd},
    pages::limits,
    text::Text,
    ui::{
        Erase,
        icon::{Icon, icon},
        state::{Tone, empty, note, state},
    },
};

/// Where it is.
pub(crate) const PATH: &str = "/keys";

/// What the page for many keys is told by those who come from here: it leads back.
pub(crate) const FROM: &str = "keys";

/// The form that the boxes of rows belong to.
const CHOOSER: &str = "choose";

/// The parameters that say which keys, and in which order.
const PARAMETERS: [&str; 6] = ["search", "user", "group", "status", "unused", "order"];

/// Days without use that are offered.
const UNUSED: [u32; 4] = [7, 30, 90, 365];

/// What the page shows.
pub(crate) struct KeyList<'a> {
    /// What the address says.
    pub(crate) map: &'a ParamsMap,
    /// The keys; why the filter cannot be read, if it cannot.
    pub(crate) found: Result<Page<ListedKey>, Fault>,
    /// What they have spent today.
    pub(crate) spent: HashMap<KeyId, Usd>,
    /// Every group.
    pub(crate) groups: Vec<Group>,
}

/// The page.
pub(crate) fn page(text: &'static Text, list: &KeyList<'_>, clock: Clock) -> (Option<String>, AnyView) {
    let body = match &list.found {
        Ok(page) if page.items.is_empty() => nothing(text, list.map),
        Ok(page) => table(text, list, page, clock),
        Err(fault) => unreadable(text, fault),
    };
    let content = view! { {filters(text, list)} {body} };
    parts::page(text.keys.title, text.key_list.lead, content.into_any())
}

/// What the address says under a name.
fn own<'a>(map: &'a ParamsMap, name: &str) -> &'a str {
    map.get_str(name).map(str::trim).unwrap_or_default()
}

/// The parameters that lead here, pages aside.
fn address(map: &ParamsMap) -> Vec<(&'static str, String)> {
    PARAMETERS.into_iter().map(|name| (name, own(map, name).to_owned())).collect()
}

/// True if some keys may be left out.
fn is_narrow(map: &ParamsMap) -> bool {
    PARAMETERS.into_iter().chain(["cursor"]).any(|name| name != "order" && !own(map, name).is_empty())
}

fn filters(text: &'static Text, list: &KeyList<'_>) -> AnyView {
    let (words, map) = (&text.key_list, list.map);
    let groups = list.groups.iter().map(|group| (group.name.clone(), group.name.clone()));
    // What an address asks for is offered too.
    let asked = own(map, "unused").parse::<u32>().ok().filter(|days| !UNUSED.contains(days));
    let unused = UNUSED.into_iter().chain(asked).map(|days| (days.to_string(), (words.unused_days)(days)));
    let order = own(map, "order").to_owned();
    let order = (!order.is_empty()).then(|| view! { <input type="hidden" name="order" value=order /> }.erase());
    let clear = is_narrow(map).then(|| view! { <a class="button ghost" href=PATH>{text.calls.clear}</a> }.erase());
    view! {
        <form class="filters" method="get" action=PATH role="search" aria-label=words.filter>
            <input class="input" type="search" name="search" value=own(map, "search").to_owned() placeholder=words.search
                aria-label=words.search maxlength="256" data-filter />
            <select class="select" id="key-group" name="group" aria-label=text.common.group>
                {parts::options_or(text.provider_list.any_group, groups, own(map, "group"))}
            </select>
            {access::field(text, "key-status", own(map, "status"))}
            <select class="select" id="key-unused" name="unused" aria-label=words.unused>
                {parts::options_or(words.any_unused, unused, own(map, "unused"))}
            </select>
            {of_user(text, list)}
            {order}
            <button class="button" type="submit">{text.calls.apply}</button>
            {clear}
        </form>
    }
    .erase()
}

/// The user whose keys are asked for: that comes from a link, stays as it is, and can be taken away.
fn of_user(text: &'static Text, list: &KeyList<'_>) -> Option<AnyView> {
    let id = own(list.map, "user").to_owned();
    if id.is_empty() {
        return None;
    }
    let first = list.found.as_ref().ok().and_then(|page| page.items.first());
    let name = first.map_or_else(|| format!("# {id}"), |listed| listed.user_name.clone());
    let away = link_with(PATH, &address(list.map), &[("user", "")]);
    let label = text.call_filters.remove_filter;
    let chip = view! {
        <span class="badge">
            <input type="hidden" name="user" value=id />
            {text.calls.user}" "<span class="ellipsis max-w-40">{name}</span>
            <a class="chip-away" href=away aria-label=label title=label>{icon(Icon::Close)}</a>
        </span>
    };
    Some(chip.erase())
}

/// What stands in the place of a list that is empty.
fn nothing(text: &'static Text, map: &ParamsMap) -> AnyView {
    let nothing = if is_narrow(map) {
        empty(Icon::Key, text.key_list.none_found, text.user_list.none_found_why, Some((PATH, text.calls.clear)))
    } else {
        empty(Icon::Key, text.keys.empty, text.key_list.empty_why, Some((super::users::PATH, text.users.title)))
    };
    view! { <section class="panel mt-4">{nothing}</section> }.erase()
}

/// What is wrong with a filter, in the place of a list that it must not stand for.
fn unreadable(text: &'static Text, fault: &Fault) -> AnyView {
    let words = &text.key_list;
    let field = match fault.field() {
        Some("status") => text.common.state,
        Some("unused" | "unused_days") => words.unused,
        Some("user") => text.calls.user,
        Some("group") => text.common.group,
        Some("search") => words.search,
        _ => words.filter,
    };
    let why = view! { <p class="font-medium">{field}": "{(text.fault)(fault)}</p><p class="text-muted">{words.fault_why}</p> };
    view! {
        <div role="alert">{note("note bad", Icon::Alert, why)}</div>
        <p class="mt-3"><a class="button" href=PATH>{text.calls.clear}</a></p>
    }
    .into_any()
}

fn table(text: &'static Text, list: &KeyList<'_>, page: &Page<ListedKey>, clock: Clock) -> AnyView {
    let words = &text.keys;
    let stay = address(list.map);
    let next = page.next_cursor.as_deref().map(|cursor| {
        let href = link_with(PATH, &stay, &[("cursor", cursor)]);
        view! { <nav class="pager"><a class="button small" rel="next" href=href>{text.common.next_page}</a></nav> }
            .erase()
    });
    let is_reverse = own(list.map, "order") == "reverse";
    let created = SortHead {
        label: text.common.created,
        href: link_with(PATH, &stay, &[("order", if is_reverse { "" } else { "reverse" })]),
        order: Some(if is_reverse { "descending" } else { "ascending" }),
        is_number: false,
    };
    let spent = |listed: &ListedKey| list.spent.get(&listed.key.id).copied().unwrap_or_default();
    let places = places_of_sums(page.items.iter().map(spent));
    let rows = page.items.iter().map(|listed| line(text, listed, usd(spent(listed), places), clock));
    view! {
        <form id=CHOOSER class="chooser" method="get" action="/keys/bulk">
            <input type="hidden" name="from" value=FROM />
            <button class="button small" type="submit">{words.change_chosen}</button>
            <span class="caption">{text.provider_list.choose_help}</span>
        </form>
        <section class="panel" aria-label=words.title>
            <div class="scroll">
                <table class="table key-list cards">
                    <caption class="aside">{words.title}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{text.common.name}</th>
                            <th scope="col">{text.calls.user}</th>
                            <th scope="col">{words.preview}</th>
                            <th scope="col">{text.common.state}</th>
                            <th scope="col">{text.common.group}</th>
                            <th scope="col">{text.limits.title}</th>
                            <th scope="col" class="num">{text.key_list.spent_today}</th>
                            <th scope="col">{words.last_used}</th>
                            <th scope="col">{text.common.expires}</th>
                            {created.view()}
                            <th scope="col"><span class="aside">{text.common.actions}</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
            {next}
        </section>
    }
    .into_any()
}

fn line(text: &'static Text, listed: &ListedKey, spent: String, clock: Clock) -> AnyView {
    let (words, key) = (&text.keys, &listed.key);
    let (id, user) = (key.id.to_string(), format!("/users/{}", key.user_id));
    // Two users' keys may have the same name.
    let label = |word: &str| format!("{word}: {}, {}", key.name, listed.user_name);
    let last_used = key.last_used_at.map_or_else(|| words.never_used.into_any(), |at| clock.ago(text, at));
    let expires = key.expires_at.map_or_else(|| text.common.never.into_any(), |at| clock.last_day(at));
    let edit = format!("{user}?edit={id}");
    view! {
        <tr class:off=!key.enabled data-key=id>
            <td>{pick(CHOOSER, key, label(words.choose))}</td>
            <td><a class="row-link" href=user>{listed.user_name.clone()}</a></td>
            <td class="sub mono">{key.preview.clone()}</td>
            <td>{status(text, listed, clock)}</td>
            <td data-head=text.common.group>{groups(text, key, &listed.user_group)}</td>
            <td class="sub" data-head=text.limits.title>{limits_set(text, &key.limits)}</td>
            <td class="num" data-head=text.key_list.spent_today>{spent}</td>
            <td class="sub" data-head=words.last_used>{last_used}</td>
            <td class="sub" data-head=text.common.expires>{expires}</td>
            <td class="sub" data-head=text.common.created>{clock.ago(text, key.created_at)}</td>
            <td class="num"><a class="button ghost small" href=edit aria-label=label(text.common.edit)>{text.common.edit}</a></td>
        </tr>
    }
    .erase()
}

/// How a key's row begins: with its box, which belongs to the form with the id `chooser`, and the way to its use.
pub(super) fn pick(chooser: &'static str, key: &ApiKey, label: String) -> AnyView {
    let name = view! { <a class="row-link" data-row href=format!("/keys/{}/use", key.id)>{key.name.clone()}</a> };
    parts::pick(chooser, key.id.to_string(), label, name.erase())
}

/// Whether a key is let in; if it would be but for its user, that.
fn status(text: &'static Text, listed: &ListedKey, clock: Clock) -> AnyView {
    let words = &text.key_list;
    let own = AccessStatus::of(listed.key.enabled, listed.key.expires_at, clock.now);
    match (own, listed.user_status) {
        (AccessStatus::Active | AccessStatus::Expiring, AccessStatus::Disabled) => {
            state(Tone::Off, words.user_disabled)
        }
        (AccessStatus::Active | AccessStatus::Expiring, AccessStatus::Expired) => state(Tone::Bad, words.user_expired),
        _ => access::status(text, own),
    }
}

/// The groups that a key goes by: its own, or those of its user.
pub(super) fn groups(text: &'static Text, key: &ApiKey, of_user: &[String]) -> AnyView {
    if key.group.is_empty() {
        let title = text.key_list.of_user;
        return view! { <span class="text-muted" title=title>{group_names(text, of_user)}</span> }.erase();
    }
    group_names(text, &key.group).into_any()
}

/// The limits that a key has of its own, in a line.
fn limits_set(text: &'static Text, set: &Limits) -> AnyView {
    let one = |limited: Limited| {
        let amount = set.amount(limited)?;
        Some(format!("{} {}", limits::name(text, limited), limits::amount(amount)))
    };
    let all: Vec<String> = Limited::ALL.into_iter().filter_map(one).collect();
    if all.is_empty() {
        return UNKNOWN.into_any();
    }
    let all = all.join(" · ");
    view! { <span class="limits-set ellipsis" title=all.clone()>{all.clone()}</span> }.erase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_by_whatever_leads_on_from_it() {
        let map = |pairs: &[(&str, &str)]| -> ParamsMap {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let asked = map(&[("search", " ada "), ("unused", "30"), ("cursor", "NQ"), ("odd", "1")]);
        let next = link_with(PATH, &address(&asked), &[("cursor", "Ng")]);
        assert_eq!(next, "/keys?search=ada&unused=30&cursor=Ng");
        let turned = link_with(PATH, &address(&asked), &[("order", "reverse")]);
        assert_eq!(turned, "/keys?search=ada&unused=30&order=reverse");
        assert!(is_narrow(&asked) && is_narrow(&map(&[("cursor", "NQ")])));
        assert!(!is_narrow(&map(&[("order", "reverse"), ("search", " ")])));
    }
}
