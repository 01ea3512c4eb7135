//! Keys changed many at a time.

use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::{Asked, Noun};
use crate::{
    api::{
        forms::many::{KEY, LIMITS},
        keys::ChangeKeys,
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
        // Keys are listed at their users.
        path: PATH,
        bulk_path: "/keys/bulk",
        one: |id| format!("/keys/{}/use", escape(id)),
        list: text.users.title,
        title: text.many.keys_title,
        icon: Icon::Users,
        which: &["id"],
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
