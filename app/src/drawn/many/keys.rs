//! Keys changed many at a time.

use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::{Asked, Noun};
use crate::{
    api::{
        forms::many::{KEY, LIMITS},
        keys::ChangeKeys,
    },
    drawn::{
        act::form,
        clock::Clock,
        keys::{self, FROM},
        users,
    },
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
    // Keys are chosen at a user, or in the list of all.
    let (path, list) =
        if map.get_str("from") == Some(FROM) { (keys::PATH, text.keys.title) } else { (users::PATH, text.users.title) };
    let noun = Noun {
        path,
        bulk_path: "/keys/bulk",
        one: |id| format!("/keys/{}/use", escape(id)),
        list,
        title: text.many.keys_title,
        icon: Icon::Users,
        which: &["id", "from"],
        sections: vec![(text.keys.title, &KEY), (text.limits.title, &LIMITS)],
        // It goes by those of its user then.
        no_group: text.many.none,
        clock,
        label,
    };
    super::page(text, &noun, map, asked, |button| form::<ChangeKeys>(vec![("search", search.to_owned())], button))
}

/// The words for a field.
fn label(text: &'static Text, field: &str) -> &'static str {
    match field {
        "enabled" => text.common.state,
        "group" => text.common.group,
        "expires_at" => text.common.expires,
        other => limits::label(text, other),
    }
}
