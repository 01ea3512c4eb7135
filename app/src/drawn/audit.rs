//! The audit log.

mod changes;

use std::collections::HashMap;

use chrono::NaiveDate;
use hub::domain::{
    audit::{ACTIONS, AuditLine},
    fault::Fault,
    hold::{Hold, HoldScope},
    page::Page,
};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use self::changes::changes;
use super::{
    clock::Clock,
    parts::{self, Choice, link_with, tabs},
};
use crate::{
    query::escape,
    text::Text,
    ui::{
        Erase,
        field::{DAY, DAY_EXAMPLE, IN_FUTURE, NO_DAY},
        icon::Icon,
        state::{empty, note},
    },
};

/// Where it is.
const PATH: &str = "/audit";

/// The parameters that say which lines are shown.
const FILTERS: [&str; 5] = ["actor", "action", "subject", "from", "to"];

/// The names of what is there now, by id: lines of the log say ids where a change is of something else.
#[derive(Default)]
pub(crate) struct Names {
    /// Users.
    pub(crate) users: HashMap<String, String>,
    /// Providers.
    pub(crate) providers: HashMap<String, String>,
    /// Keys, with whose they are.
    pub(crate) keys: HashMap<String, String>,
}

/// The page. `map` is its address.
pub(crate) fn page(
    text: &'static Text,
    map: &ParamsMap,
    lines: &Result<Page<AuditLine>, Fault>,
    names: &Names,
    clock: Clock,
) -> (Option<String>, AnyView) {
    let words = &text.audit;
    let address: Vec<(&'static str, String)> = FILTERS.map(|name| (name, map.get(name).unwrap_or_default())).into();
    let list = match lines {
        Err(fault) => unreadable(text, fault),
        Ok(lines) if lines.items.is_empty() => {
            let is_filtered = address.iter().any(|(_, value)| !value.is_empty());
            empty(Icon::Inbox, words.empty, words.empty_why, is_filtered.then_some((PATH, text.calls.clear)))
        }
        Ok(lines) => table(text, &lines.items, names, clock),
    };
    let newest = map.get_str("cursor").map(|_| link_with(PATH, &address, &[]));
    let older = lines.as_ref().ok().and_then(|lines| lines.next_cursor.as_ref());
    let older = older.map(|cursor| link_with(PATH, &address, &[("cursor", cursor)]));
    let content = view! {
        {console_tabs(text, PATH)}
        {filters(text, map, clock.today())}
        <section class="panel" aria-label=words.lines>{list} {parts::pager(text, newest, older)}</section>
    };
    parts::page(words.title, words.lead, content.into_any())
}

/// The first day and the last that an address asks for; either may stand alone. Those that stand the wrong way round are
/// turned around.
///
/// # Errors
/// [`Fault::Invalid`] for what is no day, and for days that have all still to come: nothing is listed then.
pub(crate) fn days(map: &ParamsMap, today: NaiveDate) -> Result<(Option<NaiveDate>, Option<NaiveDate>), Fault> {
    let day = |name: &str| match map.get_str(name).unwrap_or_default().trim() {
        "" => Ok(None),
        typed => typed.parse::<NaiveDate>().map(Some).map_err(|_| Fault::invalid(name, NO_DAY)),
    };
    let (first, last) = match (day("from")?, day("to")?) {
        (Some(first), Some(last)) if first > last => (Some(last), Some(first)),
        in_order => in_order,
    };
    if first.is_some_and(|first| first > today) {
        return Err(Fault::invalid("from", IN_FUTURE));
    }
    Ok((first, last))
}

/// What is wrong with the filter, in the place of the lines.
fn unreadable(text: &'static Text, fault: &Fault) -> AnyView {
    let words = &text.audit;
    let fields = [
        ("from", words.from),
        ("to", words.to),
        ("actor", words.actor),
        ("subject", words.subject),
        ("action", words.action),
    ];
    let label = fields.iter().find(|(field, _)| fault.field() == Some(*field)).map(|(_, label)| format!("{label}: "));
    let why = label.unwrap_or_default() + &(text.fault)(fault);
    view! {
        <div class="grid gap-3 p-4">
            <div role="alert">{note("note bad", Icon::Alert, why)}</div>
            <p><a class="button" href=PATH>{text.calls.clear}</a></p>
        </div>
    }
    .erase()
}

/// The way between who did what, and who can do it now.
pub(super) fn console_tabs(text: &'static Text, here: &str) -> AnyView {
    let choices = [(PATH, text.audit.title), (super::logins::PATH, text.logins.title)];
    let choice = |(path, label): (&'static str, _)| Choice { label, href: path.to_owned(), is_chosen: path == here };
    view! { <div class="bar">{tabs(text.audit.title, choices.map(choice).into_iter())}</div> }.erase()
}

fn filters(text: &'static Text, map: &ParamsMap, today: NaiveDate) -> AnyView {
    let words = &text.audit;
    let value = |name: &str| map.get(name).unwrap_or_default();
    // Days stand as they were read, in their order; what can be no range stays as it was typed.
    let (first, last) = days(map, today).unwrap_or_default();
    let [first, last] =
        [("from", first), ("to", last)].map(|(name, day)| day.map_or_else(|| value(name), |day| day.to_string()));
    let actions =
        ACTIONS.iter().map(|action| ((*action).to_owned(), (text.action)(action).unwrap_or(action).to_owned()));
    view! {
        <form class="filters" method="get" action=PATH role="search" aria-label=words.filter>
            <select class="select" id="audit-action" name="action" aria-label=words.action>
                {parts::options_or(words.any_action, actions, &value("action"))}
            </select>
            <input class="input" type="search" name="actor" value=value("actor") placeholder=words.actor aria-label=words.actor
                maxlength="256" data-filter />
            <input class="input" type="search" name="subject" value=value("subject") placeholder=words.subject
                aria-label=words.subject maxlength="256" />
            <label class="until">{words.from}<input class="input" type="text" placeholder=DAY_EXAMPLE pattern=DAY autocomplete="off" name="from" value=first /></label>
            <label class="until">{words.to}<input class="input" type="text" placeholder=DAY_EXAMPLE pattern=DAY autocomplete="off" name="to" value=last /></label>
            <button class="button" type="submit">{text.calls.apply}</button>
        </form>
    }
    .erase()
}

fn table(text: &'static Text, lines: &[AuditLine], names: &Names, clock: Clock) -> AnyView {
    let words = &text.audit;
    view! {
        <div class="scroll">
            <table class="table audit cards">
                <caption class="aside">{words.lines}</caption>
                <thead>
                    <tr>
                        <th scope="col">{words.at}</th>
                        <th scope="col">{words.actor}</th>
                        <th scope="col">{words.action}</th>
                        <th scope="col">{words.subject}</th>
                        <th scope="col">{words.changed}</th>
                    </tr>
                </thead>
                <tbody>{lines.iter().map(|line| row(text, line, names, clock)).collect_view()}</tbody>
            </table>
        </div>
    }
    .erase()
}

fn row(text: &'static Text, line: &AuditLine, names: &Names, clock: Clock) -> AnyView {
    let words = &text.audit;
    let of_actor = link_with(PATH, &[], &[("actor", &line.actor)]);
    let how = match line.session_id {
        Some(id) => Some(format!("{} {id}", words.in_login)),
        None => (line.address.is_some() && line.actor != "nobody").then(|| words.by_script.to_owned()),
    };
    let place: Vec<String> = [line.address.clone(), how].into_iter().flatten().collect();
    let action = (text.action)(&line.action).map_or_else(|| line.action.clone(), str::to_owned);
    view! {
        <tr id=format!("line-{}", line.id)>
            <td>{clock.stamp(line.at)}</td>
            <td><a class="link" href=of_actor title=line.actor.clone()>{text.actor_in_words(&line.actor)}</a><div class="caption">{place.join(" · ")}</div></td>
            <td>{action}<div class="caption mono">{line.action.clone()}</div></td>
            <td>{subject(text, line, names)}</td>
            <td class="changes">{changes(text, line)}</td>
        </tr>
    }
    .erase()
}

/// What it was done to, by name where there is one, with the way there if it may still be there.
fn subject(text: &'static Text, line: &AuditLine, names: &Names) -> AnyView {
    let (kind, verb) = line.action.split_once('.').unwrap_or_default();
    let id = line.subject.as_str();
    let own = [&line.after, &line.before].into_iter().flatten().find_map(|noun| noun.get("name")?.as_str());
    let known = match kind {
        "user" | "login" => names.users.get(id),
        "provider" => names.providers.get(id),
        "key" => names.keys.get(id),
        _ => None,
    };
    let name = own.or(known.map(String::as_str));
    let path = match kind {
        "call" => format!("/calls/{}", escape(id)),
        "user" | "login" => format!("/users/{}", escape(id)),
        "provider" => format!("/providers/{}", escape(id)),
        "key" => format!("/keys/{}/use", escape(id)),
        "price" if !id.is_empty() => format!("/prices?q={}", escape(id)),
        _ => String::new(),
    };
    let (shown, beside) = match (kind, name) {
        (_, Some(name)) => (name.to_owned(), id.to_owned()),
        ("hold", None) => (held(text, line, names).unwrap_or_else(|| id.to_owned()), String::new()),
        ("console", None) => (format!("{} {id}", text.audit.in_login), String::new()),
        (_, None) => (id.to_owned(), String::new()),
    };
    // Behind a name a bare number could be anything. It belongs to the link: beside it, it would be a text around it.
    let mark = if beside.bytes().all(|byte| byte.is_ascii_digit()) { "#" } else { "" };
    let marked = format!("{mark}{beside}");
    let beside = (!beside.is_empty()).then(|| view! { " "<span class="sub mono">{marked}</span> }.into_any());
    if path.is_empty() || id.is_empty() || verb == "delete" {
        return view! { <span class="break-anywhere" title=id.to_owned()>{shown}</span>{beside} }.into_any();
    }
    view! { <a class="link break-anywhere" data-row href=path>{shown}{beside}</a> }.into_any()
}

/// What a hold was about, and why it was there.
fn held(text: &'static Text, line: &AuditLine, names: &Names) -> Option<String> {
    let noun = line.before.as_ref().or(line.after.as_ref())?;
    let hold: Hold = serde_json::from_value(noun.clone()).ok()?;
    let provider = hold.scope.provider_id().map(|id| id.to_string());
    let of = match (&hold.scope, provider) {
        (HoldScope::Group { group, .. }, _) => group.clone(),
        (_, Some(id)) => names.providers.get(&id).cloned().unwrap_or(id),
        (_, None) => return None,
    };
    Some(format!("{of}: {}", (text.hold)(hold.reason)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_filter_are_turned_around_and_not_all_in_the_future() {
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        let read = |first: &str, last: &str| {
            let pairs = [("from", first), ("to", last)].map(|(name, value)| (name.to_owned(), value.to_owned()));
            days(&pairs.into_iter().collect(), "2026-12-05".parse().unwrap())
        };
        assert_eq!(read("", " "), Ok((None, None)));
        assert_eq!(read("2026-12-05", ""), Ok((day("2026-12-05"), None)));
        assert_eq!(read("", "2026-12-06"), Ok((None, day("2026-12-06"))));
        assert_eq!(read("2026-12-03", "2026-12-01"), Ok((day("2026-12-01"), day("2026-12-03"))));
        assert_eq!(read("2026-12-06", "2026-12-01"), Ok((day("2026-12-01"), day("2026-12-06"))));
        for (first, last, field) in [
            ("soon", "2026-12-01", "from"),
            ("2026-12-01", "2026-12-32", "to"),
            ("2026-12-06", "", "from"),
            ("2026-12-07", "2026-12-06", "from"),
        ] {
            assert_eq!(read(first, last).unwrap_err().field(), Some(field), "{first} {last}");
        }
    }
}
