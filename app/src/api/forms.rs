//! From the text of form fields to what use cases take. Each mistake names its field.

use std::{
    collections::BTreeMap,
    num::{IntErrorKind, ParseIntError},
    str::FromStr,
};

use chrono::{DateTime, NaiveDate, Utc};
use hub::{
    admin::{actor::Admin, period},
    domain::{
        fault::Fault,
        group::{GroupCreate, GroupPatch},
        key::{ApiKey, KeyCreate, KeyPatch, Rotation},
        network::Network,
        patch::Patch,
        report::{Totals, UsageBy},
        user::{Role, User, UserCreate, UserPatch, many::Renewal},
    },
    hub::Hub,
};

use crate::{
    drawn::clock::Clock,
    ui::field::{MISSING, NO_DAY, NO_NUMBER, no_whole},
};

use super::{Answer, groups::GroupForm, guard, keys::KeyForm, users::UserForm};

mod limits;
pub(crate) mod many;
mod price;
pub(crate) mod provider;
pub(crate) mod setting;

pub(crate) use self::price::price;

/// Sums of the last 24 hours, without times, by the id of what they are grouped by.
pub(crate) async fn last_day_totals(hub: &Hub, actor: &Admin, by: UsageBy) -> Answer<BTreeMap<String, Totals>> {
    let rows = hub::admin::usage::of_last_day(hub, actor, by).await.map_err(guard::refuse)?;
    Ok(rows.into_iter().filter_map(|row| Some((row.id?, row.totals))).collect())
}

/// True for a box that is checked: an unchecked one is absent.
fn is_checked(field: Option<&String>) -> bool {
    field.is_some()
}

/// An id from an address or a hidden field.
pub(crate) fn id<T: FromStr>(text: &str, noun: &str) -> Answer<T> {
    text.parse().map_err(|_| guard::refuse(Fault::not_found(noun)))
}

/// A new user.
pub(crate) fn user_create(form: UserForm, clock: Clock) -> Result<UserCreate, Fault> {
    let limits = limits::limits(&form.limits)?;
    Ok(UserCreate {
        enabled: Some(is_checked(form.enabled.as_ref())),
        role: Some(role(&form.role)),
        group: Some(names(&form.group)),
        tags: Some(names(&form.tags)),
        expires_at: expiry("expires_at", &form.expires, clock)?,
        name: form.name.trim().to_owned(),
        note: Some(form.note),
        ..UserCreate::default()
    }
    .with_limits(&limits))
}

/// Changes to a user, as it stands before: all that the form shows.
pub(crate) fn user_patch(form: UserForm, before: &User, clock: Clock) -> Result<UserPatch, Fault> {
    let limits = limits::limits(&form.limits)?;
    Ok(UserPatch {
        enabled: Patch::Set(is_checked(form.enabled.as_ref())),
        role: Patch::Set(role(&form.role)),
        group: Patch::Set(names(&form.group)),
        tags: Patch::Set(names(&form.tags)),
        expires_at: expiry_change(&form.expires, before.expires_at, clock)?,
        name: Patch::Set(form.name.trim().to_owned()),
        note: Patch::Set(form.note),
        ..UserPatch::default()
    }
    .with_limits(&limits))
}

/// More time for a user: days, or up to the end of a day.
pub(crate) fn renewal(days: &str, until: &str, clock: Clock) -> Result<Renewal, Fault> {
    let renewal = Renewal { days: whole("days", days)?, until: expiry("until", until, clock)?, enable: false };
    // The form that offers days sends some: the day was left out.
    if renewal.days.is_none() && renewal.until.is_none() {
        return Err(Fault::invalid("until", MISSING));
    }
    Ok(renewal)
}

/// A new key.
pub(crate) fn key_create(form: &KeyForm, clock: Clock) -> Result<KeyCreate, Fault> {
    let limits = limits::limits(&form.limits)?;
    Ok(KeyCreate {
        enabled: Some(true),
        group: Some(names(&form.group)),
        models: Some(provider::rules(&form.models)),
        clients: Some(provider::lines(&form.clients).map(str::to_owned).collect()),
        addresses: Some(networks(&form.addresses)?),
        expires_at: expiry("expires_at", &form.expires, clock)?,
        name: form.name.trim().to_owned(),
        ..KeyCreate::default()
    }
    .with_limits(&limits))
}

/// Another secret for a key.
pub(crate) fn rotation(grace: &str) -> Result<Rotation, Fault> {
    Ok(Rotation { grace_s: whole("grace_s", grace)?.unwrap_or_default() })
}

/// Changes to a key, as it stands before: all that the form shows.
pub(crate) fn key_patch(form: &KeyForm, before: &ApiKey, clock: Clock) -> Result<KeyPatch, Fault> {
    let limits = limits::limits(&form.limits)?;
    Ok(KeyPatch {
        enabled: Patch::Set(is_checked(form.enabled.as_ref())),
        group: Patch::Set(names(&form.group)),
        models: Patch::Set(provider::rules(&form.models)),
        clients: Patch::Set(provider::lines(&form.clients).map(str::to_owned).collect()),
        addresses: Patch::Set(networks(&form.addresses)?),
        expires_at: expiry_change(&form.expires, before.expires_at, clock)?,
        name: Patch::Set(form.name.trim().to_owned()),
        ..KeyPatch::default()
    }
    .with_limits(&limits))
}

/// Names, separated by commas.
pub(crate) fn names(text: &str) -> Vec<String> {
    text.split([',', '，']).map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Addresses and networks, one on each line.
fn networks(text: &str) -> Result<Vec<Network>, Fault> {
    let one = |line: &str| line.parse::<Network>().map_err(|why| Fault::invalid("addresses", why.to_string()));
    provider::lines(text).map(one).collect()
}

/// A new group.
pub(crate) fn group_create(form: GroupForm) -> Result<GroupCreate, Fault> {
    Ok(GroupCreate {
        priority: whole("priority", &form.priority)?,
        cost_multiplier: number("cost_multiplier", &form.cost_multiplier)?,
        name: form.name.trim().to_owned(),
        note: Some(form.note),
    })
}

/// Changes to a group: all that the form shows.
pub(crate) fn group_patch(form: GroupForm) -> Result<GroupPatch, Fault> {
    Ok(GroupPatch {
        priority: whole("priority", &form.priority)?.into(),
        cost_multiplier: number("cost_multiplier", &form.cost_multiplier)?.into(),
        note: Patch::Set(form.note),
    })
}

fn role(text: &str) -> Role {
    if text == Role::Admin.as_str() { Role::Admin } else { Role::User }
}

/// The end of a day, by the hub's clocks; none if the field is empty.
fn expiry(field: &str, text: &str, clock: Clock) -> Result<Option<DateTime<Utc>>, Fault> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let day: NaiveDate = text.parse().map_err(|_| Fault::invalid(field, NO_DAY))?;
    Ok(Some(period::of_days(day, day, clock.zone).1))
}

/// What a form that shows only the last day of `before` makes of it: the same day leaves the hour as it is.
fn expiry_change(text: &str, before: Option<DateTime<Utc>>, clock: Clock) -> Result<Patch<DateTime<Utc>>, Fault> {
    if text.trim() == before.map(|at| clock.last_date(at)).unwrap_or_default() {
        return Ok(Patch::Keep);
    }
    expiry("expires_at", text, clock).map(Patch::from)
}

/// A number that may have places; none if the field is empty.
fn number<T: FromStr>(field: &str, text: &str) -> Result<Option<T>, Fault> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Fault::invalid(field, NO_NUMBER))
}

/// A whole number; none if the field is empty.
fn whole<T: FromStr<Err = ParseIntError>>(field: &str, text: &str) -> Result<Option<T>, Fault> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |error: ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow => Fault::invalid(field, "too large"),
        IntErrorKind::NegOverflow => Fault::invalid(field, "too small"),
        _ => Fault::invalid(field, no_whole(field)),
    };
    text.parse().map(Some).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_days_are_read_as_people_write_them() {
        assert_eq!(names(" a, b，c ,,"), ["a", "b", "c"]);
        let clock = Clock { zone: chrono_tz::Europe::Berlin, now: DateTime::UNIX_EPOCH };
        let read = |text| expiry("until", text, clock);
        assert_eq!(read("2030-12-31").unwrap(), Some("2030-12-31T23:00:00Z".parse().unwrap()));
        assert_eq!(read("2030-07-31").unwrap(), Some("2030-07-31T22:00:00Z".parse().unwrap()));
        assert_eq!(read(" ").unwrap(), None);
        assert_eq!(read("tomorrow").unwrap_err().field(), Some("until"));
        assert_eq!(renewal("", " ", clock).unwrap_err().field(), Some("until"));
        let noon = Some("2030-12-31T12:00:00Z".parse().unwrap());
        assert_eq!(expiry_change("2030-12-31", noon, clock), Ok(Patch::Keep));
        // What it says of the day is what the list shows of it.
        let midnight = read("2030-12-31").unwrap();
        assert_eq!(expiry_change("2030-12-31", midnight, clock), Ok(Patch::Keep));
        assert_eq!(expiry_change("", noon, clock), Ok(Patch::Clear));
    }

    #[test]
    fn a_whole_number_says_what_it_must_be() {
        assert_eq!([" +5 ", " "].map(|text| whole::<u32>("weight", text)), [Ok(Some(5)), Ok(None)]);
        assert_eq!(whole::<i32>("priority", "-5"), Ok(Some(-5)));
        for (field, text, why) in [
            ("weight", "1.5", "must be a whole number, 0 or more"),
            ("weight", "-1", "must be a whole number, 0 or more"),
            ("max_attempts", "two", "must be a whole number, 1 or more"),
            ("weight", "4294967296", "too large"),
        ] {
            assert_eq!(whole::<u32>(field, text), Err(Fault::invalid(field, why)), "{text}");
        }
        for (text, why) in [("1.5", "must be a whole number"), ("-2147483649", "too small")] {
            assert_eq!(whole::<i32>("priority", text), Err(Fault::invalid("priority", why)), "{text}");
        }
    }
}
