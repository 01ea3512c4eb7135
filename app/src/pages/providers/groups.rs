//! The groups, below the providers: their order, their factor, and what people say about them.

use hub::domain::group::{DEFAULT_GROUP, Group};
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
    live::Live,
    pages::confirm::{self, Doubt},
    query::escape,
    text::{Text, use_text},
    ui::{Erase, dialog::Dialog, field::TextField, icon::Icon, state::note},
};

/// The list, with a group that is changed or deleted over it.
#[component]
pub(super) fn Groups() -> impl IntoView {
    let text = use_text();
    let live: Live = expect_context();
    let query = use_query_map();
    let parameter = move |name: &'static str| Memo::new(move |_| query.with(|query| query.get(name)));
    let (editing, dropping) = (parameter("group"), parameter("drop"));
    let news = move || {
        // What a dialog has changed is read again when it closes.
        let _ = (editing.get(), dropping.get());
        live.news()
    };
    let list = asked(move || (news(), Question::Groups));
    view! {
        <section class="panel mt-6" aria-labelledby="groups-title">
            <div class="panel-head">
                <h2 class="flex-1" id="groups-title">{text.routing.groups}</h2>
                <a class="button small" href="/providers?group=" data-noscroll>{text.routing.new_group}</a>
            </div>
            <p class="help px-4 pb-3">{text.routing.groups_lead}</p>
            {show(list, move |groups: Vec<Group>| groups_view(text, groups, editing))}
        </section>
        {move || dropping.get().map(|name| ask_delete(text, name))}
    }
    .erase()
}

fn groups_view(text: &'static Text, groups: Vec<Group>, editing: Memo<Option<String>>) -> AnyView {
    let rows = groups.iter().map(|group| line(text, group)).collect_view();
    let groups = StoredValue::new(groups);
    let find = move |name: &str| groups.with_value(|groups| groups.iter().find(|group| group.name == name).cloned());
    view! {
        <div class="scroll">
            <table class="table">
                <caption class="aside">{text.routing.groups}</caption>
                <thead>
                    <tr>
                        <th scope="col">{text.common.name}</th>
                        <th scope="col" class="num">{text.routing.priority}</th>
                        <th scope="col" class="num">{text.providers.multiplier}</th>
                        <th scope="col">{text.common.note}</th>
                        <th scope="col"><span class="aside">{text.common.actions}</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {move || editing.get().map(|name| view! { <EditGroup group=find(&name) /> }.erase())}
    }
    .erase()
}

fn line(text: &'static Text, group: &Group) -> AnyView {
    let name = escape(&group.name);
    let label = |word: &str| format!("{word}: {}", group.name);
    let drop = (group.name != DEFAULT_GROUP).then(|| {
        view! { <a class="button ghost small danger" href=format!("/providers?drop={name}") aria-label=label(text.common.delete) data-noscroll>{text.common.delete}</a> }.erase()
    });
    view! {
        <tr>
            <td>{group.name.clone()}</td>
            <td class="num">{group.priority}</td>
            <td class="num">{group.cost_multiplier.to_string()}</td>
            <td class="sub">{group.note.clone()}</td>
            <td class="num">
                <a class="button ghost small" href=format!("/providers?group={name}") aria-label=label(text.common.edit) data-noscroll>{text.common.edit}</a>
                {drop}
            </td>
        </tr>
    }
    .erase()
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
                <div class="grid gap-4">
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
        fields: vec![("name", name)],
    })
}
