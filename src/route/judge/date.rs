//! When a provider wants to be asked again, in all the forms in which it says so.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use http::HeaderMap;

use super::{Evidence, header};
use crate::domain::hold::Extent;

/// The longest time that is believed at all.
const FAR: TimeDelta = TimeDelta::days(400);

/// How long the provider wants to be left alone: `retry-after-ms`, else `retry-after` as seconds or as an HTTP date.
pub(super) fn retry_after(evidence: &Evidence<'_>) -> Option<TimeDelta> {
    let number = |name: &str| header(evidence, name).and_then(whole);
    let ms = number("retry-after-ms").map(TimeDelta::milliseconds);
    let seconds = || number("retry-after").map(TimeDelta::seconds);
    let date = || Some(DateTime::parse_from_rfc2822(header(evidence, "retry-after")?).ok()?.to_utc() - evidence.now);
    ms.or_else(seconds).or_else(date).map(|after| after.clamp(TimeDelta::zero(), FAR))
}

/// A number that is not negative; a fraction counts as one more.
fn whole(text: &str) -> Option<i64> {
    let (digits, fraction) = text.split_once('.').map_or((text, ""), |(digits, fraction)| (digits, fraction));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || digits.len() > 12 || !is_number(digits) || !is_number(fraction) {
        return None;
    }
    let more = i64::from(fraction.bytes().any(|digit| digit != b'0'));
    digits.parse::<i64>().ok().map(|number| number + more)
}

/// The end of [`retry_after`], if that is still to come: what is over already must not hide what else is said.
pub(super) fn asked_again(evidence: &Evidence<'_>) -> Option<DateTime<Utc>> {
    retry_after(evidence).map(|after| evidence.now + after).filter(|until| *until > evidence.now)
}

/// The end of a subscription's window, if that is what is used up, and what it is a window of: where neither that of five
/// hours nor that of the week is, it is one of a single model's.
pub(super) fn quota_reset(evidence: &Evidence<'_>) -> Option<(Extent, DateTime<Utc>)> {
    if !is_rejected(evidence, "anthropic-ratelimit-unified-status") {
        return None;
    }
    let of_all = ["anthropic-ratelimit-unified-5h-status", "anthropic-ratelimit-unified-7d-status"];
    let is_of_all = of_all.into_iter().any(|name| is_rejected(evidence, name));
    let reset = header(evidence, "anthropic-ratelimit-unified-reset").and_then(time);
    let until = reset.filter(|reset| *reset > evidence.now).or_else(|| asked_again(evidence))?;
    Some((if is_of_all { Extent::Credential } else { Extent::Model }, until))
}

fn is_rejected(evidence: &Evidence<'_>, name: &str) -> bool {
    header(evidence, name) == Some("rejected")
}

/// True if only the limits of fast mode are used up: they say nothing about calls at the usual speed.
pub(super) fn is_of_fast_mode(evidence: &Evidence<'_>) -> bool {
    let tells = |headers: &HeaderMap| headers.keys().any(|name| name.as_str().starts_with("anthropic-fast-"));
    evidence.headers.is_some_and(tells)
        && !is_rejected(evidence, "anthropic-ratelimit-unified-status")
        && bucket_reset(evidence).is_none()
}

/// When a rate limit is over: [`asked_again`], else [`bucket_reset`].
pub(super) fn rate_reset(evidence: &Evidence<'_>) -> Option<DateTime<Utc>> {
    asked_again(evidence).or_else(|| bucket_reset(evidence))
}

/// The last reset among the buckets that are empty.
fn bucket_reset(evidence: &Evidence<'_>) -> Option<DateTime<Utc>> {
    let of_bucket = |bucket: &str| {
        let name = |field: &str| format!("anthropic-ratelimit-{bucket}-{field}");
        let is_empty = header(evidence, &name("remaining"))? == "0";
        header(evidence, &name("reset")).filter(|_| is_empty).and_then(time)
    };
    let buckets = ["requests", "tokens", "input-tokens", "output-tokens"];
    buckets.into_iter().filter_map(of_bucket).max()
}

/// The date of which the message speaks: "You will regain access on 2026-12-01 at 00:00 UTC." Else [`asked_again`]. Any
/// other date in it may be quoted from what a caller has sent.
pub(super) fn named_in_text(evidence: &Evidence<'_>) -> Option<DateTime<Utc>> {
    let of_word = |word: &str| word.trim_matches(|c: char| !c.is_ascii_digit()).parse::<NaiveDate>().ok();
    let is_believed = |until: &DateTime<Utc>| *until > evidence.now && *until < evidence.now + FAR;
    let text = evidence.message.unwrap_or_default().to_ascii_lowercase();
    let mut words = text.split_once("regain access on").map_or("", |(_, behind)| behind).split_whitespace();
    let until = words.next().and_then(of_word).map(|day| {
        let clock = words.find_map(|word| {
            let (hour, minute) = word.split_once(':')?;
            NaiveTime::from_hms_opt(hour.parse().ok()?, minute.get(..2)?.parse().ok()?, 0)
        });
        day.and_time(clock.unwrap_or_default()).and_utc()
    });
    until.filter(is_believed).or_else(|| asked_again(evidence))
}

/// A time as RFC 3339, or as seconds since 1970.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let seconds = text.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    seconds.or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()))
}
