//! A look at what would become of each of many.

use hub::domain::{
    bulk::{BulkReport, BulkRow, FieldChange},
    fault::Fault,
};
use leptos::prelude::*;
use serde_json::Value;

use super::Noun;
use crate::{
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
    let words = &text.many;
    let summary = (words.summary)(report.n_changed, report.n_refused, report.items.len());
    let refused = report.items.iter().filter(|row| row.refusal.is_some());
    let others = report.items.iter().filter(|row| row.refusal.is_none());
    let rows = refused.chain(others).take(ROWS_MAX).map(|row| line(text, row, noun));
    let hidden = u32::try_from(report.items.len().saturating_sub(ROWS_MAX)).unwrap_or_default();
    let outcome = match (report.n_refused, report.n_changed) {
        (0, 0) => note("note", Icon::Check, words.nothing_changes),
        (0, _) => apply,
        _ => note("note bad", Icon::Alert, words.refused_all),
    };
    view! {
        <section class="panel mt-6" aria-labelledby="look-title">
            <div class="panel-head"><h2 class="flex-1" id="look-title">{words.look_title}</h2><span class="caption">{summary}</span></div>
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

fn line(text: &'static Text, row: &BulkRow, noun: &Noun) -> AnyView {
    let (label, path) = (noun.label, (noun.one)(&row.id));
    let name = view! { <a class="row-link" href=path>{row.name.clone()}</a> }.erase();
    if let Some(refusal) = &row.refusal {
        let why =
            format!("{}: {}", label(text, &refusal.field), (text.fault)(&Fault::invalid(&refusal.field, &refusal.why)));
        return view! { <tr><td>{name}</td><td colspan="2"><span class="problem">{icon(Icon::Alert)}" "{why}</span></td></tr> }.erase();
    }
    if row.changes.is_empty() {
        return view! { <tr class="off"><td>{name}</td><td colspan="2" class="sub">{text.many.same}</td></tr> }.erase();
    }
    let values = |of: fn(&FieldChange) -> &Value| {
        let one = |change: &FieldChange| {
            view! { <div><span class="sub">{label(text, &change.field)}": "</span>{shown(text, of(change))}</div> }
                .erase()
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

/// A value as people read it.
fn shown(text: &'static Text, value: &Value) -> String {
    match value {
        Value::Null => text.many.none.to_owned(),
        Value::Bool(true) => text.common.enabled.to_owned(),
        Value::Bool(false) => text.common.disabled.to_owned(),
        Value::String(word) => word.clone(),
        Value::Array(items) if items.is_empty() => text.many.none.to_owned(),
        Value::Array(items) => items.iter().map(|item| shown(text, item)).collect::<Vec<_>>().join(", "),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::text::Language;

    #[test]
    fn values_are_said_as_people_read_them() {
        let text = Language::En.text();
        let of = |value: Value| shown(text, &value);
        assert_eq!([of(json!(null)), of(json!([]))], ["none", "none"]);
        assert_eq!([of(json!(["a", "b"])), of(json!("2.5")), of(json!(7))], ["a, b", "2.5", "7"]);
        assert_eq!([of(json!(true)), of(json!(false))], ["Enabled", "Disabled"]);
    }
}
