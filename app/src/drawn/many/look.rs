//! A look at what would become of each of many.

use chrono::{DateTime, Utc};
use hub::domain::{
    bulk::{BulkReport, BulkRow, FieldChange},
    fault::Fault,
};
use leptos::prelude::*;
use serde_json::Value;

use super::{Noun, choice_word, unit};
use crate::{
    api::forms::many::Kind,
    format::seconds,
    text::Text,
    ui::{
        Erase,
        icon::{Icon, icon},
        state::note,
    },
};

/// Rows that a look shows.
const ROWS_MAX: usize = 200;

/// What would become of each, and the way to do it: `apply` is the form that does.
pub(super) fn view(text: &'static Text, report: &BulkReport, noun: &Noun, apply: AnyView) -> AnyView {
    let (words, reader) = (&text.many, Reader { text, noun });
    let summary = (words.summary)(report.n_changed, report.n_refused, report.items.len());
    let refused = report.items.iter().filter(|row| row.refusal.is_some());
    let others = report.items.iter().filter(|row| row.refusal.is_none());
    let rows = refused.chain(others).take(ROWS_MAX).map(|row| line(reader, row));
    let hidden = u32::try_from(report.items.len().saturating_sub(ROWS_MAX)).unwrap_or_default();
    let outcome = match (report.n_refused, report.n_changed) {
        (0, 0) => note("note", Icon::Check, words.nothing_changes),
        (0, _) => apply,
        _ => note("note bad", Icon::Alert, words.refused_all),
    };
    view! {
        <section class="panel mt-6" aria-labelledby="look-title">
            <div class="panel-head"><h2 class="grow" id="look-title">{words.look_title}</h2><span class="caption">{summary}</span></div>
            <div class="scroll">
                <table class="table look">
                    <caption class="aside">{words.look_title}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{text.common.name}</th>
                            <th scope="col">{words.before}</th>
                            <th scope="col">{words.after}</th>
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
            {(hidden > 0).then(|| view! { <p class="caption px-4 py-2">{(text.common.n_more)(hidden)}</p> }.erase())}
            <div class="p-4">{outcome}</div>
        </section>
    }
    .erase()
}

fn line(reader: Reader<'_>, row: &BulkRow) -> AnyView {
    let Reader { text, noun } = reader;
    let (label, path) = (noun.label, (noun.one)(&row.id));
    let name = view! { <a class="row-link" href=path>{row.name.clone()}</a> }.erase();
    if let Some(refusal) = &row.refusal {
        let why =
            format!("{}: {}", label(text, &refusal.field), (text.fault)(&Fault::invalid(&refusal.field, &refusal.why)));
        return view! { <tr><td>{name}</td><td colspan="2"><span class="problem flex items-center gap-2">{icon(Icon::Alert)}{why}</span></td></tr> }.erase();
    }
    if row.changes.is_empty() {
        return view! { <tr class="off"><td>{name}</td><td colspan="2" class="sub">{text.many.same}</td></tr> }.erase();
    }
    let values = |of: fn(&FieldChange) -> &Value| {
        let one = |change: &FieldChange| {
            let value = reader.shown(&change.field, of(change));
            view! { <div><span class="sub">{label(text, &change.field)}": "</span>{value}</div> }.erase()
        };
        row.changes.iter().map(one).collect_view()
    };
    view! {
        <tr>
            <td>{name}</td>
            <td class="sub">{values(|change| &change.before)}</td>
            <td>{values(|change| &change.after)}</td>
        </tr>
    }
    .erase()
}

/// What values are read by.
#[derive(Clone, Copy)]
struct Reader<'a> {
    /// The words.
    text: &'static Text,
    /// What the form knows of fields.
    noun: &'a Noun,
}

impl Reader<'_> {
    /// The value of a field as it is typed, with its unit: not as it is stored.
    fn shown(self, field: &str, value: &Value) -> String {
        let common = &self.text.common;
        match (self.noun.kind(field), value) {
            (_, Value::Null) => self.unset(field).to_owned(),
            (_, Value::Bool(true)) => common.enabled.to_owned(),
            (_, Value::Bool(false)) => common.disabled.to_owned(),
            (Some(Kind::Choice(_)), Value::String(word)) => choice_word(self.text, word).to_owned(),
            (Some(Kind::Day), Value::String(end)) => {
                end.parse::<DateTime<Utc>>().map_or_else(|_| end.clone(), |end| self.noun.clock.last_date(end))
            }
            (Some(Kind::Usd), Value::String(amount)) => format!("${amount}"),
            (Some(kind), Value::String(word)) => self.measured(kind, word),
            (Some(kind @ Kind::Seconds), Value::Number(ms)) => {
                let ms = ms.as_u64().and_then(|ms| u32::try_from(ms).ok());
                self.measured(kind, &ms.map(seconds).unwrap_or_default())
            }
            (Some(kind), Value::Number(number)) => self.measured(kind, &number.to_string()),
            (None, Value::String(word)) => word.clone(),
            (None, Value::Number(number)) => number.to_string(),
            (_, Value::Array(items)) if items.is_empty() && field == "group" => self.noun.no_group.to_owned(),
            (_, Value::Array(items)) => self.listed(items.iter().map(|item| self.shown(field, item))),
            (_, Value::Object(all)) => {
                self.listed(all.iter().map(|(name, value)| format!("{name}: {}", self.shown("", value))))
            }
        }
    }

    /// What it means that a field has no value.
    fn unset(self, field: &str) -> &'static str {
        match self.noun.kind(field) {
            _ if field.starts_with("limit_") => self.text.limits.no_limit,
            Some(Kind::Day) => self.text.common.never,
            Some(Kind::Whole | Kind::Seconds | Kind::WholeSeconds) => self.text.settings.from_default,
            _ => self.text.many.none,
        }
    }

    /// With the unit that the field has in the form.
    fn measured(self, kind: Kind, value: &str) -> String {
        unit(self.text, kind).map_or_else(|| value.to_owned(), |unit| format!("{value}\u{a0}{unit}"))
    }

    fn listed(self, items: impl Iterator<Item = String>) -> String {
        let all = items.collect::<Vec<_>>().join(", ");
        if all.is_empty() { self.text.many.none.to_owned() } else { all }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        api::forms::many::{HEALTH, LIMITS, PROFILE, ROUTING, TIMES},
        drawn::clock::Clock,
        pages::limits,
        text::Language,
    };

    fn shown(language: Language, field: &str, value: &Value) -> String {
        let noun = Noun {
            path: "",
            bulk_path: "",
            one: str::to_owned,
            list: "",
            title: "",
            icon: Icon::Users,
            which: &[],
            sections: vec![("", &ROUTING), ("", &HEALTH), ("", &TIMES), ("", &PROFILE), ("", &LIMITS)],
            no_group: "default",
            clock: Clock { zone: chrono_tz::Europe::Berlin, now: DateTime::UNIX_EPOCH },
            label: limits::label,
        };
        Reader { text: language.text(), noun: &noun }.shown(field, value).replace('\u{a0}', " ")
    }

    #[test]
    fn values_are_said_as_people_read_them() {
        let of = |field, value: Value| shown(Language::En, field, &value);
        assert_eq!([of("tags", json!([])), of("group", json!([]))], ["none", "default"]);
        assert_eq!([of("tags", json!(["a", "b"])), of("weight", json!(7))], ["a, b", "7"]);
        assert_eq!([of("probe", json!(true)), of("enabled", json!(false))], ["Enabled", "Disabled"]);
        assert_eq!([of("group_priorities", json!({"a": 5, "b": -1})), of("prefix", json!("x"))], ["a: 5, b: -1", "x"]);
    }

    #[test]
    fn values_are_said_as_they_were_typed() {
        let of = |field, value: Value| shown(Language::En, field, &value);
        assert_eq!([of("idle_timeout_ms", json!(45_000)), of("idle_timeout_ms", json!(1_500))], ["45 s", "1.5 s"]);
        assert_eq!([of("breaker_open_s", json!(90)), of("max_attempts", json!(3))], ["90 s", "3"]);
        assert_eq!([of("limit_daily_usd", json!("2.5")), of("cost_multiplier", json!("0.8"))], ["$2.5", "0.8 ×"]);
        // The end of the last day, by the hub's clocks.
        assert_eq!(of("expires_at", json!("2030-12-31T23:00:00Z")), "2030-12-31");
        let unset = ["limit_rpm", "expires_at", "idle_timeout_ms", "max_attempts"];
        assert_eq!(unset.map(|field| of(field, json!(null))), ["no limit", "Never", "Default", "Default"]);
    }

    #[test]
    fn choices_have_the_words_of_the_form() {
        for language in [Language::En, Language::Zh] {
            let text = language.text();
            assert_eq!(shown(language, "limit_mode", &json!("hard")), text.limits.hard);
            assert_eq!(shown(language, "role", &json!("admin")), text.users.role_admin);
            assert_eq!(shown(language, "idle_timeout_ms", &json!(45_000)), format!("45 {}", text.providers.seconds));
        }
    }
}
