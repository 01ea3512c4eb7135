//! Limits: how much of them is used, and the question before they are reset. The same for users, keys and providers.

use hub::domain::limit::{Amount, LimitUse, Limited};
use leptos::prelude::*;

use super::confirm::{self, Doubt};
use crate::{
    api::{
        ask::Question,
        limits::{Owner, ResetLimits},
    },
    asked::{Asked, asked, show},
    format::{usd_alone, whole},
    live::Live,
    text::{Text, use_text},
    ui::{Erase, time::ago_view},
};

pub(crate) mod fields;

/// Asks for the use of somebody's limits, again whenever it may have changed.
pub(crate) fn ask_use(owner: Owner, id: impl Fn() -> String + Send + Sync + 'static) -> Asked {
    let live: Live = expect_context();
    let news = move || live.news().wrapping_add(live.recorded.get());
    asked(move || (news(), Question::Limits(owner, id())))
}

/// The panel: the use of limits, and the way to the reset.
pub(crate) fn panel(owner: Owner, id: Memo<String>, reset: impl Fn() -> String + Send + Sync + 'static) -> AnyView {
    let text = use_text();
    view! {
        <section class="panel self-start" aria-labelledby="limits-title">
            <div class="panel-head">
                <h2 class="flex-1" id="limits-title">{text.limits.title}</h2>
                <a class="button small" href=reset data-noscroll data-reset>{text.limits.reset}</a>
            </div>
            <div class="p-4">{used(ask_use(owner, move || id.get()))}</div>
        </section>
    }
    .erase()
}

/// The bars of all limits there are.
pub(crate) fn used(asked: Asked) -> AnyView {
    let text = use_text();
    show(asked, move |uses: Vec<LimitUse>| {
        let bars: Vec<AnyView> = uses.iter().filter_map(|used| bar(text, used)).collect();
        if bars.is_empty() {
            return view! { <p class="help">{text.limits.none}</p> }.erase();
        }
        view! { <ul class="grid gap-4">{bars}</ul> }.erase()
    })
}

/// One limit: settled, reserved, free, and when there is more room; none if there is no limit.
fn bar(text: &'static Text, used: &LimitUse) -> Option<AnyView> {
    let words = &text.limits;
    let (limit, remaining) = (used.limit?, used.remaining?);
    let (settled, reserved) = (permille(used.settled, limit), permille(used.reserved, limit));
    let filled = settled.saturating_add(reserved).min(1_000);
    let reserved = filled.saturating_sub(settled);
    let class = match filled {
        1_000.. => "meter full",
        800.. => "meter high",
        _ => "meter",
    };
    let name = name(text, used.window);
    let shown = format!("{} / {}", amount(used.settled), amount(limit));
    let in_flight = (!is_zero(used.reserved)).then(|| format!("{} {} · ", words.reserved, amount(used.reserved)));
    let free = format!("{} {}", words.free, amount(remaining));
    let told = format!("{shown}, {}{free}", in_flight.clone().unwrap_or_default());
    let room = used.resets_at.map(|at| view! { " · "{words.more_room}" "{ago_view(at)} }.into_any());
    let percent = |permille: u64| format!("{}.{}%", permille / 10, permille % 10);
    Some(
        view! {
            <li>
                <div class="flex justify-between gap-3"><span class="font-medium">{name}</span><span class="tabular-nums">{shown}</span></div>
                <div class=class role="meter" aria-label=name aria-valuemin="0" aria-valuemax="1000" aria-valuenow=filled aria-valuetext=told>
                    <svg width="100%" height="8" aria-hidden="true">
                        <rect class="settled" width=percent(settled) height="8" />
                        <rect class="reserved" x=percent(settled) width=percent(reserved) height="8" />
                    </svg>
                </div>
                <p class="caption">{in_flight}{free}{room}</p>
            </li>
        }
        .erase(),
    )
}

/// What a limit counts, in words.
pub(crate) const fn name(text: &Text, limited: Limited) -> &'static str {
    let words = &text.limits;
    match limited {
        Limited::Total => words.total,
        Limited::ConcurrentRequests => words.requests,
        Limited::ConcurrentSessions => words.sessions,
        Limited::Rpm => words.rpm,
        Limited::Tpm => words.tpm,
        Limited::FiveHours => words.five_hours,
        Limited::Daily => words.daily,
        Limited::Weekly => words.weekly,
        Limited::Monthly => words.monthly,
    }
}

fn amount(amount: Amount) -> String {
    match amount {
        Amount::Count(count) => whole(count),
        Amount::Usd(usd) => usd_alone(usd),
    }
}

fn is_zero(amount: Amount) -> bool {
    number(amount) == 0
}

/// Dollars as nano-dollars, everything else as it is.
fn number(amount: Amount) -> u64 {
    match amount {
        Amount::Count(count) => count,
        Amount::Usd(usd) => u64::try_from(usd.scaled()).unwrap_or_default(),
    }
}

/// How much of a limit `part` is, at most all of it. Of nothing everything is all.
fn permille(part: Amount, limit: Amount) -> u64 {
    let (part, limit) = (number(part), number(limit));
    if limit == 0 {
        return 1_000;
    }
    u64::try_from(u128::from(part) * 1_000 / u128::from(limit)).unwrap_or(1_000).min(1_000)
}

/// Asks before limits are reset.
pub(crate) fn ask_reset(owner: Owner, id: String, name: &str, back: String) -> AnyView {
    let text = use_text();
    confirm::ask::<ResetLimits>(Doubt {
        title: (text.limits.reset_title)(name),
        what: text.limits.reset_what,
        back,
        button: text.limits.reset,
        fields: vec![("owner", owner.as_str().to_owned()), ("id", id)],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_never_longer_than_its_limit() {
        let usd = |text: &str| Amount::Usd(text.parse().unwrap());
        assert_eq!(permille(usd("0.5"), usd("2")), 250);
        assert_eq!(permille(usd("3"), usd("2")), 1_000);
        assert_eq!(permille(Amount::Count(1), Amount::Count(3)), 333);
        assert_eq!(permille(Amount::Count(0), Amount::Count(0)), 1_000);
        assert_eq!(permille(usd("9000000"), usd("9000000")), 1_000);
    }
}
