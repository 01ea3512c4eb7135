//! The dialogs about one key of a user.

use hub::domain::{key::ApiKey, limit::quota::SubjectKind};
use leptos::{prelude::*, server_fn::ServerFn};

use super::{one::path_of, restrictions};
use crate::{
    api::keys::{DeleteKey, RotateKey, SaveKey},
    drawn::{
        clock::Clock,
        form::{Doubt, Faults, ask, dialog, dialog_end, hidden},
        limits::{self, Uses, fields},
        losses::{self, Losses},
    },
    text::Text,
    ui::field::{Shape, switch},
};

/// What the ids of the fields of a key begin with: the user's form is on the same page.
const SCOPE: &str = "key-";

/// Changes a key.
pub(crate) fn edit(text: &'static Text, key: &ApiKey, clock: Clock) -> AnyView {
    let words = &text.keys;
    let faults = Faults::of::<SaveKey>(text);
    let name = faults.field("form[name]", text.common.name).value(key.name.clone()).required();
    let group = faults.field("form[group]", text.common.group).value(key.group.join(", ")).help(words.group_help);
    let expires = key.expires_at.map(|at| clock.last_date(at)).unwrap_or_default();
    let expires = faults
        .field_as("expires_at", "form[expires]", text.common.expires)
        .value(expires)
        .shape(Shape::Day, "")
        .help(text.common.expires_help);
    let content = view! {
        <h2 id="edit-key" class="mb-3">{words.edit}</h2>
        <form method="post" action=SaveKey::url()>
            <div class="grid gap-4">
                {hidden(vec![("form[id]", key.id.to_string())])}
                {name.scope(SCOPE).view()}
                {group.scope(SCOPE).view()}
                {expires.scope(SCOPE).view()}
                {switch("form[enabled]", text.common.enabled, words.enabled_help, key.enabled)}
                {restrictions::section(SCOPE, text, Some(key), &faults)}
                {fields::section(SCOPE, text, Some(&key.limits), &faults)}
                {dialog_end(text, &faults, path_of(key.user_id), text.common.save)}
            </div>
        </form>
    };
    dialog("edit-key", false, content.into_any())
}

/// Shows how much of its limits a key has used.
pub(crate) fn show_limits(text: &'static Text, key: &ApiKey, uses: &Uses, clock: Clock) -> AnyView {
    let back = path_of(key.user_id);
    let reset = limits::to_reset(text, uses, "button", format!("{back}?reset={}", key.id));
    let content = view! {
        <h2 id="key-limits" class="mb-3">{(text.limits.of)(&key.name)}</h2>
        {limits::bars(text, uses, clock)}
        <div class="mt-5 flex justify-end gap-2">
            {reset}
            <a class="button" href=back data-esc data-noscroll>{text.shell.close}</a>
        </div>
    };
    dialog("key-limits", false, content.into_any())
}

/// Asks before the limits of a key are reset.
pub(crate) fn ask_reset(text: &'static Text, key: &ApiKey) -> AnyView {
    let back = format!("{}?limits={}", path_of(key.user_id), key.id);
    limits::ask_reset(text, SubjectKind::Key, key.id.to_string(), &key.name, back)
}

/// Asks before a key is deleted.
pub(crate) fn ask_delete(text: &'static Text, key: &ApiKey, lost: &Losses) -> AnyView {
    let words = &text.keys;
    let doubt = Doubt {
        title: (words.delete_title)(&key.name),
        what: words.delete_what,
        lost: Some(losses::view(text, lost)),
        back: path_of(key.user_id),
        button: text.common.delete,
        fields: vec![("id", key.id.to_string()), ("user_id", key.user_id.to_string())],
    };
    ask::<DeleteKey>(text, doubt)
}

/// Gives a key another secret: when the one before ends, then the new one, once.
pub(crate) fn rotate(text: &'static Text, key: &ApiKey) -> AnyView {
    let words = &text.keys;
    let faults = Faults::of::<RotateKey>(text);
    let graces =
        vec![("0", words.at_once), ("3600", words.hour_more), ("86400", words.day_more), ("604800", words.week_more)];
    let ends = faults.field_as("grace_s", "grace", words.old_ends).scope("rotate-").options(graces).light();
    let content = view! {
        <h2 id="rotate-key" class="mb-3">{(words.rotate_title)(&key.name)}</h2>
        <form method="post" action=RotateKey::url() data-once>
            <div class="grid gap-4">
                <p class="help">{words.rotate_what}</p>
                {hidden(vec![("id", key.id.to_string())])}
                {ends.view()}
                {dialog_end(text, &faults, path_of(key.user_id), words.rotate)}
            </div>
        </form>
        <div aria-live="polite"><div data-answer></div></div>
    };
    dialog("rotate-key", false, content.into_any())
}
