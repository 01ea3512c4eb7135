//! The dialogs about a group.

use hub::domain::group::Group;
use leptos::{prelude::*, server_fn::ServerFn};

use super::PATH;
use crate::{
    api::groups::{DeleteGroup, SaveGroup},
    drawn::form::{Doubt, Faults, ask, dialog, dialog_end, hidden},
    text::Text,
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
                    {priority.numeric(None, "0").help(words.priority_help).view()}
                    {factor.numeric(Some("×"), "1").help(words.multiplier_help).view()}
                </div>
                {faults.field("form[note]", text.common.note).value(of(|group| group.note.clone())).view()}
                {dialog_end(text, &faults, PATH.to_owned(), text.common.save)}
            </div>
        </form>
    };
    dialog("edit-group", false, content.into_any())
}

/// Asks before a group is deleted.
pub(crate) fn ask_delete(text: &'static Text, name: String) -> AnyView {
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
