//! How much of limits is used, as the list of quotas and drawn pages show it.

use hub::domain::limit::{Amount, LimitUse, Limited};
use leptos::prelude::*;

use crate::{
    format::{UNKNOWN, places_alone, usd, usd_alone, whole},
    text::Text,
    ui::Erase,
};

/// How much of a limit is used, as a bar: settled, reserved, free; none if there is no limit.
pub(crate) fn meter(text: &'static Text, used: &LimitUse) -> Option<AnyView> {
    let limit = used.limit?;
    let (settled, reserved) = (permille(used.settled, limit), permille(used.reserved, limit));
    let filled = settled.saturating_add(reserved).min(1_000);
    let reserved = filled.saturating_sub(settled);
    let class = match filled {
        1_000.. => "meter full",
        800.. => "meter high",
        _ => "meter",
    };
    let told = format!("{}, {}", of_limit(used), left(text, used));
    let percent = |permille: u64| format!("{}.{}%", permille / 10, permille % 10);
    Some(
        view! {
            <div class=class role="meter" aria-label=name(text, used.window) aria-valuemin="0" aria-valuemax="1000" aria-valuenow=filled aria-valuetext=told>
                <svg width="100%" height="8" aria-hidden="true">
                    <rect class="settled" width=percent(settled) height="8" />
                    <rect class="reserved" x=percent(settled) width=percent(reserved) height="8" />
                </svg>
            </div>
        }
        .erase(),
    )
}

/// What is settled, of how much: `$1.20 / $2.50`.
pub(crate) fn of_limit(used: &LimitUse) -> String {
    match used.limit {
        Some(limit) => of(used.settled, limit),
        None => format!("{} / {UNKNOWN}", amount(used.settled)),
    }
}

/// What is used, of how much: dollars with the places of the limit, and up to four where these would hide that more or less
/// of it is used.
pub(crate) fn of(used: Amount, limit: Amount) -> String {
    if let (Amount::Usd(used), Amount::Usd(limit)) = (used, limit) {
        let is_told = |places: &u32| used == limit || usd(used, *places) != usd(limit, *places);
        let places = (places_alone(limit)..4).find(is_told).unwrap_or(4);
        return format!("{} / {}", usd(used, places), usd(limit, places));
    }
    format!("{} / {}", amount(used), amount(limit))
}

/// What is reserved, if anything is, and what is free: `running $0.10 · free $1.20`.
pub(crate) fn left(text: &Text, used: &LimitUse) -> String {
    let words = &text.limit_names;
    let free = used.remaining.map_or_else(|| UNKNOWN.to_owned(), |free| part(used.limit, free));
    let in_flight =
        (used.reserved.number() > 0).then(|| format!("{} {} · ", words.reserved, part(used.limit, used.reserved)));
    format!("{}{} {free}", in_flight.unwrap_or_default(), words.free)
}

/// What a limit counts, in words.
pub(crate) const fn name(text: &Text, limited: Limited) -> &'static str {
    let words = &text.limit_names;
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

/// The name of a field of limits, in words; the name itself for one that is none.
#[cfg(feature = "ssr")]
pub(crate) fn label(text: &'static Text, field: &str) -> &'static str {
    let words = &text.limits;
    let known = Limited::ALL.into_iter().find(|limited| limited.field() == field);
    match (known, field) {
        (Some(limited), _) => name(text, limited),
        (None, "limit_mode") => words.mode,
        (None, "reset_5h_mode") => words.five_hours_mode,
        (None, "daily_reset_mode") => words.daily_mode,
        (None, "daily_reset_time") => words.daily_time,
        (None, _) => words.title,
    }
}

/// Dollars, or a number.
pub(crate) fn amount(amount: Amount) -> String {
    match amount {
        Amount::Count(count) => whole(count),
        Amount::Usd(usd) => usd_alone(usd),
    }
}

/// A part of a limit: dollars with as many places as the limit has.
pub(crate) fn part(limit: Option<Amount>, part: Amount) -> String {
    match (part, limit) {
        (Amount::Usd(part), Some(Amount::Usd(limit))) => usd(part, places_alone(limit)),
        _ => amount(part),
    }
}

/// How much of a limit `part` is, at most all of it. Of nothing everything is all.
fn permille(part: Amount, limit: Amount) -> u64 {
    let (part, limit) = (part.number(), limit.number());
    if limit == 0 {
        return 1_000;
    }
    u64::try_from(u128::from(part) * 1_000 / u128::from(limit)).unwrap_or(1_000).min(1_000)
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

    #[test]
    fn what_is_used_of_a_limit_has_the_digits_of_the_limit() {
        let usd = |text: &str| Amount::Usd(text.parse().unwrap());
        let of = |limit, settled, free| {
            let one = LimitUse {
                window: Limited::Daily,
                limit: Some(limit),
                settled,
                reserved: Amount::Count(0),
                remaining: Some(free),
                resets_at: None,
            };
            (of_limit(&one), part(one.limit, free))
        };
        let said = |amounts: &str, free: &str| (amounts.to_owned(), free.to_owned());
        assert_eq!(of(usd("4.1"), usd("3.8516"), usd("0.2484")), said("$3.85 / $4.10", "$0.25"));
        assert_eq!(of(usd("0.5"), usd("0"), usd("0.5")), said("$0.0000 / $0.5000", "$0.5000"));
        assert_eq!(of(Amount::Count(9), Amount::Count(4), Amount::Count(5)), said("4 / 9", "5"));
        assert_eq!(of(usd("1.1"), usd("1.1044"), usd("0")), said("$1.104 / $1.100", "$0.00"));
        assert_eq!(of(usd("1.1"), usd("1.10004"), usd("0")), said("$1.1000 / $1.1000", "$0.00"));
        assert_eq!(of(usd("1.1"), usd("1.1"), usd("0")), said("$1.10 / $1.10", "$0.00"));
    }
}
