//! The provider's form.

use std::{
    collections::BTreeMap,
    num::{IntErrorKind, ParseIntError},
};

use hub::{
    admin::providers,
    domain::{
        fault::Fault,
        limit::TimeOfDay,
        patch::{NewSecret, Patch},
        provider::{OnClientGone, ProviderCreate, ProviderPatch},
        rule::{FailureRule, ModelRule, ModelTrial, Redirect},
    },
};

use super::{is_checked, limits, names, number, whole};
use crate::{api::providers::ProviderForm, ui::field::MISSING};

/// A new provider.
pub(crate) fn create(form: &ProviderForm) -> Result<ProviderCreate, Fault> {
    let limits = limits::limits(&form.limits)?;
    Ok(ProviderCreate {
        enabled: Some(is_checked(form.enabled.as_ref())),
        weight: whole("weight", &form.weight)?,
        priority: whole("priority", &form.priority)?,
        group: Some(names(&form.group)),
        cost_multiplier: number("cost_multiplier", &form.cost_multiplier)?,
        models: Some(rules(&form.models)),
        redirects: Some(redirects(&form.redirects)?),
        group_priorities: Some(group_priorities(&form.group_priorities)?),
        prefix: text(&form.prefix),
        active_from: time("active_from", &form.active_from)?,
        active_to: time("active_to", &form.active_to)?,
        max_attempts: whole("max_attempts", &form.max_attempts)?,
        breaker_failures: whole("breaker_failures", &form.breaker_failures)?,
        breaker_open_s: whole("breaker_open_s", &form.breaker_open_s)?,
        breaker_successes: whole("breaker_successes", &form.breaker_successes)?,
        probe: Some(is_checked(form.probe.as_ref())),
        message_queue: Some(is_checked(form.message_queue.as_ref())),
        failure_rules: Some(failure_rules(&form.failure_rules)?),
        proxy_url: text(&form.proxy_url),
        connect_timeout_ms: milliseconds("connect_timeout_ms", &form.connect_timeout_ms)?,
        first_byte_timeout_ms: milliseconds("first_byte_timeout_ms", &form.first_byte_timeout_ms)?,
        idle_timeout_ms: milliseconds("idle_timeout_ms", &form.idle_timeout_ms)?,
        total_timeout_ms: milliseconds("total_timeout_ms", &form.total_timeout_ms)?,
        on_client_gone: Some(on_client_gone(&form.on_client_gone)),
        headers: Some(headers(&form.headers)?),
        kind: None,
        name: form.name.trim().to_owned(),
        base_url: form.base_url.trim().to_owned(),
        secret: NewSecret(form.secret.trim().to_owned()),
        ..ProviderCreate::default()
    }
    .with_limits(&limits))
}

/// Changes to a provider: all that the form shows. An empty key keeps the stored one.
pub(crate) fn patch(form: &ProviderForm) -> Result<ProviderPatch, Fault> {
    let limits = limits::limits(&form.limits)?;
    Ok(ProviderPatch {
        enabled: Patch::Set(is_checked(form.enabled.as_ref())),
        weight: whole("weight", &form.weight)?.into(),
        priority: whole("priority", &form.priority)?.into(),
        group: Patch::Set(names(&form.group)),
        cost_multiplier: number("cost_multiplier", &form.cost_multiplier)?.into(),
        models: Patch::Set(rules(&form.models)),
        redirects: Patch::Set(redirects(&form.redirects)?),
        group_priorities: Patch::Set(group_priorities(&form.group_priorities)?),
        prefix: text(&form.prefix).into(),
        active_from: time("active_from", &form.active_from)?.into(),
        active_to: time("active_to", &form.active_to)?.into(),
        max_attempts: whole("max_attempts", &form.max_attempts)?.into(),
        breaker_failures: whole("breaker_failures", &form.breaker_failures)?.into(),
        breaker_open_s: whole("breaker_open_s", &form.breaker_open_s)?.into(),
        breaker_successes: whole("breaker_successes", &form.breaker_successes)?.into(),
        probe: Patch::Set(is_checked(form.probe.as_ref())),
        message_queue: Patch::Set(is_checked(form.message_queue.as_ref())),
        failure_rules: Patch::Set(failure_rules(&form.failure_rules)?),
        proxy_url: text(&form.proxy_url).into(),
        connect_timeout_ms: milliseconds("connect_timeout_ms", &form.connect_timeout_ms)?.into(),
        first_byte_timeout_ms: milliseconds("first_byte_timeout_ms", &form.first_byte_timeout_ms)?.into(),
        idle_timeout_ms: milliseconds("idle_timeout_ms", &form.idle_timeout_ms)?.into(),
        total_timeout_ms: milliseconds("total_timeout_ms", &form.total_timeout_ms)?.into(),
        on_client_gone: Patch::Set(on_client_gone(&form.on_client_gone)),
        headers: Patch::Set(headers(&form.headers)?),
        kind: Patch::Keep,
        name: Patch::Set(form.name.trim().to_owned()),
        base_url: Patch::Set(form.base_url.trim().to_owned()),
        secret: text(&form.secret).map_or(Patch::Keep, |secret| Patch::Set(NewSecret(secret))),
        ..ProviderPatch::default()
    }
    .with_limits(&limits))
}

/// Where a provider stands among others, and what its calls cost. Its form shows what that is now: who empties a field has
/// not asked for the default, which it does not name.
pub(crate) fn place(priority: &str, weight: &str, cost_multiplier: &str) -> Result<ProviderPatch, Fault> {
    Ok(ProviderPatch {
        priority: Patch::Set(given("priority", whole("priority", priority)?)?),
        weight: Patch::Set(given("weight", whole("weight", weight)?)?),
        cost_multiplier: Patch::Set(given("cost_multiplier", number("cost_multiplier", cost_multiplier)?)?),
        ..ProviderPatch::default()
    })
}

/// What was read of a field that has to be filled in.
fn given<T>(field: &str, read: Option<T>) -> Result<T, Fault> {
    read.ok_or_else(|| Fault::invalid(field, MISSING))
}

/// What the rules of a form make of a model.
pub(crate) fn try_model(form: &ProviderForm, model: &str) -> Result<ModelTrial, Fault> {
    let prefix = text(&form.prefix);
    providers::try_model(&rules(&form.models), &redirects(&form.redirects)?, prefix.as_deref(), model)
}

/// What is written in a field, if anything is.
fn text(field: &str) -> Option<String> {
    Some(field.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A time of day; none if the field is empty.
fn time(field: &str, text: &str) -> Result<Option<TimeOfDay>, Fault> {
    let text = text.trim();
    if text.is_empty() {
        Ok(None)
    } else {
        text.parse::<TimeOfDay>().map(Some).map_err(|why| Fault::invalid(field, why))
    }
}

pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

pub(super) fn rules(text: &str) -> Vec<ModelRule> {
    lines(text).map(ModelRule::from).collect()
}

/// `rule -> name`, one on each line.
fn redirects(text: &str) -> Result<Vec<Redirect>, Fault> {
    let one = |line: &str| {
        let (from, to) = line
            .split_once("->")
            .or_else(|| line.split_once('→'))
            .ok_or_else(|| Fault::invalid("redirects", "each line must be: rule -> name"))?;
        Ok(Redirect { from: ModelRule::from(from.trim()), to: to.trim().to_owned() })
    };
    lines(text).map(one).collect()
}

/// `Name: value`, one on each line.
fn headers(text: &str) -> Result<BTreeMap<String, String>, Fault> {
    let one = |line: &str| {
        let (name, value) =
            line.split_once(':').ok_or_else(|| Fault::invalid("headers", "each line must be: Name: value"))?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    };
    lines(text).map(one).collect()
}

/// `group: priority`, one on each line.
fn group_priorities(text: &str) -> Result<BTreeMap<String, i32>, Fault> {
    let one = |line: &str| {
        let (group, priority) = line.rsplit_once(':')?;
        Some((group.trim().to_owned(), priority.trim().parse().ok()?))
    };
    let wrong = || Fault::invalid("group_priorities", "each line must be: group: priority");
    lines(text).map(|line| one(line).ok_or_else(wrong)).collect()
}

/// `status=… kind=… message=… -> class`, one on each line.
fn failure_rules(text: &str) -> Result<Vec<FailureRule>, Fault> {
    let one = |line: &str| {
        line.parse::<FailureRule>().map_err(|why| Fault::invalid("failure_rules", format!("`{line}`: {why}")))
    };
    lines(text).map(one).collect()
}

fn on_client_gone(text: &str) -> OnClientGone {
    if text == OnClientGone::Stop.as_str() { OnClientGone::Stop } else { OnClientGone::Drain }
}

/// Seconds with up to three places, as milliseconds; none if the field is empty.
pub(super) fn milliseconds(field: &str, text: &str) -> Result<Option<u32>, Fault> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let bad = || Fault::invalid(field, "must be a number of seconds, at most to the millisecond");
    let (seconds, places) = text.split_once('.').unwrap_or((text, ""));
    if places.len() > 3 || !places.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad());
    }
    // The use case has the same bounds, but speaks of milliseconds.
    let most = if field == "connect_timeout_ms" { 600 } else { 3_600 };
    let bounds = || Fault::invalid(field, format!("must be from 0.001 to {most} seconds"));
    let is_more = |error: &ParseIntError| *error.kind() == IntErrorKind::PosOverflow;
    let seconds = seconds.parse::<u32>().map_err(|error| if is_more(&error) { bounds() } else { bad() })?;
    let places: u32 = format!("{places:0<3}").parse().map_err(|_| bad())?;
    let ms = seconds.checked_mul(1_000).and_then(|ms| ms.checked_add(places)).ok_or_else(bounds)?;
    if (1..=most * 1_000).contains(&ms) { Ok(Some(ms)) } else { Err(bounds()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_milliseconds_without_a_float() {
        let read = |text| milliseconds("x", text).ok().flatten();
        assert_eq!([read("10"), read("0.5"), read("1.234"), read("")], [Some(10_000), Some(500), Some(1_234), None]);
        let no_seconds = "must be a number of seconds, at most to the millisecond";
        for text in ["-1", "1.2345", "1s", "1.-1", "99999999999.2345"] {
            assert_eq!(milliseconds("x", text), Err(Fault::invalid("x", no_seconds)), "{text}");
        }
        let bounds = "must be from 0.001 to 3600 seconds";
        for text in ["0", "3601", "9999999", "99999999999", "99999999999.5"] {
            assert_eq!(milliseconds("x", text), Err(Fault::invalid("x", bounds)), "{text}");
        }
    }

    #[test]
    fn rules_redirects_and_headers_are_lines() {
        let redirects = redirects("claude-* -> glm\n\nexact:a → b").unwrap();
        assert_eq!(redirects.len(), 2);
        assert_eq!(redirects[1].from.to_string(), "exact:a");
        assert_eq!(super::redirects("a b").unwrap_err().field(), Some("redirects"));
        assert_eq!(headers("X-Team: a:b").unwrap()["X-Team"], "a:b");
        assert_eq!(group_priorities("a:b : -5").unwrap()["a:b"], -5);
        assert_eq!(group_priorities("a 5").unwrap_err().field(), Some("group_priorities"));
        assert_eq!(failure_rules("\nstatus=503 -> overload").unwrap().len(), 1);
        assert_eq!(failure_rules("503").unwrap_err().field(), Some("failure_rules"));
        assert_eq!(time("active_to", "25:00").unwrap_err().field(), Some("active_to"));
    }

    #[test]
    fn nothing_of_a_place_is_left_empty() {
        let patch = place("-1", " 5 ", "1.5").unwrap();
        assert_eq!((patch.priority, patch.weight), (Patch::Set(-1), Patch::Set(5)));
        assert_eq!((patch.cost_multiplier, patch.name), (Patch::Set("1.5".parse().unwrap()), Patch::Keep));
        assert_eq!(place("1", "many", "1").unwrap_err().field(), Some("weight"));
        for (priority, weight, factor, field) in
            [("", "1", "1", "priority"), ("1", " ", "1", "weight"), ("1", "1", "", "cost_multiplier")]
        {
            assert_eq!(place(priority, weight, factor), Err(Fault::invalid(field, "must be filled in")));
        }
    }
}
