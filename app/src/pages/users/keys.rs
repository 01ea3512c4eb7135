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
    asked::{Asked, asked, closings, show},
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
    let open = Memo::new(move |_| {
        query.with(|query| Open::ALL.into_iter().find_map(|open| Some((open, query.get(open.as_str())?))))
    });
    let owner = StoredValue::new(user_id);
    let closings = closings(move || open.with(|open| open.as_ref().is_some_and(|(open, _)| open.changes())));
    let news = move || live.news().wrapping_add(closings.get());
    let list = asked(move || (news(), Question::Keys(owner.get_value(), cursor.get())));
    // Not drawn anew with the list: what is being typed in it stays.
    let dialog = move || {
        open.get().map(|(open, id)| {
            let list = asked(move || (0, Question::Keys(owner.get_value(), cursor.get_untracked())));
            // Asked beside the list and not within its answer, which the server draws twice: whoever takes the page over counts
            // what is asked, and would get the answer to something else.
            let of = id.clone();
            let uses = (open == Open::Limits).then(|| limits::ask_use(Owner::Key, move || of.clone()));
            show(list, move |list: KeyList| {
                let key = list.page.items.into_iter().find(|key| key.id.to_string() == id);
                key.map(|key| dialog(text, open, key, uses)).into_any()
            })
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

/// What a dialog about a key is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Edit,
    Limits,
    Reset,
    Drop,
    Rotate,
}

impl Open {
    const ALL: [Self; 5] = [Self::Edit, Self::Limits, Self::Reset, Self::Drop, Self::Rotate];

    /// The parameter of the address that opens it for a key.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Limits => "limits",
            Self::Reset => "reset",
            Self::Drop => "drop",
            Self::Rotate => "rotate",
        }
    }

    /// True if the list of keys is another one afterwards.
    const fn changes(self) -> bool {
        matches!(self, Self::Edit | Self::Drop)
    }
}

/// What is lost with a key, in numbers, once the browser has taken the page over: a drawn part within the answer to a
/// question is not found again there. What is said in words stands in the document.
fn lost_when_taken_over(id: String) -> AnyView {
    let is_here = RwSignal::new(false);
    Effect::new(move |_| is_here.set(true));
    view! { <div class="contents">{move || is_here.get().then(|| confirm::lost(Owner::Key, id.clone()))}</div> }.erase()
}

fn dialog(text: &'static Text, open: Open, key: ApiKey, uses: Option<Asked>) -> AnyView {
    match open {
        Open::Edit => view! { <EditKey key_read=key /> }.erase(),
        Open::Limits => show_limits(text, &key, uses),
        Open::Reset => ask_reset(&key),
        Open::Drop => ask_delete(text, &key),
        Open::Rotate => rotate::ask(&key),
    }
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
fn show_limits(text: &'static Text, key: &ApiKey, uses: Option<Asked>) -> AnyView {
    let user_id = key.user_id;
    let (title, reset) = ((text.limits.of)(&key.name), format!("/users/{user_id}?reset={}", key.id));
    view! {
        <Dialog title_id="key-limits">
            <h2 id="key-limits" class="mb-3">{title}</h2>
            {uses.map(limits::used)}
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
        lost: Some(lost_when_taken_over(key.id.to_string())),
        fields: vec![("id", key.id.to_string()), ("user_id", user_id)],
    })
}
