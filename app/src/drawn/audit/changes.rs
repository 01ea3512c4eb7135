//! What a line of the audit log has changed, in a few words and field by field.

use hub::domain::{audit::AuditLine, bulk::FieldChange, hold::HoldReason, money::Usd};
use leptos::prelude::*;
use serde_json::Value;

use crate::{
    format::{UNKNOWN, places_of, usd},
    text::{Text, labels::label},
    ui::Erase,
};

/// Most fields of a thing that was made, tested or deleted that are all told at once.
const FIELDS_TOLD: usize = 4;

/// Of a thing with more, those that tell most of it, the most telling first.
const TELLING: [&str; 5] = ["model", "base_url", "note", "tags", "group"];

/// What has changed, in a line; field by field on unfolding.
pub(super) fn changes(text: &'static Text, line: &AuditLine) -> AnyView {
    let words = &text.audit;
    let is_change = line.before.is_some() && line.after.is_some();
    let mut changes = line.changes();
    // What a thing never had says nothing of how it was made, or what it was when it was deleted.
    changes.retain(|change| is_change || !is_nothing(&change.before) || !is_nothing(&change.after));
    if changes.is_empty() {
        return is_change.then(|| view! { <span class="sub">{words.nothing_changed}</span> }.erase()).into_any();
    }
    let summary = if is_change { differences(text, &changes) } else { gist(text, &line.subject, &changes) };
    let fields = changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>().join(", ");
    view! {
        <details id=format!("changes-{}", line.id)>
            <summary><span class="ellipsis" title=fields>{summary}</span></summary>
            <table class="table snug">
                <caption class="aside">{words.changed}</caption>
                <thead>
                    <tr>
                        <th scope="col">{words.field}</th>
                        <th scope="col">{words.before}</th>
                        <th scope="col">{words.after}</th>
                    </tr>
                </thead>
                <tbody>{changes.iter().map(|change| difference(text, change)).collect_view()}</tbody>
            </table>
        </details>
    }
    .erase()
}

/// Each field with its value before and after.
fn differences(text: &'static Text, changes: &[FieldChange]) -> String {
    let said = |change: &FieldChange| {
        let of = |value: &Value| shown(text, &change.field, value);
        format!("{}: {} → {}", named(text, &change.field), of(&change.before), of(&change.after))
    };
    changes.iter().map(said).collect::<Vec<_>>().join(", ")
}

/// What was made, tested or deleted, in a few words: all of a thing of few fields, else what is most telling of it, beside
/// the `subject` that is named anyway, and how much there is of it.
fn gist(text: &'static Text, subject: &str, changes: &[FieldChange]) -> String {
    let told = |change: &FieldChange| {
        format!("{}: {}", named(text, &change.field), shown(text, &change.field, only_value(change)))
    };
    if changes.len() <= FIELDS_TOLD {
        return changes.iter().map(told).collect::<Vec<_>>().join(", ");
    }
    let n_fields = (text.audit.n_fields)(changes.len());
    let says_more = |change: &&FieldChange| only_value(change).as_str() != Some(subject);
    let telling =
        TELLING.iter().find_map(|field| changes.iter().filter(says_more).find(|change| change.field == *field));
    match telling {
        // How many there are comes first: what is told may be too long for its place.
        Some(change) => format!("{n_fields} · {}", told(change)),
        None => n_fields,
    }
}

/// The value of a field of a thing that was made or deleted.
fn only_value(change: &FieldChange) -> &Value {
    if change.after.is_null() { &change.before } else { &change.after }
}

/// What a field is called where it is filled in; its own name if it is nowhere. A part of it has its own name after that.
fn named(text: &'static Text, field: &str) -> String {
    let of_part = |(whole, part): (&str, &str)| Some(format!("{} · {part}", label(text, whole)?));
    let known = label(text, field).map(str::to_owned).or_else(|| field.split_once('.').and_then(of_part));
    known.unwrap_or_else(|| field.to_owned())
}

fn difference(text: &'static Text, change: &FieldChange) -> AnyView {
    view! {
        <tr>
            <th scope="row" title=change.field.clone()>{named(text, &change.field)}</th>
            <td class="mono break-anywhere sub">{shown(text, &change.field, &change.before)}</td>
            <td class="mono break-anywhere">{shown(text, &change.field, &change.after)}</td>
        </tr>
    }
    .erase()
}

/// A value as it is read: a text without its quotes, a list as its parts, a switch and a reason in words, nothing as a dash.
fn shown(text: &'static Text, field: &str, value: &Value) -> String {
    match value {
        _ if is_nothing(value) => UNKNOWN.to_owned(),
        Value::Bool(is_on) => switched(text, field, *is_on).to_owned(),
        Value::String(amount) if field.ends_with("_usd") => dollars(amount),
        Value::String(word) if field == "reason" => serde_json::from_value::<HoldReason>(value.clone())
            .map_or_else(|_| word.clone(), |reason| (text.hold)(reason).to_owned()),
        Value::String(word) => word.clone(),
        Value::Array(items) => items.iter().map(|item| shown(text, "", item)).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Dollars with two places at least, and none rounded.
fn dollars(amount: &str) -> String {
    let exact = |amount: Usd| usd(amount, places_of(std::iter::once(amount)));
    amount.parse::<Usd>().map_or_else(|_| format!("${amount}"), exact)
}

/// How a switch stands.
fn switched(text: &'static Text, field: &str, is_on: bool) -> &'static str {
    match (field, is_on) {
        ("enabled", true) => text.common.enabled,
        ("enabled", false) => text.common.disabled,
        (_, true) => text.setting_values.on,
        (_, false) => text.setting_values.off,
    }
}

/// True for a value that is none: no text, no list, nothing.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::text::Language;

    fn made(field: &str, value: Value) -> FieldChange {
        FieldChange { field: field.to_owned(), before: Value::Null, after: value }
    }

    #[test]
    fn a_field_is_named_as_its_form_names_it() {
        let text = Language::Zh.text();
        assert_eq!(named(text, "enabled"), text.common.state);
        assert_eq!(named(text, "headers.x-team"), format!("{} · x-team", text.providers.headers));
        assert_eq!(named(text, "cache_factors.read"), "cache_factors.read");
        assert_eq!(named(text, "scope.provider_id"), text.calls.provider);
        assert_ne!(named(text, "active_from"), named(text, "active_to"));
    }

    #[test]
    fn a_value_is_said_as_people_read_it() {
        let text = Language::En.text();
        for (field, value, said) in [
            ("tags", json!(["mobile", "ios"]), "mobile, ios"),
            ("tags", json!([]), UNKNOWN),
            ("limit_5h_usd", json!("1.12"), "$1.12"),
            ("limit_5h_usd", json!("1.1"), "$1.10"),
            ("limit_5h_usd", json!("0.0125"), "$0.0125"),
            ("limit_5h_usd", json!(null), UNKNOWN),
            ("enabled", json!(false), "Disabled"),
            ("has_password", json!(true), "On"),
            ("reason", json!("pause"), "paused"),
            ("reason", json!("unheard of"), "unheard of"),
            ("weight", json!(2), "2"),
        ] {
            assert_eq!(shown(text, field, &value), said, "{field}");
        }
    }

    #[test]
    fn what_was_made_is_told_in_a_few_words() {
        let text = Language::En.text();
        assert_eq!(gist(text, "3", &[made("model", json!("claude-x"))]), "Model: claude-x");
        let fields = |first: &str| -> Vec<FieldChange> {
            [first, "weight", "priority", "probe", "id"].into_iter().map(|field| made(field, json!("1"))).collect()
        };
        assert_eq!(gist(text, "3", &fields("note")), "5 fields · Note: 1");
        assert_eq!(gist(text, "1", &fields("model")), "5 fields");
        assert_eq!(gist(text, "3", &fields("name")), "5 fields");
    }
}
