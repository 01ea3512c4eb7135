//! The engine of Switchyard. ARCHITECTURE.md is the map; `relay.rs` is where a request's life can be read.
//!
//! Without the feature `server` only [`domain`] exists: plain serde types that the browser shares.
//! Modules are listed in suggested reading order; each may use those above it in ARCHITECTURE.md's table only.

pub mod domain;

#[cfg(feature = "server")]
pub mod admin;
#[cfg(feature = "server")]
pub mod boot;
#[cfg(feature = "server")]
pub mod clock;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod health;
#[cfg(feature = "server")]
pub mod http;
#[cfg(feature = "server")]
pub mod hub;
#[cfg(feature = "server")]
pub mod jobs;
#[cfg(feature = "server")]
pub mod ledger;
#[cfg(feature = "server")]
pub mod limit;
#[cfg(feature = "server")]
pub mod relay;
#[cfg(feature = "server")]
pub mod route;
#[cfg(feature = "server")]
pub mod secret;
#[cfg(feature = "server")]
pub mod state;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
pub mod telemetry;
#[cfg(feature = "server")]
pub mod upstream;
#[cfg(feature = "server")]
pub mod wire;
