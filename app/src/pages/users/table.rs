//! The list of users.

use hub::domain::{page::Page, user::Role};
use leptos::prelude::*;

use crate::{
    api::users::UserRow,
    format::{usd_alone, whole},
    pages::providers::group_names,
    query::escape,
    text::{Text, use_text},
    ui::{
        Erase,
        icon::Icon,
        state::{empty, enabled},
        time::{ago_view, day_view},
    },
};

/// The table.
pub(super) fn view(page: Page<UserRow>) -> AnyView {
    let text = use_text();
    if page.items.is_empty() {
        let action = Some(("/users/new", text.users.new));
        return view! { <div class="panel">{empty(Icon::Users, text.users.empty, text.users.empty_why, action)}</div> }
            .erase();
    }
    let next = page.next_cursor.map(|cursor| {
        view! { <nav class="pager"><a class="button small" rel="next" href=format!("/users?cursor={}", escape(&cursor))>{text.common.next_page}</a></nav> }.erase()
    });
    view! {
        <section class="panel">
            <div class="scroll">
                <table class="table">
                    <caption class="aside">{text.users.title}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{text.common.name}</th>
                            <th scope="col">{text.common.state}</th>
                            <th scope="col">{text.users.role}</th>
                            <th scope="col">{text.common.group}</th>
                            <th scope="col">{text.common.note}</th>
                            <th scope="col">{text.common.expires}</th>
                            <th scope="col">{text.common.created}</th>
                            <th scope="col" class="num">{text.users.requests}</th>
                            <th scope="col" class="num">{text.users.cost}</th>
                        </tr>
                    </thead>
                    <tbody>{page.items.into_iter().map(|row| line(text, row)).collect_view()}</tbody>
                </table>
            </div>
            {next}
        </section>
        <p class="caption mt-2 px-4">{text.users.requests}", "{text.users.cost}": "{text.users.last_day}</p>
    }
    .erase()
}

fn line(text: &'static Text, row: UserRow) -> AnyView {
    let UserRow { user, totals } = row;
    let role = match user.role {
        Role::User => text.users.role_user,
        Role::Admin => text.users.role_admin,
    };
    let expires = user.expires_at.map_or_else(|| text.common.never.into_any(), day_view);
    view! {
        <tr class:off=!user.enabled>
            <td><a class="row-link" data-row href=format!("/users/{}", user.id)>{user.name}</a></td>
            <td>{enabled(user.enabled)}</td>
            <td>{role}</td>
            <td>{group_names(text, &user.group)}</td>
            <td class="sub"><span class="block max-w-60 ellipsis">{user.note}</span></td>
            <td class="sub">{expires}</td>
            <td class="sub">{ago_view(user.created_at)}</td>
            <td class="num">{whole(totals.calls)}</td>
            <td class="num">{usd_alone(totals.cost_usd)}</td>
        </tr>
    }
    .erase()
}
