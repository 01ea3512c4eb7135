//! Many of one noun changed at once: what would become of each, and then all of it or nothing
//! (docs/rules.md, Changing many).

use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::{
    bulk::{BULK_MAX, BulkReport, BulkRow, FieldChange, FieldRefusal},
    fault::Fault,
};

/// A field that the hub itself keeps: it follows from the others.
const FOLLOWS: &str = "updated_at";

/// One of them: as it is, and as it would be.
pub(super) struct Planned<T> {
    /// As it is.
    pub(super) before: T,
    /// As it would be, or why it cannot.
    pub(super) after: Result<T, Fault>,
}

impl<T: Serialize> Planned<T> {
    /// What would become of it.
    fn row(&self, (id, name): (String, String)) -> BulkRow {
        let (changes, refusal) = match &self.after {
            Ok(after) => (differences(&self.before, after), None),
            Err(fault) => (Vec::new(), Some(refusal(fault))),
        };
        BulkRow { id, name, changes, refusal }
    }
}

/// What would become of all of them. `named` gives id and name of one.
pub(super) fn report<T: Serialize>(
    planned: &[Planned<T>],
    is_preview: bool,
    named: impl Fn(&T) -> (String, String),
) -> BulkReport {
    let items: Vec<BulkRow> = planned.iter().map(|planned| planned.row(named(&planned.before))).collect();
    let count =
        |is: fn(&BulkRow) -> bool| u32::try_from(items.iter().filter(|row| is(row)).count()).unwrap_or(u32::MAX);
    BulkReport {
        preview: is_preview,
        n_changed: count(|row| !row.changes.is_empty()),
        n_refused: count(|row| row.refusal.is_some()),
        items,
    }
}

/// Lets nothing pass unless every one of them can be changed.
///
/// # Errors
/// The first refusal, with the name of whom it is about.
pub(super) fn accept(report: &BulkReport) -> Result<(), Fault> {
    let refused = report.items.iter().find_map(|row| Some((&row.name, row.refusal.as_ref()?)));
    match refused {
        Some((name, FieldRefusal { field, why })) => Err(Fault::invalid(field, format!("{name}: {why}"))),
        None => Ok(()),
    }
}

/// The ids that are asked for, each once, in the order in which they are locked.
///
/// # Errors
/// [`Fault::Invalid`] if there are none, or too many.
pub(super) fn distinct<T: Ord>(mut ids: Vec<T>, field: &str) -> Result<Vec<T>, Fault> {
    ids.sort_unstable();
    ids.dedup();
    match ids.len() {
        0 => Err(Fault::invalid(field, "must name at least one")),
        n if n > BULK_MAX => Err(Fault::invalid(field, format!("must be at most {BULK_MAX}; narrow it down"))),
        _ => Ok(ids),
    }
}

/// The fields that differ, in the order of their names.
fn differences(before: &impl Serialize, after: &impl Serialize) -> Vec<FieldChange> {
    let (before, mut after) = (fields(before), fields(after));
    let change = |(field, before): (String, Value)| {
        let after = after.remove(&field).unwrap_or_default();
        (field != FOLLOWS && before != after).then_some(FieldChange { field, before, after })
    };
    before.into_iter().filter_map(change).collect()
}

fn fields(noun: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(noun) {
        Ok(Value::Object(fields)) => fields,
        // The nouns are structs.
        _ => Map::new(),
    }
}

fn refusal(fault: &Fault) -> FieldRefusal {
    match fault {
        Fault::Invalid { field, why } | Fault::Conflict { field, why } => {
            FieldRefusal { field: field.clone(), why: why.clone() }
        }
        other => FieldRefusal { field: String::new(), why: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn planned(before: Value, after: Result<Value, Fault>) -> Planned<Value> {
        Planned { before, after }
    }

    #[test]
    fn a_report_says_what_differs_and_what_cannot_be() {
        let plan = [
            planned(json!({"a": 1, "b": null, "updated_at": 1}), Ok(json!({"a": 2, "b": null, "updated_at": 2}))),
            planned(json!({"a": 2}), Ok(json!({"a": 2}))),
            planned(json!({"a": 3}), Err(Fault::invalid("a", "too much"))),
        ];
        let report = report(&plan, true, |noun| (noun["a"].to_string(), "x".to_owned()));
        assert_eq!((report.preview, report.n_changed, report.n_refused), (true, 1, 1));
        let change = FieldChange { field: "a".to_owned(), before: json!(1), after: json!(2) };
        assert_eq!(report.items[0].changes, [change]);
        assert_eq!((report.items[1].changes.len(), report.items[1].refusal.is_none()), (0, true));
        assert_eq!(accept(&report), Err(Fault::invalid("a", "x: too much")));
        assert_eq!(accept(&BulkReport { items: report.items[..2].to_vec(), ..report }), Ok(()));
    }

    #[test]
    fn ids_are_taken_once_in_order_and_within_a_bound() {
        assert_eq!(distinct(vec![3, 1, 3], "ids"), Ok(vec![1, 3]));
        assert_eq!(distinct(Vec::<u8>::new(), "ids").unwrap_err().field(), Some("ids"));
        assert_eq!(distinct((0..=BULK_MAX).collect(), "ids").unwrap_err().field(), Some("ids"));
    }
}
