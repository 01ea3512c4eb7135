//! The groups, below the providers: their order, their factor, whether they are paused.

use hub::domain::{
    group::{DEFAULT_GROUP, Group},
    hold::{HoldScope, HoldShown},
};
use leptos::prelude::*;

use super::{PATH, ProviderList, is_of, row::hold};
use crate::{
    api::groups::PauseGroup,
    drawn::{act::act, clock::Clock},
    query::escape,
    text::Text,
    ui::Erase,
};

/// The panel.
pub(super) fn panel(text: &'static Text, list: &ProviderList, clock: Clock) -> AnyView {
    let rows = list.groups.iter().map(|group| line(text, group, list, clock));
    view! {
        <section class="panel mt-6" aria-labelledby="groups-title">
            <div class="panel-head">
                <h2 class="flex-1" id="groups-title">{text.provider_list.groups}</h2>
                <a class="button small" href=format!("{PATH}?edit=") data-noscroll>{text.routing.new_group}</a>
            </div>
            <p class="help px-4 py-3">{text.provider_list.groups_lead}</p>
            <div class="scroll">
                <table class="table">
                    <caption class="aside">{text.provider_list.groups}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{text.common.name}</th>
                            <th scope="col">{text.common.state}</th>
                            <th scope="col" class="num">{text.routing.priority}</th>
                            <th scope="col" class="num">{text.providers.multiplier}</th>
                            <th scope="col" class="num">{text.providers.title}</th>
                            <th scope="col">{text.common.note}</th>
                            <th scope="col"><span class="aside">{text.common.actions}</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
    .erase()
}

fn line(text: &'static Text, group: &Group, list: &ProviderList, clock: Clock) -> AnyView {
    let name = escape(&group.name);
    let label = |word: &str| format!("{word}: {}", group.name);
    let paused: Option<&HoldShown> = list
        .holds
        .iter()
        .find(|shown| matches!(&shown.hold.scope, HoldScope::Group { group: held } if *held == group.name));
    let state = match paused {
        Some(shown) => hold(text, shown, clock),
        None => text.provider_list.in_use.into_any(),
    };
    let pause = paused
        .is_none()
        .then(|| act::<PauseGroup>(text.provider_list.pause, &group.name, vec![("name", group.name.clone())]));
    let drop = if group.name == DEFAULT_GROUP {
        // It cannot be deleted; the other buttons stand below those of the other groups all the same.
        view! { <span class="button ghost small invisible" aria-hidden="true">{text.common.delete}</span> }.erase()
    } else {
        view! { <a class="button ghost small danger" href=format!("{PATH}?drop={name}") aria-label=label(text.common.delete) data-noscroll>{text.common.delete}</a> }.erase()
    };
    let n_providers = list.rows.iter().filter(|row| is_of(&row.provider, &group.name)).count();
    view! {
        <tr>
            <td><a class="row-link" href=format!("{PATH}?group={name}")>{group.name.clone()}</a></td>
            <td class="sub">{state}</td>
            <td class="num">{group.priority}</td>
            <td class="num">{group.cost_multiplier.to_string()}</td>
            <td class="num">{n_providers}</td>
            <td class="sub"><span class="block max-w-60 ellipsis">{group.note.clone()}</span></td>
            <td class="num">
                <span class="flex justify-end">
                    {pause}
                    <a class="button ghost small" href=format!("{PATH}?edit={name}") aria-label=label(text.common.edit) data-noscroll>{text.common.edit}</a>
                    {drop}
                </span>
            </td>
        </tr>
    }
    .erase()
}
