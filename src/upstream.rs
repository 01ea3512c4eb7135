//! Reaching a provider: the only place that opens connections to one.

pub mod attempt;
pub mod body;
mod bounds;
pub mod client;
mod detour;
pub mod failure;
pub mod fetch;
pub mod origin;
pub mod reach;
pub mod request;
pub mod running;
pub mod sending;
pub mod shared;
