//! Users changed many at a time.

use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::{Asked, Noun};
use crate::{
    api::{
        forms::many::{LIMITS, PROFILE, TAGS_AND_TIME},
        users::ChangeUsers,
    },
    drawn::{act::form, clock::Clock, users::PATH},
    pages::limits,
    query::escape,
    text::Text,
    ui::icon::Icon,
};

/// The page. `search` is its query string.
pub(crate) fn page(
    text: &'static Text,
    map: &ParamsMap,
    search: &str,
    asked: &Asked,
    clock: Clock,
) -> (Option<String>, AnyView) {
    let noun = Noun {
        path: PATH,
        bulk_path: "/users/bulk",
        one: |id| format!("{PATH}/{}", escape(id)),
        list: text.users.title,
        title: text.many.users_title,
        icon: Icon::Users,
        which: &["id", "all", "search", "tag", "group", "status", "until"],
        sections: vec![
            (text.users.profile, &PROFILE),
            (text.many.tags_and_time, &TAGS_AND_TIME),
            (text.limits.title, &LIMITS),
        ],
        no_group: text.common.default_group,
        clock,
        label,
    };
    super::page(text, &noun, map, asked, |button| form::<ChangeUsers>(vec![("search", search.to_owned())], button))
}

/// The words for a field.
fn label(text: &'static Text, field: &str) -> &'static str {
    match field {
        "enabled" => text.common.state,
        "role" => text.users.role,
        "group" => text.common.group,
        "expires_at" => text.common.expires,
        "tags" => text.users.tags,
        "add_tags" => text.many.add_tags,
        "remove_tags" => text.many.remove_tags,
        "renew_days" => text.many.renew_days,
        other => limits::label(text, other),
    }
}
