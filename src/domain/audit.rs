//! The audit log: who did what, and how it was before.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    bulk::FieldChange,
    id::{AuditId, ConsoleSessionId, UserId},
};

/// Every action there is, by name.
pub const ACTIONS: &[&str] = &[
    "call.messages",
    "calls.export",
    "console.end",
    "console.end_others",
    "console.login",
    "console.logout",
    "group.create",
    "group.delete",
    "group.pause",
    "group.resume",
    "group.update",
    "hold.end",
    "key.create",
    "key.delete",
    "key.reset",
    "key.rotate",
    "key.update",
    "login.failed",
    "price.delete",
    "price.import",
    "price.put",
    "provider.clone",
    "provider.create",
    "provider.delete",
    "provider.pause",
    "provider.reset",
    "provider.resume",
    "provider.test",
    "provider.test_proxy",
    "provider.update",
    "session.end",
    "settings.update",
    "user.create",
    "user.delete",
    "user.password",
    "user.password_delete",
    "user.renew",
    "user.reset",
    "user.update",
];

/// A line of the audit log. Secrets are never in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct AuditLine {
    /// Its id.
    pub id: AuditId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who acted, under the name of that time: `admin token`, `user Ada`, `key laptop of Ada`, `system`; `nobody` for a
    /// failed login.
    pub actor: String,
    /// The user who acted; null for the admin token, the hub itself and nobody.
    pub user_id: Option<UserId>,
    /// The login of the console that it was done in; null for a script.
    pub session_id: Option<ConsoleSessionId>,
    /// The address it came from; null for the hub itself.
    pub address: Option<String>,
    /// What was done: `provider.update`.
    pub action: String,
    /// The id or the name of what it was done to; empty where there is none.
    pub subject: String,
    /// How that was; null if it was made.
    pub before: Option<Value>,
    /// How it is since then; null if it was deleted.
    pub after: Option<Value>,
}

/// Which lines of the audit log to list, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct AuditQuery {
    /// At most this many items, 1 to 500; default 50.
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// From this time on.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
    /// Only what was done by whoever had exactly this name.
    pub actor: Option<String>,
    /// Only this action, such as `provider.update`.
    pub action: Option<String>,
    /// Only what was done to what has exactly this id or name.
    pub subject: Option<String>,
}

/// A field that follows from the others.
const FOLLOWS: &str = "updated_at";

impl AuditLine {
    /// What is different since the action, field by field, in the order of their names; null is what was not there.
    pub fn changes(&self) -> Vec<FieldChange> {
        let mut changes = Vec::new();
        compare("", self.before.as_ref(), self.after.as_ref(), &mut changes);
        changes
    }
}

/// Notes where two values differ. Objects are looked into, and the names of what lies within are joined by dots; lists are
/// not: they are short, and read as a whole.
fn compare(field: &str, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<FieldChange>) {
    if before == after || (field == FOLLOWS && before.is_some() && after.is_some()) {
        return;
    }
    let is_leaf = |value: Option<&Value>| value.is_some_and(|value| !value.is_object());
    if is_leaf(before) || is_leaf(after) {
        let owned = |value: Option<&Value>| value.cloned().unwrap_or_default();
        changes.push(FieldChange { field: field.to_owned(), before: owned(before), after: owned(after) });
        return;
    }
    let fields = |value: Option<&'_ Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
    let (before, after) = (fields(before), fields(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let path = if field.is_empty() { name.clone() } else { format!("{field}.{name}") };
        compare(&path, before.get(name), after.get(name), changes);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changes(before: Value, after: Value) -> Vec<(String, Value, Value)> {
        let some = |value: Value| if value.is_null() { None } else { Some(value) };
        let line = AuditLine {
            id: AuditId(1),
            at: DateTime::UNIX_EPOCH,
            actor: String::new(),
            user_id: None,
            session_id: None,
            address: None,
            action: String::new(),
            subject: String::new(),
            before: some(before),
            after: some(after),
        };
        line.changes().into_iter().map(|one| (one.field, one.before, one.after)).collect()
    }

    #[test]
    fn only_what_differs_is_a_change() {
        let before = json!({"name": "a", "weight": 1, "group": ["x"], "rates": {"input": "1", "output": "2"}, "gone": 1, "updated_at": 1});
        let after = json!({"name": "a", "weight": 2, "group": ["x", "y"], "rates": {"input": "1", "output": "3"}, "updated_at": 2});
        let expected = [
            ("gone", json!(1), Value::Null),
            ("group", json!(["x"]), json!(["x", "y"])),
            ("rates.output", json!("2"), json!("3")),
            ("weight", json!(1), json!(2)),
        ];
        assert_eq!(changes(before, after), expected.map(|(field, before, after)| (field.to_owned(), before, after)));
    }

    #[test]
    fn what_was_made_has_all_its_fields_and_what_was_deleted_too() {
        let thing = || json!({"name": "a", "rates": {"input": "1"}, "note": null});
        let fields = |changes: Vec<(String, Value, Value)>| -> Vec<String> {
            changes.into_iter().map(|(field, ..)| field).collect()
        };
        assert_eq!(fields(changes(Value::Null, thing())), ["name", "note", "rates.input"]);
        assert_eq!(fields(changes(thing(), Value::Null)), ["name", "note", "rates.input"]);
        assert!(changes(Value::Null, Value::Null).is_empty() && changes(thing(), thing()).is_empty());
    }

    #[test]
    fn a_value_that_becomes_another_kind_of_value_is_one_change() {
        let expected = [("a".to_owned(), json!(1), json!({"b": 2}))];
        assert_eq!(changes(json!({"a": 1}), json!({"a": {"b": 2}})), expected);
    }

    #[test]
    fn actions_are_sorted_so_that_one_is_found() {
        assert!(ACTIONS.is_sorted());
    }
}
