//! The dialogs of groups, over the list of providers.

use hub::domain::group::Group;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    api::{
        ask::Question,
        groups::{DeleteGroup, SaveGroup},
    },
    asked::{asked, show},
    change::{Change, ChangeForm},
    fault,
    pages::confirm::{self, Doubt},
    text::{Text, use_text},
    ui::{Erase, dialog::Dialog, field::TextField, form::watch_dialog, icon::Icon, state::note},
};

/// The dialogs over the list: a group that is changed, one that is deleted.
#[component]
pub(super) fn Groups() -> impl IntoView {
    let text = use_text();
    let query = use_query_map();
    let parameter = move |name: &'static str| Memo::new(move |_| query.with(|query| query.get(name)));
    let (editing, dropping) = (parameter("edit"), parameter("drop"));
    move || {
        if let Some(name) = dropping.get() {
            return Some(ask_delete(text, name));
        }
        let name = editing.get()?;
        if name.is_empty() {
            return Some(view! { <EditGroup group=None /> }.erase());
        }
        let list = asked(|| (0, Question::Groups));
        Some(show(list, move |groups: Vec<Group>| {
            let group = groups.into_iter().find(|group| group.name == name);
            view! { <EditGroup group=group /> }.erase()
        }))
    }
}

/// Changes a group; a new one if there is none.
#[component]
fn EditGroup(group: Option<Group>) -> impl IntoView {
    let text = use_text();
    let words = &text.routing;
    let change = Change::through::<SaveGroup>();
    let problem = move |field| fault::at(change, field);
    let error = fault::of(change);
    let failure = move || error.get().map(|error| note("note bad", Icon::Alert, error));
    let title = group.as_ref().map_or_else(|| words.new_group.to_owned(), |group| (words.edit_group)(&group.name));
    let name = match &group {
        Some(group) => view! { <input type="hidden" name="form[name]" value=group.name.clone() /> }.erase(),
        None => view! {
            <input type="hidden" name="form[is_new]" value="on" />
            {TextField::new("form[name]", text.common.name).help(words.name_help).problem(problem("name")).required().view()}
        }
        .erase(),
    };
    let of = |of: fn(&Group) -> String| group.as_ref().map(of).unwrap_or_default();
    let (priority, factor) = (of(|group| group.priority.to_string()), of(|group| group.cost_multiplier.to_string()));
    let said = of(|group| group.note.clone());
    view! {
        <Dialog title_id="edit-group">
            <h2 id="edit-group" class="mb-3">{title}</h2>
            <ChangeForm change>
                <div class="grid gap-4" on:input=watch_dialog(change)>
                    {name}
                    <div class="pair">
                        {TextField::new("form[priority]", words.priority).value(priority).numeric(None, "0").help(words.priority_help).problem(problem("priority")).view()}
                        {TextField::new("form[cost_multiplier]", text.providers.multiplier).value(factor).numeric(Some("×"), "1").help(words.multiplier_help).problem(problem("cost_multiplier")).view()}
                    </div>
                    {TextField::new("form[note]", text.common.note).value(said).problem(problem("note")).view()}
                    <div role="alert">{failure}</div>
                    <div class="flex justify-end gap-2">
                        <a class="button" href="/providers" data-esc data-noscroll>{text.common.cancel}</a>
                        <button type="submit" class="button primary">{text.common.save}</button>
                    </div>
                </div>
            </ChangeForm>
        </Dialog>
    }
    .erase()
}

fn ask_delete(text: &'static Text, name: String) -> AnyView {
    confirm::ask::<DeleteGroup>(Doubt {
        title: (text.routing.delete_group)(&name),
        what: text.routing.delete_what,
        back: "/providers".to_owned(),
        button: text.common.delete,
        lost: None,
        fields: vec![("name", name)],
    })
}
