//! Logins of the console, and passwords: everybody's, those of one user, one's own.

mod agent;

use hub::domain::{console_session::ConsoleSession, page::Page, user::User};
use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    act::{act, form},
    audit::console_tabs,
    clock::Clock,
    parts::{self, Line, link_with},
};
use crate::{
    api::{
        AppError,
        logins::{ChangePassword, ClearPassword, EndLogin, EndLogins, EndOwnLogin, EndOwnLogins, SetPassword},
    },
    change::refused,
    format::UNKNOWN,
    text::Text,
    ui::{
        Erase, field,
        icon::Icon,
        state::{Tone, note, state},
    },
};

/// Where everybody's are.
pub(super) const PATH: &str = "/logins";

/// Where one's own are.
pub(super) const OWN_PATH: &str = "/me/logins";

/// Whose logins are shown.
#[derive(Clone, Copy)]
enum Whose<'a> {
    /// Everybody's, to one who runs the hub.
    Everybodys,
    /// One user's, to one who runs the hub.
    Users(&'a User),
    /// The reader's own.
    Own,
}

impl Whose<'_> {
    /// The page that they are on.
    fn path(self) -> String {
        match self {
            Self::Everybodys => PATH.to_owned(),
            Self::Users(user) => format!("/users/{}", user.id),
            Self::Own => OWN_PATH.to_owned(),
        }
    }
}

/// What the address says.
#[derive(Clone, Copy)]
pub(crate) struct Said {
    /// A password has just been changed.
    pub(crate) is_done: bool,
    /// The reader is asked whether to end all other logins.
    pub(crate) is_ending: bool,
}

/// Everybody's logins, as a page.
pub(crate) fn page(
    text: &'static Text,
    logins: &Page<ConsoleSession>,
    said: Said,
    clock: Clock,
) -> (Option<String>, AnyView) {
    let older = logins.next_cursor.as_ref().map(|cursor| {
        let href = link_with(PATH, &[], &[("cursor", cursor)]);
        view! { <nav class="pager"><a class="button small" rel="next" href=href>{text.common.next_page}</a></nav> }
            .erase()
    });
    let whose = Whose::Everybodys;
    let content = view! {
        {console_tabs(text, PATH)}
        {ending(text, logins, whose, said)}
        <section class="panel" aria-label=text.logins.title>
            {table(text, &logins.items, whose, clock)} {older}
        </section>
        <div class="bar mt-3">{end_others(text, logins, whose)}</div>
    };
    parts::page(text.logins.title, text.logins.lead, content.into_any())
}

/// A user's password and logins, as a part of the user's page.
pub(crate) fn of_user(
    text: &'static Text,
    user: &User,
    logins: &Page<ConsoleSession>,
    said: Said,
    clock: Clock,
) -> AnyView {
    let words = &text.logins;
    let whose = Whose::Users(user);
    let id = user.id.to_string();
    let (tone, says) = if user.has_password { (Tone::Good, words.has_password) } else { (Tone::Off, words.has_none) };
    let fields = view! {
        <div class="grid gap-3">
            {password(text, words.new_password, "password", words.set_help, problem::<SetPassword>("password"))}
            <div><button type="submit" class="button">{words.set_password}</button></div>
        </div>
    };
    let clear = user.has_password.then(|| {
        let content = view! {
            <div class="grid gap-3">
                <p class="help">{words.clear_help}</p>
                <div><button type="submit" class="button danger">{words.clear_password}</button></div>
            </div>
        };
        form::<ClearPassword>(vec![("id", id.clone())], content.erase())
    });
    view! {
        <section class="panel" aria-labelledby="password-title">
            <div class="panel-head"><h2 id="password-title">{words.password}</h2></div>
            <div class="grid gap-4 p-4">
                {done(text, said)}
                {state(tone, says)}
                {form::<SetPassword>(vec![("id", id.clone())], fields.erase())}
                {clear}
            </div>
            <div class="panel-head"><h2 class="grow">{words.of_user}</h2>{end_others(text, logins, whose)}</div>
            {ending(text, logins, whose, said)}
            {table(text, &logins.items, whose, clock)}
        </section>
    }
    .erase()
}

/// One's own logins, and for a user with a password the way to change it.
pub(super) fn own(
    text: &'static Text,
    logins: &Page<ConsoleSession>,
    has_password: bool,
    said: Said,
    clock: Clock,
) -> AnyView {
    let words = &text.logins;
    let change = has_password.then(|| {
        let old = problem::<ChangePassword>("old_password");
        let fields = view! {
            <div class="grid max-w-120 gap-4">
                {password(text, words.old_password, "old_password", "", old)}
                {password(text, words.new_password, "password", words.change_help, problem::<ChangePassword>("password"))}
                <div><button type="submit" class="button primary">{words.change_password}</button></div>
            </div>
        };
        view! {
            <section class="panel" aria-labelledby="password-title">
                <div class="panel-head"><h2 id="password-title">{words.password}</h2></div>
                <div class="grid gap-4 p-4">{done(text, said)} {form::<ChangePassword>(Vec::new(), fields.erase())}</div>
            </section>
        }
        .erase()
    });
    view! {
        <div class="grid gap-6">
            <section class="panel" aria-labelledby="logins-title">
                <div class="panel-head"><h2 class="grow" id="logins-title">{words.title}</h2>{end_others(text, logins, Whose::Own)}</div>
                {ending(text, logins, Whose::Own, said)}
                {table(text, &logins.items, Whose::Own, clock)}
            </section>
            {change}
        </div>
    }
    .erase()
}

fn done(text: &'static Text, said: Said) -> Option<AnyView> {
    said.is_done.then(|| view! { <div role="status">{note("note", Icon::Check, text.logins.done)}</div> }.erase())
}

/// What is wrong with a field of a form that was sent without script.
fn problem<S: ServerFn<Error = AppError>>(field: &str) -> Option<String> {
    refused::<S>().filter(|error| error.field.as_deref() == Some(field)).map(|error| error.message)
}

fn password(
    text: &Text,
    label: &'static str,
    name: &'static str,
    help: &'static str,
    problem: Option<String>,
) -> AnyView {
    let line = Line {
        name,
        label,
        help: help.to_owned(),
        example: "",
        kind: "password",
        value: String::new(),
        problem,
        missing: Some(field::missing(text, name)),
    };
    line.completed_as(if name == "password" { "new-password" } else { "current-password" })
}

/// How many there are beside the one that the reader looks through.
fn n_others(logins: &Page<ConsoleSession>) -> usize {
    logins.items.iter().filter(|login| !login.is_current).count()
}

/// The way to the question before all of them but the reader's own are ended.
fn end_others(text: &'static Text, logins: &Page<ConsoleSession>, whose: Whose<'_>) -> Option<AnyView> {
    let href = format!("{}?end=1", whose.path());
    let link = || view! { <a class="button small" href=href data-noscroll>{text.logins.end_others}</a> }.erase();
    (n_others(logins) > 0).then(link)
}

/// The question, with how many are lost.
fn ending(text: &'static Text, logins: &Page<ConsoleSession>, whose: Whose<'_>, said: Said) -> Option<AnyView> {
    let words = &text.logins;
    let n_others = n_others(logins);
    if !said.is_ending || n_others == 0 {
        return None;
    }
    let n = format!("{n_others}{}", if logins.next_cursor.is_some() { "+" } else { "" });
    let buttons = view! {
        <div class="flex gap-2">
            <button type="submit" class="button danger">{words.end_others}</button>
            <a class="button" href=whose.path() data-esc data-noscroll>{text.common.cancel}</a>
        </div>
    };
    let buttons = buttons.erase();
    let (title, sent) = match whose {
        Whose::Everybodys => (words.end_everybodys.to_owned(), form::<EndLogins>(Vec::new(), buttons)),
        Whose::Users(user) => {
            let fields = vec![("user_id", user.id.to_string())];
            ((words.end_users)(&user.name), form::<EndLogins>(fields, buttons))
        }
        Whose::Own => (words.end_own.to_owned(), form::<EndOwnLogins>(Vec::new(), buttons)),
    };
    let question = view! {
        <section class="panel m-4 p-4" role="alertdialog" aria-labelledby="end-title" aria-describedby="end-what">
            <h2 class="section-title" id="end-title">{title}</h2>
            <ul id="end-what" class="mb-3">
                <li>{(words.n_end)(&n)}</li>
                <li>{words.end_what}</li>
            </ul>
            {sent}
        </section>
    };
    Some(question.erase())
}

fn table(text: &'static Text, logins: &[ConsoleSession], whose: Whose<'_>, clock: Clock) -> AnyView {
    let words = &text.logins;
    if logins.is_empty() {
        return view! { <p class="help p-4">{words.none}</p> }.erase();
    }
    let has_names = matches!(whose, Whose::Everybodys);
    view! {
        <div class="scroll">
            <table class="table logins cards">
                <caption class="aside">{words.title}</caption>
                <thead>
                    <tr>
                        {has_names.then(|| view! { <th scope="col">{words.who}</th> }.erase())}
                        <th scope="col">{words.with}</th>
                        <th scope="col">{words.address}</th>
                        <th scope="col">{words.agent}</th>
                        <th scope="col">{words.began}</th>
                        <th scope="col">{words.seen}</th>
                        <th scope="col">{words.ends}</th>
                        <th scope="col"><span class="aside">{text.common.actions}</span></th>
                    </tr>
                </thead>
                <tbody>{logins.iter().map(|login| row(text, login, whose, clock)).collect_view()}</tbody>
            </table>
        </div>
    }
    .erase()
}

fn row(text: &'static Text, login: &ConsoleSession, whose: Whose<'_>, clock: Clock) -> AnyView {
    let words = &text.logins;
    let with = match (&login.key_name, login.user_id) {
        (Some(key), _) => format!("{} {key}", words.with_key),
        (None, Some(_)) => words.with_password.to_owned(),
        (None, None) => words.with_token.to_owned(),
    };
    let who = matches!(whose, Whose::Everybodys).then(|| {
        let shown = match (login.user_id, login.user_name.clone()) {
            (Some(id), Some(name)) => view! { <a class="link" data-row href=format!("/users/{id}")>{name}</a> }.erase(),
            (Some(_), None) => UNKNOWN.into_any(),
            (None, _) => words.with_token.into_any(),
        };
        view! { <td>{shown}</td> }.erase()
    });
    let fields = vec![("id", login.id.to_string())];
    let name = format!("{with}, {}", login.address);
    let end = match whose {
        Whose::Own => act::<EndOwnLogin>(words.end, &name, fields),
        Whose::Everybodys | Whose::Users(_) => act::<EndLogin>(words.end, &name, fields),
    };
    let here = login.is_current.then(|| view! { " "<span class="badge">{words.this_one}</span> }.erase());
    view! {
        <tr>
            {who}
            <td data-head=words.with>{with}{here}</td>
            <td class="mono">{login.address.clone()}</td>
            <td class="sub"><span class="block max-w-60 ellipsis" title=login.user_agent.clone()>{agent::in_words(text, &login.user_agent)}</span></td>
            <td data-head=words.began>{clock.stamp(login.created_at)}</td>
            <td data-head=words.seen>{clock.stamp(login.last_seen_at)}</td>
            <td data-head=words.ends>{clock.day(login.expires_at)}</td>
            <td class="num">{end}</td>
        </tr>
    }
    .erase()
}
