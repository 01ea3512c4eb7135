//! By the clock, or behind the callers' backs: the only tasks beside `boot`'s.

pub mod alone;
pub mod days;
pub mod drain;
pub mod holds;
pub mod messages;
pub mod notify;
pub mod partitions;
pub mod prices;
pub mod probe;
pub mod record;
pub mod state;
pub mod sweep;
pub mod sync;
