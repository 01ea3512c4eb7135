//! The keys of a user: the list, and the form for a new one.

use hub::domain::key::ApiKey;
use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    one::{OneUser, path_of},
    restrictions,
};
use crate::{
    api::keys::CreateKey,
    drawn::{
        access,
        clock::Clock,
        form::{Faults, hidden},
        keys::{groups, pick},
        limits::fields,
    },
    query::escape,
    text::Text,
    ui::{
        Erase,
        field::Shape,
        icon::{Icon, icon},
        state::empty,
    },
};

/// The form that the boxes of rows belong to: no form can stand around a row.
const CHOOSER: &str = "choose-keys";

/// What the ids of the fields of a new key begin with: the user's form stands below.
const SCOPE: &str = "new-key-";

/// The panel.
pub(super) fn panel(text: &'static Text, one: &OneUser, clock: Clock) -> AnyView {
    let path = path_of(one.user.id);
    view! {
        <section class="panel" aria-labelledby="keys-title">
            <div class="panel-head">
                <h2 class="flex-1" id="keys-title">{text.keys.title}</h2>
                <a class="button small" href=format!("{path}?new=key") data-new-key data-noscroll>{text.keys.new}</a>
            </div>
            {one.is_making.then(|| form_of_new(text, one.user.id.to_string(), path.clone()))}
            {list(text, one, &path, clock)}
        </section>
    }
    .erase()
}

/// The form for a new key; in its place the secret once there is one.
fn form_of_new(text: &'static Text, user_id: String, back: String) -> AnyView {
    let words = &text.keys;
    let faults = Faults::of::<CreateKey>(text);
    let name = faults.field("form[name]", text.common.name).help(words.name_help).required().first();
    let group = faults.field("form[group]", text.common.group).help(words.group_help);
    let expires = faults.field_as("expires_at", "form[expires]", text.common.expires).shape(Shape::Day, "");
    view! {
        <div class="new-key" data-passing data-key="new-key">
            <form method="post" action=CreateKey::url() data-once>
                {hidden(vec![("form[id]", user_id)])}
                <p class="help mb-3">{words.new_lead}</p>
                <div class="triple">
                    {name.scope(SCOPE).view()} {group.scope(SCOPE).view()} {expires.scope(SCOPE).help(text.common.expires_help).view()}
                </div>
                <div class="mt-3">{restrictions::section(SCOPE, text, None, &faults)} {fields::section(SCOPE, text, None, &faults)}</div>
                <div role="alert">{faults.note()}</div>
                <div class="mt-3 flex gap-2">
                    <button type="submit" class="button primary">{icon(Icon::Plus)}{text.common.create}</button>
                    <a class="button" href=back data-esc data-noscroll>{text.common.cancel}</a>
                </div>
            </form>
            <div aria-live="polite"><div data-answer></div></div>
        </div>
    }
    .erase()
}

fn list(text: &'static Text, one: &OneUser, path: &str, clock: Clock) -> AnyView {
    let words = &text.keys;
    if one.keys.items.is_empty() {
        return empty(Icon::Inbox, words.empty, words.empty_why, None);
    }
    let next = one.keys.next_cursor.as_deref().map(|cursor| {
        view! { <nav class="pager"><a class="button small" href=format!("{path}?keys={}", escape(cursor))>{text.common.next_page}</a></nav> }.erase()
    });
    let rows = one.keys.items.iter().map(|key| line(text, key, &one.user.group, path, clock)).collect_view();
    view! {
        <form id=CHOOSER class="px-4 py-2" method="get" action="/keys/bulk">
            <button class="button small" type="submit">{words.change_chosen}</button>
        </form>
        <div class="scroll">
            <table class="table">
                <caption class="aside">{words.title}</caption>
                <thead>
                    <tr>
                        <th scope="col">{text.common.name}</th>
                        <th scope="col">{words.preview}</th>
                        <th scope="col">{text.common.state}</th>
                        <th scope="col">{text.common.group}</th>
                        <th scope="col">{words.last_used}</th>
                        <th scope="col">{text.common.expires}</th>
                        <th scope="col">{text.common.created}</th>
                        <th scope="col"><span class="aside">{text.common.actions}</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {next}
    }
    .into_any()
}

fn line(text: &'static Text, key: &ApiKey, of_user: &[String], path: &str, clock: Clock) -> AnyView {
    let words = &text.keys;
    let id = key.id.to_string();
    let used = key.last_used_at.map_or_else(|| words.never_used.into_any(), |at| clock.ago(text, at));
    let expires = key.expires_at.map_or_else(|| text.common.never.into_any(), |at| clock.last_day(at));
    let label = |word: &str| format!("{word}: {}", key.name);
    let is_let_in = access::of_key(text, key.enabled, key.expires_at, clock);
    // Whoever still has the secret before this one can call with it until then.
    let old = key
        .old_secret_until
        .filter(|until| *until > clock.now)
        .map(|until| view! { <span class="caption block">{words.old_ends}": "{clock.ago(text, until)}</span> }.erase());
    view! {
        <tr class:off=!key.enabled data-key=id.clone()>
            <td>{pick(CHOOSER, key, label(words.choose))} {restrictions::told(text, key)}</td>
            <td class="sub"><span class="mono">{key.preview.clone()}</span>{old}</td>
            <td>{is_let_in}</td>
            <td>{groups(text, key, of_user)}</td>
            <td class="sub">{used}</td>
            <td class="sub">{expires}</td>
            <td class="sub">{clock.ago(text, key.created_at)}</td>
            <td class="num">
                <a class="button ghost small" href=format!("{path}?limits={id}") aria-label=label(text.limits.title) data-noscroll>{text.limits.title}</a>
                <a class="button ghost small" href=format!("{path}?edit={id}") aria-label=label(text.common.edit) data-noscroll>{text.common.edit}</a>
                <a class="button ghost small" href=format!("{path}?rotate={id}") aria-label=label(words.rotate) data-noscroll>{words.rotate}</a>
                <a class="button ghost small danger" href=format!("{path}?drop={id}") aria-label=label(text.common.delete) data-noscroll>{text.common.delete}</a>
            </td>
        </tr>
    }
    .erase()
}
