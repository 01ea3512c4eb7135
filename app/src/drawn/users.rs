//! The list of users: who may call, for how long, and how much of it is left.

pub(crate) mod key;
mod keys;
pub(crate) mod one;
pub(crate) mod order;
mod profile;
mod restrictions;

use hub::domain::{
    access::AccessStatus,
    fault::Fault,
    group::Group,
    limit::{Amount, LimitUse, Limited},
    report::Totals,
    user::{Role, User, many::UserFilter},
};
use leptos::prelude::*;

use self::order::{Column, Order};
use super::{
    access,
    act::{RowField, act, keeping},
    clock::Clock,
    limits::room,
    parts::{self, group_names, link_with},
};
use crate::{
    api::users::{LimitUser, RenewUser},
    format::{places_of_sums, usd, whole},
    pages::limits,
    text::Text,
    ui::{
        Erase,
        field::{DAY, DAY_EXAMPLE, NO_DAY, missing},
        icon::{Icon, icon},
        state::{empty, note},
    },
};

/// Where it is.
pub(crate) const PATH: &str = "/users";

/// The form that the boxes of rows belong to.
const CHOOSER: &str = "choose";

/// Days that a user is renewed by with one click.
const RENEWALS: [u32; 3] = [7, 30, 90];

/// What the page shows.
pub(crate) struct UserList {
    /// The users, by id.
    pub(crate) rows: Vec<Row>,
    /// Where the next page begins.
    pub(crate) next_cursor: Option<String>,
    /// The next page of a list that is sorted.
    pub(crate) next_page: Option<usize>,
    /// How it is sorted.
    pub(crate) order: Order,
    /// True for another page than the first.
    pub(crate) is_later: bool,
    /// True if there are more than are sorted.
    pub(crate) is_cut: bool,
    /// Which are asked for.
    pub(crate) filter: UserFilter,
    /// Why the filter cannot be read, if it cannot: then nobody is listed.
    pub(crate) fault: Option<Fault>,
    /// The last day of the filter on the end, as the address says it.
    pub(crate) until: String,
    /// Every tag.
    pub(crate) tags: Vec<String>,
    /// Every group.
    pub(crate) groups: Vec<Group>,
}

/// A user with what they did and used.
pub(crate) struct Row {
    /// The user.
    pub(crate) user: User,
    /// What their keys did in the last 24 hours.
    pub(crate) totals: Totals,
    /// The limits that are set, the one that is used most first; none if nobody can count just now.
    pub(crate) uses: Vec<LimitUse>,
}

/// The page.
pub(crate) fn page(text: &'static Text, list: &UserList, clock: Clock) -> (Option<String>, AnyView) {
    let content = view! { {filters(text, list)} {body(text, list, clock)} };
    let actions = view! { <a class="button primary" href="/users/new">{icon(Icon::Plus)}{text.users.new}</a> };
    parts::page_with(text.users.title, None, actions.erase(), content.into_any())
}

/// The parameters that lead here, pages aside.
fn address(list: &UserList) -> Vec<(&'static str, String)> {
    let of = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut all = vec![
        ("search", of(&list.filter.search)),
        ("tag", of(&list.filter.tag)),
        ("group", of(&list.filter.group)),
        ("status", list.filter.status.map(AccessStatus::as_str).unwrap_or_default().to_owned()),
        ("until", list.until.clone()),
    ];
    all.extend(list.order.parameters());
    all
}

fn filters(text: &'static Text, list: &UserList) -> AnyView {
    let words = &text.user_list;
    let twice = |name: &String| (name.clone(), name.clone());
    let tag = list.filter.tag.clone().unwrap_or_default();
    let group = list.filter.group.clone().unwrap_or_default();
    let status = list.filter.status.map(AccessStatus::as_str).unwrap_or_default();
    let sorted = list.order.parameters().into_iter().filter(|(_, value)| !value.is_empty());
    view! {
        <form class="filters" method="get" action=PATH role="search" aria-label=words.filter>
            <input class="input" type="search" name="search" value=list.filter.search.clone() placeholder=words.search
                aria-label=words.search maxlength="256" data-filter />
            <select class="select" id="user-tag" name="tag" aria-label=words.tag>
                {parts::options_or(words.any_tag, list.tags.iter().map(twice), &tag)}
            </select>
            <select class="select" id="user-group" name="group" aria-label=text.common.group>
                {parts::options_or(text.provider_list.any_group, list.groups.iter().map(|group| twice(&group.name)), &group)}
            </select>
            {access::field(text, "user-status", status)}
            <label class="until">
                {words.ends_until}
                <input class="input" type="text" placeholder=DAY_EXAMPLE pattern=DAY autocomplete="off" name="until" value=list.until.clone() />
            </label>
            {sorted.map(|(name, value)| view! { <input type="hidden" name=name value=value /> }.erase()).collect_view()}
            <button class="button" type="submit">{text.calls.apply}</button>
        </form>
    }
    .erase()
}

fn body(text: &'static Text, list: &UserList, clock: Clock) -> AnyView {
    let words = &text.user_list;
    if let Some(fault) = &list.fault {
        return unreadable(text, fault);
    }
    if list.rows.is_empty() {
        let is_filtered = list.filter != UserFilter::default() || list.is_later;
        let nothing = if is_filtered {
            empty(Icon::Users, words.none_found, words.none_found_why, Some((PATH, text.calls.clear)))
        } else {
            empty(Icon::Users, text.user_list.empty, text.user_list.empty_why, Some(("/users/new", text.users.new)))
        };
        return view! { <section class="panel mt-4">{nothing}</section> }.erase();
    }
    let places = places_of_sums(list.rows.iter().map(|row| row.totals.cost_usd));
    let lines = list.rows.iter().map(|row| line(text, row, places, clock));
    let page = list.next_page.map(|page| ("page", page.to_string()));
    let further = list.next_cursor.clone().map(|cursor| ("cursor", cursor)).or(page);
    let next = further.map(|(name, value)| {
        let href = link_with(PATH, &address(list), &[(name, &value)]);
        view! { <nav class="pager"><a class="button small" rel="next" href=href>{text.common.next_page}</a></nav> }
            .erase()
    });
    let cut = list.is_cut.then(|| view! { <p class="note mt-3">{words.too_many}</p> }.erase());
    let all = link_with("/users/bulk", &address(list), &[("sort", ""), ("order", ""), ("all", "1")]);
    view! {
        <form id=CHOOSER class="chooser" method="get" action="/users/bulk">
            <button class="button small" type="submit">{text.provider_list.change_chosen}</button>
            <a class="button small" href=all>{text.provider_list.change_all}</a>
            <span class="caption">{text.provider_list.choose_help}</span>
        </form>
        <section class="panel" aria-label=text.users.title>
            <div class="scroll">
                <table class="table users cards">
                    <caption class="aside">{text.users.title}</caption>
                    <thead>
                        <tr>
                            {order::head(text.common.name, Column::Name, list)}
                            <th scope="col">{text.common.state}</th>
                            <th scope="col">{text.users.tags}</th>
                            <th scope="col">{text.common.group}</th>
                            <th scope="col">{words.most_used}</th>
                            {order::head(text.common.expires, Column::Expires, list)}
                            {order::head(text.user_list.requests, Column::Requests, list)}
                            {order::head(text.user_list.cost, Column::Cost, list)}
                            <th scope="col">{text.common.note}</th>
                        </tr>
                    </thead>
                    <tbody>{lines.collect_view()}</tbody>
                </table>
            </div>
            {next}
        </section>
        {cut}
        <p class="caption mt-2 px-4">{text.user_list.last_day}</p>
    }
    .into_any()
}

/// What is wrong with a filter, in the place of a list that it must not stand for.
fn unreadable(text: &'static Text, fault: &Fault) -> AnyView {
    let words = &text.user_list;
    let field = if fault.field() == Some("until") { words.ends_until } else { text.common.state };
    let why = view! { <p class="font-medium">{field}": "{(text.fault)(fault)}</p><p class="text-muted">{words.fault_why}</p> };
    view! {
        <div role="alert">{note("note bad", Icon::Alert, why)}</div>
        <p class="mt-3"><a class="button" href=PATH>{text.calls.clear}</a></p>
    }
    .into_any()
}

fn line(text: &'static Text, row: &Row, places: u32, clock: Clock) -> AnyView {
    let Row { user, totals, uses } = row;
    let id = user.id.to_string();
    let choose = format!("{}: {}", text.provider_list.choose, user.name);
    let role = (user.role == Role::Admin).then(|| view! { <span class="badge">{text.users.role_admin}</span> }.erase());
    let tag = |tag: &String| {
        let href = link_with(PATH, &[], &[("tag", tag)]);
        view! { <a class="badge" href=href>{tag.clone()}</a> }.erase()
    };
    let name = view! { <a class="row-link" data-row href=format!("/users/{id}")>{user.name.clone()}</a> {role} };
    let note = (!user.note.is_empty())
        .then(|| view! { <span class="block ellipsis" title=user.note.clone()>{user.note.clone()}</span> }.erase());
    view! {
        <tr class:off=!user.enabled data-key=id.clone()>
            <td>{parts::pick(CHOOSER, id.clone(), choose, name.into_any())}</td>
            <td>{access::status(text, AccessStatus::of(user.enabled, user.expires_at, clock.now))}</td>
            <td><span class="flex gap-1">{user.tags.iter().map(tag).collect_view()}</span></td>
            <td>{group_names(text, &user.group)}</td>
            <td data-head=uses.is_empty().then_some(text.limits.title)><span class="flex items-center gap-2">{uses.first().map(|used| most_used(text, used, &id))}{every_limit(text, user, uses, clock)}{set_limit(text, user)}</span></td>
            <td data-head=text.common.expires>{end(text, user, clock)}</td>
            <td class="num" data-head=text.user_list.requests>{whole(totals.calls)}</td>
            <td class="num" data-head=text.user_list.cost>{usd(totals.cost_usd, places)}</td>
            <td class="sub">{note}</td>
        </tr>
    }
    .erase()
}

/// The limit that is used most, as a bar that leads to all of them.
fn most_used(text: &'static Text, used: &LimitUse, id: &str) -> AnyView {
    view! {
        <a class="quota-use small" href=format!("/users/{id}#limits-title")>
            <span class="caption flex justify-between gap-2"><span class="ellipsis">{limits::name(text, used.window)}</span><span class="tabular-nums">{limits::of_limit(used)}</span></span>
            {limits::meter(text, used)}
        </a>
    }
    .erase()
}

/// All limits, each as a bar with when there is more room; nothing where there are not several.
fn every_limit(text: &'static Text, whose: &User, uses: &[LimitUse], clock: Clock) -> Option<AnyView> {
    let words = &text.user_list;
    let one = |used: &LimitUse| {
        view! {
            <li>
                <span class="flex justify-between gap-3"><span>{limits::name(text, used.window)}</span><span class="tabular-nums">{limits::of_limit(used)}</span></span>
                {limits::meter(text, used)}
                <span class="caption">{limits::left(text, used)}{room(text, used.resets_at, clock)}</span>
            </li>
        }
        .erase()
    };
    (uses.len() > 1).then(|| {
        view! {
            <details class="drop">
                <summary class="button ghost small">{(words.n_limits)(uses.len())}<span class="aside">": "{whose.name.clone()}</span></summary>
                <ul class="drop-body grid gap-3 every-limit">{uses.iter().map(one).collect_view()}</ul>
            </details>
        }
        .erase()
    })
}

/// One limit set, raised or taken away in place. It has to be chosen, so that an amount is not meant for another one; with
/// script the choice fills in what the limit is now.
fn set_limit(text: &'static Text, user: &User) -> AnyView {
    let words = &text.user_list;
    let option = |limited: Limited| {
        let now = user.limits.amount(limited);
        let typed = now.map(|amount| match amount {
            Amount::Usd(usd) => usd.to_string(),
            Amount::Count(n) => n.to_string(),
        });
        let shown = now.map_or_else(|| text.limits.no_limit.to_owned(), limits::amount);
        let label = format!("{}: {shown}", limits::name(text, limited));
        view! { <option value=limited.field() data-amount=typed>{label}</option> }.erase()
    };
    let (which, how_much) =
        (format!("{}: {}", words.which_limit, user.name), format!("{}: {}", words.how_much, user.name));
    let id = user.id.to_string();
    let limit = RowField::new("field", &id).wrong(missing(text, "field"));
    let amount = RowField::new("amount", &id);
    let fields = view! {
        <div class="grid gap-2 whitespace-normal">
            <div class="field">
                <select class="select" id=limit.id.clone() name="field" required data-fill aria-label=which
                    aria-describedby=limit.described()>
                    <option value="">{words.which_limit}</option>
                    {Limited::ALL.into_iter().map(option).collect_view()}
                </select>
                {limit.problem()}
            </div>
            <div class="field">
                <div class="flex gap-1" data-field>
                    <input class="input num" id=amount.id.clone() name="amount" inputmode="decimal" autocomplete="off"
                        placeholder=text.limits.no_limit aria-label=how_much aria-describedby=amount.described() />
                    <button type="submit" class="button small">{text.common.save}</button>
                </div>
                {amount.problem()}
            </div>
        </div>
    };
    let form = keeping::<LimitUser>(text.common.saved, vec![("id", id)], fields.erase());
    view! {
        <details class="drop">
            <summary class="button ghost small">{words.set_limit}<span class="aside">": "{user.name.clone()}</span></summary>
            <div class="drop-body">{form}</div>
        </details>
    }
    .erase()
}

/// When a user ends, and more time.
fn end(text: &'static Text, user: &User, clock: Clock) -> AnyView {
    let shown = user.expires_at.map_or_else(|| text.common.never.into_any(), |at| clock.last_day(at));
    let days = |days: u32| {
        let fields = vec![("id", user.id.to_string()), ("days", days.to_string())];
        let word = match days {
            7 => text.users.days_7,
            30 => text.users.days_30,
            _ => text.users.days_90,
        };
        act::<RenewUser>(word, &format!("{} {}", text.users.renew, user.name), fields)
    };
    let day = format!("{}: {}", text.users.own_day, user.name);
    let id = user.id.to_string();
    let no_day = (text.fault)(&Fault::invalid("until", NO_DAY));
    let until = RowField::new("until", &id).wrong(no_day).missing(missing(text, "until"));
    let own = view! {
        <div class="field">
            <div class="flex gap-1" data-field>
                <input class="input" type="text" id=until.id.clone() name="until" placeholder=DAY_EXAMPLE pattern=DAY required
                    autocomplete="off" aria-label=day aria-describedby=until.described() />
                <button type="submit" class="button small">{text.users.renew}</button>
            </div>
            {until.problem()}
        </div>
    };
    let own = keeping::<RenewUser>(text.common.saved, vec![("id", id)], own.erase());
    let renew = format!("{}: {}", text.users.renew, user.name);
    view! {
        <details class="drop">
            <summary class="button ghost small">{shown}<span class="aside">" "{renew}</span></summary>
            <div class="drop-body renew">
                <div class="flex">{RENEWALS.into_iter().map(days).collect_view()}</div>
                {own}
            </div>
        </details>
    }
    .erase()
}
