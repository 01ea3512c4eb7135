//! Reaching a provider: the only place that opens connections to one.

pub mod attempt;
pub mod client;
pub mod failure;
pub mod fetch;
pub mod request;
