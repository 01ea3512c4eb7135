//! The limits of a user, a key or a provider: how much of them is used, and the fields that set them.

pub(crate) mod fields;

use hub::domain::{
    fault::Fault,
    limit::{LimitUse, quota::SubjectKind},
};
use leptos::prelude::*;

use super::{
    clock::Clock,
    form::{Doubt, ask},
};
use crate::{
    api::limits::ResetLimits,
    format::begun_large,
    pages::limits::{left, meter, name, of_limit},
    text::Text,
    ui::{Erase, icon::Icon, state::note},
};

/// What is known of the use of limits; while nobody can count, why that is.
pub(crate) type Uses = Result<Vec<LimitUse>, Fault>;

/// The panel: the use of limits, and the way to the reset.
pub(crate) fn panel(text: &'static Text, uses: &Uses, reset: String, clock: Clock) -> AnyView {
    let reset = to_reset(text, uses, "button small", reset);
    view! {
        <section class="panel self-start" aria-labelledby="limits-title">
            <div class="panel-head">
                <h2 class="flex-1" id="limits-title">{text.limits.use_title}</h2>
                {reset}
            </div>
            <div class="p-4">{bars(text, uses, clock)}</div>
        </section>
    }
    .erase()
}

/// The way to the reset, where any limit is known to be set.
pub(crate) fn to_reset(text: &'static Text, uses: &Uses, class: &'static str, href: String) -> Option<AnyView> {
    let is_any_set = uses.as_ref().is_ok_and(|uses| uses.iter().any(|used| used.limit.is_some()));
    is_any_set.then(|| view! { <a class=class href=href data-noscroll data-reset>{text.limits.reset}</a> }.erase())
}

/// The bars of these limits, as far as they are set.
pub(crate) fn bars(text: &'static Text, uses: &Uses, clock: Clock) -> AnyView {
    let uses = match uses {
        Ok(uses) => uses,
        Err(fault) => return note("note bad", Icon::Alert, (text.fault)(fault)),
    };
    let bars: Vec<AnyView> = uses.iter().filter_map(|used| bar(text, used, clock)).collect();
    if bars.is_empty() {
        return view! { <p class="help">{text.limits.none}</p> }.erase();
    }
    view! { <ul class="grid gap-4">{bars}</ul> }.erase()
}

/// One limit: settled, reserved, free, and when there is more room; none if there is no limit.
fn bar(text: &'static Text, used: &LimitUse, clock: Clock) -> Option<AnyView> {
    let meter = meter(text, used)?;
    Some(
        view! {
            <li>
                <div class="flex justify-between gap-3"><span class="font-medium">{name(text, used.window)}</span><span class="tabular-nums">{of_limit(used)}</span></div>
                {meter}
                <p class="caption">{begun_large(&left(text, used))}{room(text, used, clock)}</p>
            </li>
        }
        .erase(),
    )
}

/// When there is more room, after what is left; none for a limit that does not make room by itself.
pub(super) fn room(text: &'static Text, used: &LimitUse, clock: Clock) -> Option<AnyView> {
    used.resets_at.map(|at| view! { " · "{text.limits.more_room}" "{clock.ago(text, at)} }.into_any())
}

/// Asks before limits are reset.
pub(crate) fn ask_reset(text: &'static Text, of: SubjectKind, id: String, name: &str, back: String) -> AnyView {
    ask::<ResetLimits>(
        text,
        Doubt {
            title: (text.limits.reset_title)(name),
            what: text.limits.reset_what,
            lost: None,
            back,
            button: text.limits.reset,
            fields: vec![("owner", of.as_str().to_owned()), ("id", id)],
        },
    )
}
