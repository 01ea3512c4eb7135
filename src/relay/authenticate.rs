//! Who calls? From the headers alone, before the body is read.

use std::sync::Arc;

use http::{HeaderMap, header};

use super::inbound::Inbound;
use crate::{
    clock,
    hub::Hub,
    route::{
        restrict::admit_caller,
        snapshot::{Caller, Snapshot},
    },
    secret,
    wire::rejection::Rejection,
};

/// Finds the caller by `x-api-key` or `authorization: Bearer`; both may be there if they are the same.
///
/// A key that the hub has issued is never slowed down by somebody else's wrong ones at the same address.
pub fn authenticate(hub: &Hub, snapshot: &Snapshot, inbound: &Inbound<'_>) -> Result<Arc<Caller>, Rejection> {
    let caller = match key(&inbound.headers)? {
        Some(key) => snapshot.callers.get(&secret::hash(key)),
        None => None,
    };
    let Some(caller) = caller else {
        hub.key_brake.check(inbound.address).map_err(|retry_after_s| Rejection::Locked { retry_after_s })?;
        hub.key_brake.fail(inbound.address);
        return Err(Rejection::Unauthenticated);
    };
    admit_caller(caller, clock::now())?;
    Ok(caller.clone())
}

/// The one key of a request, if it has any.
fn key(headers: &HeaderMap) -> Result<Option<&str>, Rejection> {
    let text = |name: header::HeaderName| {
        let mut values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(str::trim);
        let value = values.next().filter(|value| !value.is_empty());
        if values.next().is_some() { Err(Rejection::TwoKeys) } else { Ok(value) }
    };
    let bearer = text(header::AUTHORIZATION)?.and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
    });
    match (text(header::HeaderName::from_static("x-api-key"))?, bearer) {
        (Some(one), Some(other)) if one != other => Err(Rejection::TwoKeys),
        (Some(key), _) | (None, Some(key)) => Ok(Some(key)),
        (None, None) => Ok(None),
    }
}
