//! What reports ask.

use chrono::{TimeDelta, Utc};
use hub::{
    clock::midnight,
    store::facet::{Facet, Part, Told, Unit, cut_days, cut_quarters, points},
};

use super::{Asked, RowsMax, ZONE, asked, time};

/// A report over so many days up to today: what is told apart, which of it, by which step and by whom.
fn report(days: i64, wanted: [bool; 4], filters: [&str; 4], step: &str, by: &str) -> Asked {
    let units: &[Unit] = match step {
        "total" => &[Unit::Month, Unit::Week],
        "month" => &[Unit::Month],
        "week" => &[Unit::Week],
        _ => &[],
    };
    let today = midnight(Utc::now() - TimeDelta::hours(1), ZONE);
    let (from, to) = (midnight(today - TimeDelta::days(days), ZONE), today + TimeDelta::days(2));
    let told = Told::least(wanted);
    let mut parts = Vec::new();
    if step == "hour" {
        assert!(cut_quarters(told, (from, to), Some(today), false, &mut parts));
    } else {
        parts = cut_days(told, (from, to), units, Some(today), ZONE);
    }
    let counted = count(&parts, filters);
    let (parts, points) = if filters[0] == "null" { (parts, Vec::new()) } else { points(parts, ZONE) };
    let mut values = arrays(&parts);
    values.extend([quoted(step), quoted(ZONE.name()), quoted(by), "20000".to_owned(), time(from), "null".to_owned()]);
    // Where no facet by quarter of an hour tells as much apart, the hub looks for quarters and minutes too.
    let has_rest = Facet::of_quarters(told, true).is_none();
    let is_filtered = filters.iter().any(|value| *value != "null");
    if has_rest || is_filtered {
        let [user, key, provider, model] = filters;
        let some = |value: &str| if value == "null" { value.to_owned() } else { format!("array[{value}]::bigint[]") };
        values.extend([some(user), some(key), provider.to_owned(), model.to_owned()]);
        values.push(array("text", points.iter().map(|(facet, _)| quoted(&facet.name()))));
        values.push(array("text", points.iter().map(|(facet, _)| quoted(facet.unit.word()))));
        values.push(array("timestamptz", points.iter().map(|(_, at)| time(*at))));
    }
    if has_rest {
        values.extend(std::iter::repeat_n(time(to), 6));
    }
    let has_times = step == "total" || by.is_empty();
    let name = match (has_rest, is_filtered, has_times) {
        (true, _, true) => "SUM",
        (true, _, false) => "SUM_WITHOUT_TIMES",
        (false, true, true) => "SUM_SOME",
        (false, true, false) => "SUM_SOME_WITHOUT_TIMES",
        (false, false, true) => "SUM_FACETS",
        (false, false, false) => "SUM_FACETS_WITHOUT_TIMES",
    };
    asked("usage", name, values, RowsMax::Counted(counted))
}

fn quoted(text: &str) -> String {
    format!("'{text}'")
}

/// Parts of facets as the three arrays that statements take.
fn arrays(parts: &[Part]) -> Vec<String> {
    vec![
        array("text", parts.iter().map(|(facet, ..)| quoted(&facet.name()))),
        array("timestamptz", parts.iter().map(|(_, from, _)| time(*from))),
        array("timestamptz", parts.iter().map(|(.., to)| time(*to))),
    ]
}

fn array(of: &str, values: impl Iterator<Item = String>) -> String {
    format!("array[{}]::{of}[]", values.collect::<Vec<_>>().join(", "))
}

/// Counts the rows of parts that the filters admit.
fn count(parts: &[Part], filters: [&str; 4]) -> String {
    let columns = ["user_id", "key_id", "provider_id", "model"].iter().zip(filters);
    let filters = columns
        .filter(|(_, value)| *value != "null")
        .map(|(column, value)| format!(" and {column} = {value}"))
        .collect::<Vec<_>>()
        .concat();
    let part = |(facet, from, to): &Part| {
        let (name, from, to) = (facet.name(), time(*from), time(*to));
        format!("select 1 from usage_facets where facet = '{name}' and at >= {from} and at < {to}{filters}")
    };
    format!("select count(*) as n from ({}) rows", parts.iter().map(part).collect::<Vec<_>>().join(" union all "))
}

/// What reports ask.
pub fn reports() -> Vec<Asked> {
    let none = ["null"; 4];
    let all = [
        report(90, [false; 4], none, "total", ""),
        report(365, [false; 4], none, "month", ""),
        report(90, [false, false, true, false], none, "week", "provider"),
        report(90, [true, false, false, false], none, "total", "user"),
        report(30, [true, false, false, false], none, "day", "user"),
        report(90, [false, true, false, false], none, "total", "key"),
        report(30, [false, false, false, true], none, "day", "model"),
        report(30, [true, false, true, false], ["7", "null", "null", "null"], "day", "provider"),
        report(90, [true, false, true, false], ["null", "null", "2", "null"], "total", "user"),
        report(90, [true, false, false, true], ["7", "null", "null", "'model-a'"], "total", ""),
        report(90, [true, true, true, false], ["7", "7", "null", "null"], "total", "provider"),
        report(30, [true, true, false, true], ["7", "7", "null", "null"], "day", "model"),
        report(90, [false, true, false, true], ["null", "7", "null", "'model-a'"], "total", ""),
        report(30, [false, false, false, true], ["null", "null", "null", "'model-a'"], "day", ""),
        report(30, [false, true, false, false], ["7", "7", "null", "null"], "day", "key"),
        report(1, [false, false, false, true], none, "hour", "model"),
        report(1, [true, false, false, false], none, "hour", "user"),
    ];
    let mut all: Vec<_> = all.into();
    let ago = |days| time(Utc::now() - TimeDelta::days(days));
    let today = midnight(Utc::now() - TimeDelta::hours(1), ZONE);
    let quarters = |told, days, has_hours| {
        let mut parts = Vec::new();
        let range = (midnight(today - TimeDelta::days(days), ZONE), today + TimeDelta::days(2));
        assert!(cut_quarters(told, range, Some(today), has_hours, &mut parts));
        parts
    };
    let errors = |days| format!("select count(*) as n from usage_errors where at >= {}", ago(days));
    let mut values = vec![ago(7), ago(7), ago(7), ago(0)];
    values.extend(none.map(str::to_owned));
    all.push(asked("usage", "ERRORS", values, RowsMax::Counted(errors(7))));
    let mut values = vec![ago(10), ago(10), ago(3), ago(3)];
    values.extend(none.map(str::to_owned));
    let errors = format!("select count(*) as n from usage_errors_1d where at >= {}", ago(11));
    all.push(asked("usage", "ERRORS", values, RowsMax::Counted(errors)));
    let mut values = vec![ago(90), ago(90), ago(90), ago(0)];
    values.extend(["7", "null", "null", "null"].map(str::to_owned));
    let errors = "select count(*) as n from usage_errors where user_id = 7".to_owned();
    all.push(asked("usage", "ERRORS_OF_CALLER", values, RowsMax::Counted(errors)));
    let mut values = vec![ago(60), ago(60), ago(3), ago(3)];
    values.extend(["7", "7", "null", "null"].map(str::to_owned));
    let errors = format!("select count(*) as n from usage_caller_errors_1d where user_id = 7 and at >= {}", ago(61));
    all.push(asked("usage", "ERRORS_OF_CALLER", values, RowsMax::Counted(errors)));
    let parts = quarters(Told::Model, 1, false);
    let values = [arrays(&parts), vec![time(today - TimeDelta::days(1))]].concat();
    all.push(asked("usage", "UNPRICED_MODELS", values, RowsMax::Counted(count(&parts, none))));
    let parts = quarters(Told::Provider, 1, false);
    all.push(asked("traffic", "BLOCKS", arrays(&parts), RowsMax::Counted(count(&parts, none))));
    all.push(asked("availability", "PROBES", vec![ago(30)], RowsMax::Of(0)));
    let values = vec!["array_fill(2::bigint, array[4])".to_owned(), ago(30), "1".to_owned()];
    all.push(asked("availability", "LAST_PROBES", values, RowsMax::Of(4)));
    let range = (midnight(today - TimeDelta::days(30), ZONE), today + TimeDelta::days(2));
    let parts = cut_days(Told::Route, range, &[Unit::Week], Some(today), ZONE);
    let mut values = arrays(&parts);
    values.extend([ago(0), ago(0), "null".to_owned()]);
    all.push(asked("availability", "SERVED", values, RowsMax::Counted(count(&parts, none))));
    let blocks = |parts: &[Part], rest: [&str; 6]| [arrays(parts), rest.map(str::to_owned).into()].concat();
    for (told, by_model) in [(Told::Route, "true"), (Told::Provider, "false")] {
        let parts = quarters(told, 7, true);
        let values = blocks(&parts, ["now()", "now()", "null", "interval '3 hours'", "'UTC'", by_model]);
        all.push(asked("availability", "BLOCKS", values, RowsMax::Counted(count(&parts, none))));
    }
    let minutes = "select count(*) as n from usage_1m where at >= now() - interval '1 hour'".to_owned();
    let hour = ["now() - interval '1 hour'", "now()", "null", "interval '1 minute'", "'UTC'", "false"];
    all.push(asked("availability", "BLOCKS", blocks(&[], hour), RowsMax::Counted(minutes)));
    all
}
