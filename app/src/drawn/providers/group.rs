//! The dialogs about a group.

use hub::domain::group::{Group, GroupUse};
use leptos::{prelude::*, server_fn::ServerFn};

use super::PATH;
use crate::{
    api::groups::{DeleteGroup, SaveGroup},
    drawn::form::{Doubt, Faults, ask, dialog, dialog_end, hidden},
    query::escape,
    text::Text,
    ui::Erase,
};

/// Changes a group; makes a new one if there is none.
pub(crate) fn edit(text: &'static Text, group: Option<&Group>) -> AnyView {
    let words = &text.routing;
    let faults = Faults::of::<SaveGroup>(text);
    let title = group.map_or_else(|| words.new_group.to_owned(), |group| (words.edit_group)(&group.name));
    let name = if let Some(group) = group {
        hidden(vec![("form[name]", group.name.clone())])
    } else {
        let field = faults.field("form[name]", text.common.name).help(words.name_help).required();
        view! { {hidden(vec![("form[is_new]", "on".to_owned())])} {field.view()} }.into_any()
    };
    let of = |of: fn(&Group) -> String| group.map(of).unwrap_or_default();
    let priority = faults.field("form[priority]", words.priority).value(of(|group| group.priority.to_string()));
    let factor = faults
        .field("form[cost_multiplier]", text.providers.multiplier)
        .value(of(|group| group.cost_multiplier.to_string()));
    let content = view! {
        <h2 id="edit-group" class="mb-3">{title}</h2>
        <form method="post" action=SaveGroup::url()>
            <div class="grid gap-4">
                {name}
                <div class="pair">
                    {priority.whole(None, "0").help(words.priority_help).view()}
                    {factor.numeric(Some("×"), "1").help(words.multiplier_help).view()}
                </div>
                {faults.field("form[note]", text.common.note).value(of(|group| group.note.clone())).view()}
                {dialog_end(text, &faults, PATH.to_owned(), text.common.save)}
            </div>
        </form>
    };
    dialog("edit-group", false, content.into_any())
}

/// Asks before a group is deleted; while somebody names it, says who.
pub(crate) fn ask_delete(text: &'static Text, name: String, in_use: GroupUse) -> AnyView {
    if in_use != GroupUse::default() {
        return named(text, &name, in_use);
    }
    let doubt = Doubt {
        title: (text.routing.delete_group)(&name),
        what: text.routing.delete_what,
        lost: None,
        back: PATH.to_owned(),
        button: text.common.delete,
        fields: vec![("name", name)],
    };
    ask::<DeleteGroup>(text, doubt)
}

/// Says who names a group, which cannot be deleted until nobody does, and where they are.
fn named(text: &'static Text, name: &str, in_use: GroupUse) -> AnyView {
    let words = &text.routing;
    let of = escape(name);
    let all = [
        (in_use.n_providers, text.providers.title, PATH),
        (in_use.n_users, text.users.title, "/users"),
        (in_use.n_keys, text.keys.title, "/keys"),
    ];
    let one = |(n, label, path): (i64, &'static str, &str)| {
        let href = format!("{path}?group={of}");
        (n > 0).then(|| view! { <li><a class="link" href=href>{label}": "{n}</a></li> }.erase())
    };
    let content = view! {
        <h2 id="confirm-title">{(words.delete_group)(name)}</h2>
        <p class="mt-2 text-muted">{words.delete_what}</p>
        <p class="mt-2">{words.named_by}</p>
        <ul>{all.into_iter().filter_map(one).collect_view()}</ul>
        <div class="mt-5 flex justify-end">
            <a class="button" href=PATH autofocus data-esc data-noscroll>{text.common.cancel}</a>
        </div>
    };
    dialog("confirm-title", true, content.into_any())
}
