//! A provider on its way into the store: made, patched, checked.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use http::{HeaderName, HeaderValue};

use super::{address, routing};
use crate::{
    admin::{check, limits},
    domain::{
        fault::Fault,
        id::ProviderId,
        money::Multiplier,
        provider::{Kind, OnClientGone, Provider, ProviderCreate, ProviderPatch},
        rule::Redirect,
    },
    upstream::request,
};

/// Characters of a model's name.
pub(super) const MODEL_CHARS_MAX: usize = 256;

/// Characters of a provider's secret.
const SECRET_CHARS_MAX: usize = 4_096;

/// The largest weight.
const WEIGHT_MAX: u32 = 10_000;

/// The largest factor on list prices.
const COST_MULTIPLIER_MAX: Multiplier = Multiplier::from_scaled(1_000_000_000);

/// Fixed headers of one provider.
const HEADERS_MAX: usize = 50;

/// Characters of a fixed header's value.
const HEADER_CHARS_MAX: usize = 2_048;

/// The longest time to establish a connection.
const CONNECT_MS_MAX: u32 = 600_000;

/// The longest of the other times.
const TIMEOUT_MS_MAX: u32 = 3_600_000;

/// Names that no fixed header may have, beside those that never go to a provider at all: they speak of the body.
const FORBIDDEN_HEADERS: &[&str] = &["content-encoding", "content-type"];

/// A provider from what is given, with defaults for the rest. Its secret and its proxy are not taken from here.
pub(super) fn made(new: ProviderCreate, now: DateTime<Utc>) -> Provider {
    Provider {
        limits: new.limits(),
        id: ProviderId::default(),
        name: new.name,
        kind: new.kind.unwrap_or_default(),
        base_url: new.base_url,
        secret_preview: String::new(),
        enabled: new.enabled.unwrap_or(true),
        weight: new.weight.unwrap_or(1),
        priority: new.priority.unwrap_or_default(),
        group_priorities: new.group_priorities.unwrap_or_default(),
        group: new.group.unwrap_or_default(),
        cost_multiplier: new.cost_multiplier.unwrap_or(Multiplier::ONE),
        models: new.models.unwrap_or_default(),
        redirects: new.redirects.unwrap_or_default(),
        prefix: new.prefix,
        active_from: new.active_from,
        active_to: new.active_to,
        max_attempts: new.max_attempts,
        breaker_failures: new.breaker_failures,
        breaker_open_s: new.breaker_open_s,
        breaker_successes: new.breaker_successes,
        probe: new.probe.unwrap_or(true),
        message_queue: new.message_queue.unwrap_or_default(),
        failure_rules: new.failure_rules.unwrap_or_default(),
        proxy_url: None,
        connect_timeout_ms: new.connect_timeout_ms,
        first_byte_timeout_ms: new.first_byte_timeout_ms,
        idle_timeout_ms: new.idle_timeout_ms,
        total_timeout_ms: new.total_timeout_ms,
        on_client_gone: new.on_client_gone.unwrap_or_default(),
        headers: new.headers.unwrap_or_default(),
        created_at: now,
        updated_at: now,
    }
}

/// The provider with the patch applied, without its secret and its proxy.
pub(super) fn patched(mut provider: Provider, patch: ProviderPatch) -> Result<Provider, Fault> {
    provider.limits = patch.limits(provider.limits);
    if let Some(name) = check::not_cleared("name", patch.name)? {
        provider.name = name;
    }
    if let Some(base_url) = check::not_cleared("base_url", patch.base_url)? {
        if base_url != provider.base_url {
            address::not_of_a_call(&base_url)?;
        }
        provider.base_url = base_url;
    }
    patch.kind.apply_or(&mut provider.kind, Kind::default());
    patch.enabled.apply_or(&mut provider.enabled, true);
    patch.weight.apply_or(&mut provider.weight, 1);
    patch.priority.apply_or(&mut provider.priority, 0);
    patch.group_priorities.apply_or(&mut provider.group_priorities, BTreeMap::new());
    patch.group.apply_or(&mut provider.group, Vec::new());
    patch.cost_multiplier.apply_or(&mut provider.cost_multiplier, Multiplier::ONE);
    patch.models.apply_or(&mut provider.models, Vec::new());
    patch.redirects.apply_or(&mut provider.redirects, Vec::new());
    patch.prefix.apply(&mut provider.prefix);
    patch.active_from.apply(&mut provider.active_from);
    patch.active_to.apply(&mut provider.active_to);
    patch.max_attempts.apply(&mut provider.max_attempts);
    patch.breaker_failures.apply(&mut provider.breaker_failures);
    patch.breaker_open_s.apply(&mut provider.breaker_open_s);
    patch.breaker_successes.apply(&mut provider.breaker_successes);
    patch.probe.apply_or(&mut provider.probe, true);
    patch.message_queue.apply_or(&mut provider.message_queue, false);
    patch.failure_rules.apply_or(&mut provider.failure_rules, Vec::new());
    patch.connect_timeout_ms.apply(&mut provider.connect_timeout_ms);
    patch.first_byte_timeout_ms.apply(&mut provider.first_byte_timeout_ms);
    patch.idle_timeout_ms.apply(&mut provider.idle_timeout_ms);
    patch.total_timeout_ms.apply(&mut provider.total_timeout_ms);
    patch.on_client_gone.apply_or(&mut provider.on_client_gone, OnClientGone::default());
    patch.headers.apply_or(&mut provider.headers, BTreeMap::new());
    Ok(provider)
}

/// The provider as it is kept.
pub(super) fn checked(provider: Provider) -> Result<Provider, Fault> {
    limits::check(&provider.limits)?;
    check::within("weight", Some(provider.weight), 0, WEIGHT_MAX)?;
    if !(Multiplier::from_scaled(0)..=COST_MULTIPLIER_MAX).contains(&provider.cost_multiplier) {
        return Err(Fault::invalid("cost_multiplier", format!("must be from 0 to {COST_MULTIPLIER_MAX}")));
    }
    check::within("connect_timeout_ms", provider.connect_timeout_ms, 1, CONNECT_MS_MAX)?;
    check::within("first_byte_timeout_ms", provider.first_byte_timeout_ms, 1, TIMEOUT_MS_MAX)?;
    check::within("idle_timeout_ms", provider.idle_timeout_ms, 1, TIMEOUT_MS_MAX)?;
    check::within("total_timeout_ms", provider.total_timeout_ms, 1, TIMEOUT_MS_MAX)?;
    check::model_rules("models", &mut provider.models.iter())?;
    check::model_rules("redirects", &mut provider.redirects.iter().map(|redirect| &redirect.from))?;
    routing::check(&provider)?;
    let group = check::groups(&provider.group, false)?;
    Ok(Provider {
        name: check::name(&provider.name)?,
        base_url: address::base_url(&provider.base_url)?,
        group_priorities: routing::group_priorities(provider.group_priorities, &group)?,
        group,
        prefix: routing::prefix(provider.prefix)?,
        redirects: checked_redirects(provider.redirects)?,
        headers: checked_headers(&provider.headers)?,
        ..provider
    })
}

/// A secret as it is kept: it travels in a header, so it has neither spaces nor anything but ASCII.
pub(super) fn checked_secret(text: &str) -> Result<&str, Fault> {
    let text = text.trim();
    if text.is_empty() || text.len() > SECRET_CHARS_MAX {
        return Err(Fault::invalid("secret", format!("must have 1 to {SECRET_CHARS_MAX} characters")));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Fault::invalid("secret", "must have printable ASCII characters only, and no spaces"));
    }
    Ok(text)
}

fn checked_redirects(redirects: Vec<Redirect>) -> Result<Vec<Redirect>, Fault> {
    let checked = |redirect: Redirect| {
        Ok(Redirect { to: check::line("redirects", &redirect.to, MODEL_CHARS_MAX)?, from: redirect.from })
    };
    redirects.into_iter().map(checked).collect()
}

/// Fixed headers with their names in lower case.
fn checked_headers(headers: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Fault> {
    if headers.len() > HEADERS_MAX {
        return Err(Fault::invalid("headers", format!("must be at most {HEADERS_MAX}")));
    }
    let mut checked = BTreeMap::new();
    for (name, value) in headers {
        let wrong = |why: &str| Fault::invalid("headers", format!("`{name}` {why}"));
        let name: HeaderName = name.trim().parse().map_err(|_| wrong("is no header name"))?;
        if request::is_withheld(name.as_str()) || FORBIDDEN_HEADERS.contains(&name.as_str()) {
            return Err(wrong("may not be set: it is a credential, or speaks of the transport or the body"));
        }
        let value = value.trim();
        if value.len() > HEADER_CHARS_MAX || HeaderValue::from_str(value).is_err() || !value.is_ascii() {
            return Err(wrong("has a value that no header can have"));
        }
        if checked.insert(name.as_str().to_owned(), value.to_owned()).is_some() {
            return Err(wrong("is there twice"));
        }
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock,
        domain::{
            decision::FailureClass,
            limit::Limits,
            patch::{NewSecret, Patch},
            rule::{FailureRule, ModelRule},
        },
    };

    fn minimal() -> Provider {
        let new = ProviderCreate {
            name: "a".to_owned(),
            base_url: "https://a.example/".to_owned(),
            secret: NewSecret("sk".to_owned()),
            ..ProviderCreate::default()
        };
        made(new, clock::now())
    }

    #[track_caller]
    fn refuses(field: &str, change: impl FnOnce(&mut Provider)) {
        let mut provider = minimal();
        change(&mut provider);
        assert_eq!(checked(provider).unwrap_err().field(), Some(field));
    }

    #[test]
    fn a_name_an_address_and_a_secret_are_enough() {
        let provider = checked(minimal()).unwrap();
        assert_eq!((provider.base_url.as_str(), provider.weight, provider.enabled), ("https://a.example", 1, true));
        assert_eq!((provider.cost_multiplier, provider.group), (Multiplier::ONE, Vec::new()));
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        refuses("name", |provider| provider.name.clear());
        refuses("base_url", |provider| provider.base_url = "a".to_owned());
        refuses("weight", |provider| provider.weight = 10_001);
        refuses("cost_multiplier", |provider| provider.cost_multiplier = "1000.1".parse().unwrap());
        refuses("cost_multiplier", |provider| provider.cost_multiplier = Multiplier::from_scaled(-1));
        refuses("group", |provider| provider.group = vec!["*".to_owned()]);
        refuses("connect_timeout_ms", |provider| provider.connect_timeout_ms = Some(0));
        refuses("idle_timeout_ms", |provider| provider.idle_timeout_ms = Some(3_600_001));
        refuses("models", |provider| provider.models = vec![ModelRule::from("regex:(")]);
        refuses("models", |provider| provider.models = vec![ModelRule::from("regex:\\w{900}{900}")]);
        let redirect = |from: &str, to: &str| vec![Redirect { from: ModelRule::from(from), to: to.to_owned() }];
        refuses("redirects", |provider| provider.redirects = redirect("", "a"));
        refuses("redirects", |provider| provider.redirects = redirect("a", " "));
    }

    #[test]
    fn what_routing_goes_by_is_checked() {
        let time = |text: &str| text.parse().ok();
        refuses("active_to", |provider| provider.active_from = time("08:00"));
        refuses("active_from", |provider| provider.active_to = time("08:00"));
        refuses("active_to", |provider| {
            (provider.active_from, provider.active_to) = (time("08:00"), time("08:00"));
        });
        refuses("max_attempts", |provider| provider.max_attempts = Some(0));
        refuses("max_attempts", |provider| provider.max_attempts = Some(11));
        refuses("breaker_failures", |provider| provider.breaker_failures = Some(1_001));
        refuses("breaker_open_s", |provider| provider.breaker_open_s = Some(0));
        refuses("breaker_successes", |provider| provider.breaker_successes = Some(0));
        refuses("prefix", |provider| provider.prefix = Some("a,b".to_owned()));
        refuses("group_priorities", |provider| {
            provider.group_priorities.insert("elsewhere".to_owned(), 1);
        });
        let rule = FailureRule { cause: None, status: None, kind: None, message: None, class: FailureClass::Overload };
        for wrong in [
            rule.clone(),
            FailureRule { status: Some(99), ..rule.clone() },
            FailureRule { kind: Some(String::new()), ..rule.clone() },
            FailureRule { message: Some(String::new()), ..rule.clone() },
            FailureRule { cause: Some("bad_luck".to_owned()), ..rule.clone() },
            FailureRule { status: Some(499), class: FailureClass::ClientGone, ..rule.clone() },
        ] {
            refuses("failure_rules", |provider| provider.failure_rules = vec![wrong]);
        }
        refuses("failure_rules", |provider| {
            provider.failure_rules = vec![FailureRule { status: Some(503), ..rule.clone() }; 101];
        });
        let across_midnight = Provider {
            active_from: time("22:00"),
            active_to: time("06:00"),
            failure_rules: vec![FailureRule { message: Some("*busy*".to_owned()), ..rule }],
            ..minimal()
        };
        assert_eq!(checked(across_midnight.clone()).unwrap().failure_rules, across_midnight.failure_rules);
    }

    #[test]
    fn limits_are_bounded() {
        refuses("limit_rpm", |provider| provider.limits.limit_rpm = Some(1_000_001));
        refuses("limit_tpm", |provider| provider.limits.limit_tpm = Some(1_000_000_000_001));
        refuses("limit_concurrent_requests", |provider| provider.limits.limit_concurrent_requests = Some(u32::MAX));
        refuses("limit_concurrent_sessions", |provider| provider.limits.limit_concurrent_sessions = Some(u32::MAX));
        refuses("limit_5h_usd", |provider| provider.limits.limit_5h_usd = "-0.000000001".parse().ok());
        refuses("limit_total_usd", |provider| provider.limits.limit_total_usd = "9000000.000000001".parse().ok());
        let most = Limits { limit_total_usd: "9000000".parse().ok(), limit_rpm: Some(0), ..Limits::default() };
        assert_eq!(checked(Provider { limits: most.clone(), ..minimal() }).unwrap().limits, most);
    }

    #[test]
    fn fixed_headers_are_neither_credentials_nor_transport() {
        let headers = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
        assert_eq!(checked_headers(&headers("X-Team", " a ")), Ok(headers("x-team", "a")));
        for name in
            ["Authorization", "x-api-key", "Cookie", "host", "X-Forwarded-For", "connection", "content-type", "a b", ""]
        {
            assert!(checked_headers(&headers(name, "a")).is_err(), "{name}");
        }
        assert!(checked_headers(&headers("x-team", "a\r\nb: c")).is_err());
        let twice = BTreeMap::from([("X-A".to_owned(), "1".to_owned()), ("x-a".to_owned(), "2".to_owned())]);
        assert!(checked_headers(&twice).is_err());
    }

    #[test]
    fn a_patch_clears_to_defaults_but_never_the_address() {
        let provider = Provider { weight: 7, idle_timeout_ms: Some(5), ..minimal() };
        assert_eq!(patched(provider.clone(), ProviderPatch::default()), Ok(provider.clone()));
        let patch = ProviderPatch { weight: Patch::Clear, idle_timeout_ms: Patch::Clear, ..ProviderPatch::default() };
        assert_eq!(patched(provider.clone(), patch), Ok(minimal_like(&provider)));
        let patch = ProviderPatch { base_url: Patch::Clear, ..ProviderPatch::default() };
        assert_eq!(patched(provider, patch).unwrap_err().field(), Some("base_url"));
    }

    fn minimal_like(provider: &Provider) -> Provider {
        Provider { weight: 1, idle_timeout_ms: None, ..provider.clone() }
    }

    #[test]
    fn a_secret_fits_into_a_header() {
        assert_eq!(checked_secret(" sk-ant-1 "), Ok("sk-ant-1"));
        for wrong in ["", " ", "a b", "schlüssel", "a\nb"] {
            assert_eq!(checked_secret(wrong).unwrap_err().field(), Some("secret"));
        }
    }
}
