//! Providers changed many at a time.

use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::{Asked, Noun};
use crate::{
    api::{
        forms::many::{HEALTH, LIMITS, ROUTING, TIMES},
        providers::ChangeProviders,
    },
    drawn::{act::form, clock::Clock, providers::PATH},
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
        bulk_path: "/providers/bulk",
        one: |id| format!("{PATH}/{}", escape(id)),
        list: text.providers.title,
        title: text.many.providers_title,
        icon: Icon::Providers,
        which: &["id", "all", "search", "group"],
        sections: vec![
            (text.providers.routing, &ROUTING),
            (text.routing.availability, &HEALTH),
            (text.providers.network, &TIMES),
            (text.limits.title, &LIMITS),
        ],
        no_group: text.common.default_group,
        clock,
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
        "max_attempts" => text.routing.max_attempts,
        "breaker_failures" => text.routing.breaker_failures,
        "breaker_open_s" => text.routing.breaker_open_s,
        "breaker_successes" => text.routing.breaker_successes,
        "probe" => text.routing.probe,
        "message_queue" => text.routing.message_queue,
        "connect_timeout_ms" => words.connect_timeout,
        "first_byte_timeout_ms" => words.first_byte_timeout,
        "idle_timeout_ms" => words.idle_timeout,
        "total_timeout_ms" => words.total_timeout,
        other => limits::label(text, other),
    }
}
