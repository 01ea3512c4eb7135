//! The limits of a user, a key or a provider: how much of them is used, and the fields that set them.

pub(crate) mod fields;

use chrono::{DateTime, Utc};
use hub::domain::{
    fault::Fault,
    limit::{LimitUse, quota::SubjectKind, reached::AtLimit},
};
use leptos::prelude::*;

use super::{
    clock::Clock,
    form::{Doubt, ask},
};
use crate::{
    api::limits::ResetLimits,
    format::begun_large,
    pages::limits::{left, meter, name, of, of_limit, part},
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
                <p class="caption">{begun_large(&left(text, used))}{room(text, used.resets_at, clock)}</p>
            </li>
        }
        .erase(),
    )
}

/// When there is more room, after what is left; none for a limit that does not make room by itself.
pub(super) fn room(text: &'static Text, resets_at: Option<DateTime<Utc>>, clock: Clock) -> Option<AnyView> {
    resets_at.map(|at| view! { " · "{text.limits.more_room}" "{clock.ago(text, at)} }.into_any())
}

/// The limit of its own that a provider was left out for, behind that reason: which one, how much of it was used, and when
/// there is more room.
pub(super) fn reached(text: &'static Text, at: &AtLimit, clock: Clock) -> AnyView {
    view! { " ("{name(text, at.field.0)}" "{used_of(text, at)}{room(text, at.resets_at, clock)}")" }.into_any()
}

/// What was used, of how much, and what was reserved beside it: `$0.01 / $0.02 · running $0.01`.
fn used_of(text: &Text, at: &AtLimit) -> String {
    let part = |amount| part(Some(at.limit), amount);
    let reserved = at.reserved.map(|reserved| format!(" · {} {}", text.limit_names.reserved, part(reserved)));
    format!("{}{}", of(at.used, at.limit), reserved.unwrap_or_default())
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

#[cfg(test)]
mod tests {
    use hub::domain::limit::{Amount, Limited, reached::LimitField};

    use super::*;
    use crate::text::Language;

    #[test]
    fn what_was_used_of_a_limit_that_was_reached_has_the_digits_of_the_limit() {
        let usd = |text: &str| Amount::Usd(text.parse().unwrap());
        let of =
            |field, used, reserved, limit| AtLimit { field: LimitField(field), used, reserved, limit, resets_at: None };
        let daily = of(Limited::Daily, usd("3.8516"), Some(usd("0.2")), usd("4.1"));
        assert_eq!(used_of(Language::En.text(), &daily), "$3.85 / $4.10 · running $0.20");
        let rpm = of(Limited::Rpm, Amount::Count(5), None, Amount::Count(5));
        assert_eq!(used_of(Language::Zh.text(), &rpm), "5 / 5");
    }
}
