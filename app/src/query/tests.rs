//! Addresses are read as they are written.

use super::*;

fn filter(pairs: &[(&str, &str)]) -> CallFilter {
    CallFilter::read(&pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
}

#[test]
fn a_login_leads_nowhere_else() {
    for path in ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\r\nb: c"] {
        assert_eq!(safe_path(path), "/", "{path}");
    }
    assert_eq!(login_path("/calls?model=a"), "/login?next=/calls%3Fmodel%3Da");
    assert_eq!(login_path("/"), "/login");
}

#[test]
fn the_address_says_which_calls() {
    let filter =
        filter(&[("model", "claude x"), ("nonsense", "1"), ("user", ""), ("outcome", "failed"), ("range", "1h")]);
    assert_eq!(filter.path(None), "/calls?range=1h&model=claude%20x&outcome=failed");
    assert_eq!(filter.with("model", None).path(Some("7")), "/calls?range=1h&outcome=failed&call=7");
    let further = filter.with("cursor", Some("x"));
    assert_eq!(further.export_path("csv", None), "/calls/export?format=csv&range=1h&model=claude%20x&outcome=failed");
    assert_eq!(CallFilter::default().export_path("json", Some("t1")), "/calls/export?format=json&ticket=t1");
    let query = filter.query(clock()).unwrap();
    assert_eq!(query.from, Some("2025-11-21T13:00:00Z".parse().unwrap()));
    assert_eq!(query.outcome, Some(Outcome::Failed));
    assert!(filter.is_narrow() && !filter.with("range", None).with("model", None).with("outcome", None).is_narrow());
}

fn clock() -> Clock {
    Clock { zone: chrono_tz::Europe::Berlin, now: "2025-11-21T14:00:00Z".parse().unwrap() }
}

#[test]
fn a_range_of_ones_own_is_by_the_hubs_clocks() {
    let query = filter(&[("from", "2025-07-01T08:30"), ("to", "2025-11-21T08:30:00Z")]).query(clock()).unwrap();
    let at = |text: &str| Some(text.parse().unwrap());
    assert_eq!((query.from, query.to), (at("2025-07-01T06:30:00Z"), at("2025-11-21T08:30:00Z")));
    let named = filter(&[("from", "2025-07-01T08:30"), ("range", "1h")]);
    assert_eq!(named.query(clock()).unwrap().from, at("2025-11-21T13:00:00Z"));
    assert_eq!(named.search(), "range=1h");
}

#[test]
fn a_new_call_comes_only_into_a_list_that_admits_it() {
    let call = Call {
        model: "a".to_owned(),
        outcome: Some(Outcome::Failed),
        status: Some(529),
        cost_usd: "2".parse().unwrap(),
        duration_ms: Some(1_501),
        n_attempts: 2,
        error: Some(CallError { cause: "status".to_owned(), message: "Overloaded".to_owned() }),
        ..Call::default()
    };
    for (pairs, admitted) in [
        (&[][..], true),
        (&[("model", "a"), ("outcome", "failed"), ("status", "529")], true),
        (&[("model", "b")], false),
        (&[("outcome", "completed")], false),
        (&[("user", "3")], false),
        (&[("cursor", "x")], false),
        (&[("range", "1h")], false),
        (&[("cost_min", "0.5"), ("retried", "yes"), ("seconds_min", "1.5")], true),
        (&[("cost_min", "3")], false),
        (&[("cost_max", "0.1")], false),
        (&[("seconds_max", "1.5")], false),
        (&[("content_min", "1")], false),
        (&[("retried", "no")], false),
        (&[("errors", "yes"), ("error", "OVERLOADED")], true),
        (&[("error", "status")], true),
        (&[("error", "elsewhere")], false),
        (&[("kind", "messages")], true),
        (&[("kind", "probe")], false),
    ] {
        let query = filter(pairs).query(clock()).unwrap();
        assert_eq!(admits(&query, &call), admitted, "{pairs:?}");
    }
}

#[test]
fn a_new_call_is_an_error_in_the_list_if_it_is_one_in_the_sums() {
    let ended = |outcome, kind| {
        let error = Some(CallError { cause: "status".to_owned(), message: String::new() });
        Call { outcome, kind, error, ..Call::default() }
    };
    let admitted = |pairs: &[(&str, &str)], call: &Call| admits(&filter(pairs).query(clock()).unwrap(), call);
    for outcome in Outcome::ALL {
        let is_error = matches!(outcome, Outcome::Failed | Outcome::Interrupted);
        assert_eq!(admitted(&[("errors", "yes")], &ended(Some(outcome), CallKind::Messages)), is_error, "{outcome:?}");
    }
    // It may have failed once and go on.
    assert!(!admitted(&[("errors", "yes")], &ended(None, CallKind::Messages)));
    let probe = ended(Some(Outcome::Failed), CallKind::Probe);
    assert!(!admitted(&[("errors", "yes")], &probe));
    assert!(admitted(&[("errors", "yes"), ("kind", "probe")], &probe));
}

#[test]
fn what_cannot_be_read_is_refused_by_its_name() {
    for (name, value) in [
        ("range", "2h"),
        ("from", "yesterday"),
        ("to", "2025-13-01T00:00"),
        ("user", "Ada"),
        ("provider", "-1"),
        ("key", "0"),
        ("outcome", "fine"),
        ("kind", "tests"),
        ("status", "5xx"),
        ("cost_min", "1,5"),
        ("cost_max", "a dollar"),
        ("seconds_min", "1e3"),
        ("seconds_max", "-1"),
        ("content_min", "half"),
    ] {
        let fault = filter(&[(name, value)]).query(clock()).unwrap_err();
        assert_eq!(fault.field(), Some(name), "{fault}");
    }
    let crossed = |name: &str, min: &str, max: &str| {
        let (low, high) = (format!("{name}_min"), format!("{name}_max"));
        filter(&[(low.as_str(), min), (high.as_str(), max)]).query(clock())
    };
    assert_eq!(crossed("cost", "2", "1").unwrap_err().field(), Some("cost_min"));
    assert_eq!(crossed("seconds", "2", "1.9").unwrap_err().field(), Some("seconds_min"));
    assert!(crossed("cost", "1", "1").is_ok() && crossed("seconds", "1", "1").is_ok());
    // A key may be given by its name.
    assert_eq!(filter(&[("key", "Ada / laptop")]).query(clock()).unwrap().key_id, None);
}

#[test]
fn seconds_are_read_to_the_millisecond() {
    assert_eq!(["30", "0.5", "1.250"].map(ms_of_seconds), [Ok(30_000), Ok(500), Ok(1_250)]);
    assert_eq!(["", ".5", "-1", "1.0001", "1e3", "1.x"].map(ms_of_seconds), [Err(NO_SECONDS); 6]);
    assert_eq!(ms_of_seconds("4294967.295"), Ok(u32::MAX));
    assert_eq!(["4294967.296", "4294968", "99999999999"].map(ms_of_seconds), [Err(TOO_MANY_SECONDS); 3]);
}

#[test]
fn a_base_url_shows_where_calls_will_go() {
    for (base, expected) in [
        ("https://a.example", "https://a.example/v1/messages"),
        (" http://a.example:81/api/ ", "http://a.example:81/api/v1/messages"),
        ("https://a.example/v1/", "https://a.example/v1/messages"),
        ("https://a.example/v1/messages", ""),
        ("https://", ""),
        ("ftp://x y", ""),
        ("https://x y", ""),
        ("", ""),
    ] {
        assert_eq!(final_url(base, "/v1/messages"), expected, "{base}");
    }
}
