//! What is typed in a field that is set for many, as a patch takes it.

use hub::domain::{fault::Fault, money::Usd};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{CLEAR, Field, Kind};
use crate::{
    api::forms::{expiry, names, provider::milliseconds, whole},
    drawn::clock::Clock,
    ui::field::{NO_NUMBER, no_whole},
};

/// What a field asks of a patch; none if it is left alone.
///
/// # Errors
/// What stands there cannot be read, or is nothing that the patch can hold.
pub(super) fn usable<P: DeserializeOwned>(field: &Field, text: &str, clock: Clock) -> Result<Option<Value>, Fault> {
    let Some(value) = value(field, text, clock)? else { return Ok(None) };
    let holds = |value: Value| {
        let alone = Map::from_iter([(field.name.to_owned(), value)]);
        serde_json::from_value::<P>(alone.into()).is_ok()
    };
    let wrong = |why: &str| Err(Fault::invalid(field.name, why));
    let has_places = matches!(field.kind, Kind::Usd | Kind::Factor);
    // The use case says that too, but of one field only.
    if has_places && text.parse::<Usd>().is_ok_and(|number| number < Usd::ZERO) {
        return wrong("must not be less than 0");
    }
    match value.as_i64() {
        _ if holds(value.clone()) => Ok(Some(value)),
        None => wrong(NO_NUMBER),
        Some(0..) => wrong("too large"),
        Some(_) if holds(Value::from(-1)) => wrong("too small"),
        Some(_) => wrong(no_whole(field.name)),
    }
}

/// What a field asks for; none if it is left alone.
fn value(field: &Field, text: &str, clock: Clock) -> Result<Option<Value>, Fault> {
    Ok(Some(match (text, field.kind) {
        ("", _) => return Ok(None),
        (CLEAR, _) => Value::Null,
        (_, Kind::Switch) => Value::Bool(text == "true"),
        (_, Kind::Whole | Kind::WholeSeconds) => whole::<i64>(field.name, text)?.into(),
        (_, Kind::Seconds) => milliseconds(field.name, text)?.into(),
        (_, Kind::Usd | Kind::Factor | Kind::Choice(_)) => text.into(),
        (_, Kind::Names) => names(text).into(),
        (_, Kind::Day) => expiry(field.name, text, clock)?.map(|end| end.to_rfc3339()).into(),
    }))
}
