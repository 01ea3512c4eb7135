//! Providers changed many at a time.

use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::{Asked, Noun};
use crate::{
    api::{
        forms::many::{LIMITS, ROUTING, TIMES},
        providers::ChangeProviders,
    },
    drawn::{act::form, providers::PATH},
    pages::limits,
    query::escape,
    text::Text,
    ui::icon::Icon,
};

/// The page. `search` is its query string.
pub(crate) fn page(text: &'static Text, map: &ParamsMap, search: &str, asked: &Asked) -> (Option<String>, AnyView) {
    let noun = Noun {
        path: PATH,
        bulk_path: "/providers/bulk",
        one: |id| format!("{PATH}/{}", escape(id)),
        list: text.providers.title,
        title: text.many.providers_title,
        icon: Icon::Providers,
        which: &["id", "all", "search", "group"],
        sections: vec![
            (text.providers.routing, &ROUTING),
            (text.providers.network, &TIMES),
            (text.limits.title, &LIMITS),
        ],
        label,
    };
    super::page(text, &noun, map, asked, |button| form::<ChangeProviders>(vec![("search", search.to_owned())], button))
}

/// The words for a field.
fn label(text: &'static Text, field: &str) -> &'static str {
    let words = &text.providers;
    match field {
        "enabled" => text.common.state,
        "priority" => words.priority,
        "weight" => words.weight,
        "group" => text.common.group,
        "group_priorities" => text.routing.group_priorities,
        "cost_multiplier" => words.multiplier,
        "connect_timeout_ms" => words.connect_timeout,
        "first_byte_timeout_ms" => words.first_byte_timeout,
        "idle_timeout_ms" => words.idle_timeout,
        "total_timeout_ms" => words.total_timeout,
        other => limits::label(text, other),
    }
}
