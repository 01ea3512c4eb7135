//! Groups, for choosing from.

use super::{actor::Actor, fault};
use crate::{
    domain::{fault::Fault, group::Group},
    hub::Hub,
};

/// Every group, by name.
pub async fn list(hub: &Hub, _actor: &Actor) -> Result<Vec<Group>, Fault> {
    hub.store.list_groups().await.map_err(fault::store)
}
