//! A user's keys: list, new, change, delete.

use chrono::{DateTime, Utc};
use hub::domain::key::ApiKey;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{new_key::NewKeyPanel, restrictions, rotate};
use crate::{
    api::{
        ask::Question,
        keys::{DeleteKey, KeyList, SaveKey},
        limits::Owner,
    },
    asked::{asked, closings, show},
    change::{Change, ChangeForm},
    fault,
    live::Live,
    pages::{
        confirm::{self, Doubt},
        limits,
        providers::group_names,
    },
    query::escape,
    text::{Text, use_text},
    ui::{
        Erase,
        dialog::Dialog,
        field::{Shape, TextField, switch},
        form::watch_dialog,
        icon::Icon,
        state::{Tone, empty, enabled, note, state},
        time::{ago_view, last_day_view},
    },
    zone::use_zone,
};

/// The keys of a user.
#[component]
pub(super) fn Keys(
    /// Whose.
    user_id: String,
) -> impl IntoView {
    let text = use_text();
    let live: Live = expect_context();
    let query = use_query_map();
    let parameter = move |name: &'static str| Memo::new(move |_| query.with(|query| query.get(name)));
    let (cursor, making) = (parameter("keys"), parameter("new"));
    let open = Open {
        editing: parameter("edit"),
        limits: parameter("limits"),
        resetting: parameter("reset"),
        deleting: parameter("drop"),
        rotating: parameter("rotate"),
    };
    let owner = StoredValue::new(user_id);
    let closings = closings(move || open.editing.get().or_else(|| open.deleting.get()).is_some());
    let news = move || live.news().wrapping_add(closings.get());
    let list = asked(move || (news(), Question::Keys(owner.get_value(), cursor.get())));
    // Not drawn anew with the list: what is being typed in it stays.
    let is_open = Memo::new(move |_| open.any());
    let dialog = move || {
        is_open.get().then(|| {
            let list = asked(move || (0, Question::Keys(owner.get_value(), cursor.get_untracked())));
            show(list, move |list: KeyList| dialogs(text, list.page.items, open))
        })
    };
    view! {
        <section class="panel" aria-labelledby="keys-title">
            <div class="panel-head">
                <h2 class="flex-1" id="keys-title">{text.keys.title}</h2>
                <a class="button small" href=format!("/users/{}?new=key", owner.get_value()) data-new-key data-noscroll>{text.keys.new}</a>
            </div>
            {move || making.get().map(|_| view! { <NewKeyPanel user_id=owner.get_value() on_made=move || list.refetch() /> }.erase())}
            {show(list, move |list| keys(text, list, &owner.get_value()))}
            {dialog}
        </section>
    }.erase()
}

/// Which key's dialog is open, by the address.
#[derive(Clone, Copy)]
struct Open {
    editing: Memo<Option<String>>,
    limits: Memo<Option<String>>,
    resetting: Memo<Option<String>>,
    deleting: Memo<Option<String>>,
    rotating: Memo<Option<String>>,
}

impl Open {
    /// True if one is, tracked.
    fn any(self) -> bool {
        [self.editing, self.limits, self.resetting, self.deleting, self.rotating]
            .into_iter()
            .any(|which| which.with(Option::is_some))
    }
}

/// The dialog that is open, for the key that it is for.
fn dialogs(text: &'static Text, items: Vec<ApiKey>, open: Open) -> AnyView {
    let items = StoredValue::new(items);
    let chosen = move |which: Memo<Option<String>>| {
        which.get().and_then(|id| items.with_value(|items| items.iter().find(|key| key.id.to_string() == id).cloned()))
    };
    view! {
        {move || chosen(open.editing).map(|key| view! { <EditKey key_read=key /> }.erase())}
        {move || chosen(open.limits).map(|key| show_limits(text, &key))}
        {move || chosen(open.resetting).map(|key| ask_reset(&key))}
        {move || chosen(open.deleting).map(|key| ask_delete(text, &key))}
        {move || chosen(open.rotating).map(|key| rotate::ask(&key))}
    }
    .into_any()
}

/// The form that the boxes of rows belong to: no form can stand around a row.
const CHOOSER: &str = "choose-keys";

fn keys(text: &'static Text, list: KeyList, user_id: &str) -> AnyView {
    let KeyList { page, now } = list;
    if page.items.is_empty() {
        return empty(Icon::Inbox, text.keys.empty, text.keys.empty_why, None);
    }
    let next = page.next_cursor.map(|cursor| {
        view! { <nav class="pager"><a class="button small" href=format!("/users/{user_id}?keys={}", escape(&cursor))>{text.common.next_page}</a></nav> }.erase()
    });
    let rows = page.items.iter().map(|key| line(text, key, user_id, now)).collect_view();
    view! {
        <form id=CHOOSER class="px-4 py-2" method="get" action="/keys/bulk">
            <button class="button small" type="submit">{text.keys.change_chosen}</button>
        </form>
        <div class="scroll">
            <table class="table">
                <caption class="aside">{text.keys.title}</caption>
                <thead>
                    <tr>
                        <th scope="col">{text.common.name}</th>
                        <th scope="col">{text.keys.preview}</th>
                        <th scope="col">{text.common.state}</th>
                        <th scope="col">{text.common.group}</th>
                        <th scope="col">{text.keys.last_used}</th>
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
    .erase()
}

fn line(text: &'static Text, key: &ApiKey, user_id: &str, now: DateTime<Utc>) -> AnyView {
    let used = key.last_used_at.map_or_else(|| text.keys.never_used.into_any(), ago_view);
    let expires = key.expires_at.map_or_else(|| text.common.never.into_any(), last_day_view);
    let groups = if key.group.is_empty() { "—".to_owned() } else { group_names(text, &key.group) };
    let label = |word: &str| format!("{word}: {}", key.name);
    let is_over = key.enabled && key.expires_at.is_some_and(|end| end <= now);
    let is_let_in = if is_over { state(Tone::Bad, text.keys.expired) } else { enabled(key.enabled) };
    // Whoever still has the secret before this one can call with it until then.
    let old = key
        .old_secret_until
        .filter(|until| *until > now)
        .map(|until| view! { <span class="caption block">{text.keys.old_ends}": "{ago_view(until)}</span> }.erase());
    view! {
        <tr class:off=!key.enabled>
            <td>
                <span class="flex items-center gap-2">
                    <input type="checkbox" class="pick" form=CHOOSER name="id" value=key.id.to_string() aria-label=label(text.keys.choose) />
                    <a class="row-link" data-row href=format!("/keys/{}/use", key.id)>{key.name.clone()}</a>
                </span>
                {restricted(text, key)}
            </td>
            <td class="sub"><span class="mono">{key.preview.clone()}</span>{old}</td>
            <td>{is_let_in}</td>
            <td class="sub">{groups}</td>
            <td class="sub">{used}</td>
            <td class="sub">{expires}</td>
            <td class="sub">{ago_view(key.created_at)}</td>
            <td class="num">
                <a class="button ghost small" href=format!("/users/{user_id}?limits={}", key.id) aria-label=label(text.limits.title) data-noscroll>{text.limits.title}</a>
                <a class="button ghost small" href=format!("/users/{user_id}?edit={}", key.id) aria-label=label(text.common.edit) data-noscroll>{text.common.edit}</a>
                <a class="button ghost small" href=format!("/users/{user_id}?rotate={}", key.id) aria-label=label(text.keys.rotate) data-noscroll>{text.keys.rotate}</a>
                <a class="button ghost small danger" href=format!("/users/{user_id}?drop={}", key.id) aria-label=label(text.common.delete) data-noscroll>{text.common.delete}</a>
            </td>
        </tr>
    }
    .erase()
}

/// What a key is for, as far as it is restricted.
fn restricted(text: &'static Text, key: &ApiKey) -> Option<AnyView> {
    let words = &text.routing;
    let all = [
        (text.providers.models_rules, key.models.iter().map(ToString::to_string).collect::<Vec<_>>()),
        (words.clients, key.clients.clone()),
        (words.addresses, key.addresses.iter().map(ToString::to_string).collect()),
    ];
    let set = all.into_iter().filter(|(_, rules)| !rules.is_empty());
    let told: Vec<_> = set.map(|(name, rules)| format!("{name}: {}", rules.join(", "))).collect();
    let told = told.join(" · ");
    (!told.is_empty()).then(|| {
        view! { <span class="caption block max-w-60 ellipsis" title=told.clone()>{told.clone()}</span> }.erase()
    })
}

/// What the ids of a key's fields begin with: the user's form is on the same page.
const SCOPE: &str = "key-";

/// Changes a key.
#[component]
fn EditKey(key_read: ApiKey) -> impl IntoView {
    let text = use_text();
    let (change, zone) = (Change::through::<SaveKey>(), use_zone());
    let problem = move |field| fault::at(change, field);
    let error = fault::of(change);
    let failure = move || error.get().map(|error| note("note bad", Icon::Alert, error));
    let limits = limits::fields::section(SCOPE, Some(&key_read.limits), change);
    let restrictions = restrictions::section(SCOPE, Some(&key_read), change);
    let expires = key_read.expires_at.map(|at| zone.last_day(at)).unwrap_or_default();
    let back = format!("/users/{}", key_read.user_id);
    view! {
        <Dialog title_id="edit-key">
            <h2 id="edit-key" class="mb-3">{text.keys.edit}</h2>
                <ChangeForm change>
                    <div class="grid gap-4" on:input=watch_dialog(change)>
                        <input type="hidden" name="form[id]" value=key_read.id.to_string() />
                        {TextField::new("form[name]", text.common.name).scope(SCOPE).value(key_read.name).problem(problem("name")).required().view()}
                        {TextField::new("form[group]", text.common.group).scope(SCOPE).value(key_read.group.join(", ")).help(text.keys.group_help).problem(problem("group")).view()}
                        {TextField::new("form[expires]", text.common.expires).scope(SCOPE).value(expires).shape(Shape::Day, "").help(text.common.expires_help).problem(problem("expires_at")).view()}
                        {switch("form[enabled]", text.common.enabled, text.keys.enabled_help, key_read.enabled)}
                        {restrictions}
                        {limits}
                        <div role="alert">{failure}</div>
                        <div class="flex justify-end gap-2">
                            <a class="button" href=back data-esc data-noscroll>{text.common.cancel}</a>
                            <button type="submit" class="button primary">{text.common.save}</button>
                        </div>
                    </div>
                </ChangeForm>
        </Dialog>
    }.erase()
}

/// How much of its limits a key has used.
fn show_limits(text: &'static Text, key: &ApiKey) -> AnyView {
    let (id, user_id) = (key.id.to_string(), key.user_id);
    let (title, reset) = ((text.limits.of)(&key.name), format!("/users/{user_id}?reset={id}"));
    view! {
        <Dialog title_id="key-limits">
            <h2 id="key-limits" class="mb-3">{title}</h2>
            {limits::used(limits::ask_use(Owner::Key, move || id.clone()))}
            <div class="mt-5 flex justify-end gap-2">
                <a class="button" href=reset data-noscroll data-reset>{text.limits.reset}</a>
                <a class="button" href=format!("/users/{user_id}") data-esc data-noscroll>{text.shell.close}</a>
            </div>
        </Dialog>
    }
    .erase()
}

fn ask_reset(key: &ApiKey) -> AnyView {
    let back = format!("/users/{}?limits={}", key.user_id, key.id);
    limits::ask_reset(Owner::Key, key.id.to_string(), &key.name, back)
}

fn ask_delete(text: &'static Text, key: &ApiKey) -> AnyView {
    let user_id = key.user_id.to_string();
    confirm::ask::<DeleteKey>(Doubt {
        title: (text.keys.delete_title)(&key.name),
        what: text.keys.delete_what,
        back: format!("/users/{user_id}"),
        button: text.common.delete,
        of: Some((Owner::Key, key.id.to_string())),
        fields: vec![("id", key.id.to_string()), ("user_id", user_id)],
    })
}
