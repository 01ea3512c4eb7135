//! Nouns. Plain data, shared between the server and the browser: one vocabulary from database column to pixel.
//!
//! Nothing here holds a secret that the hub keeps, reads a clock, or does any input or output. Money, ids and
//! decimals travel as strings in JSON, times as RFC 3339.

pub mod access;
pub mod attempt;
pub mod audit;
pub mod bulk;
pub mod call;
pub mod cause;
pub mod console_session;
pub mod decision;
pub mod event;
pub mod explain;
pub mod fault;
pub mod find;
pub mod group;
pub mod hold;
pub mod id;
pub mod key;
pub mod limit;
pub mod log;
pub mod message;
pub(crate) mod moment;
pub mod money;
pub mod network;
pub mod own;
pub mod page;
pub mod patch;
pub mod price;
pub mod provider;
pub mod report;
pub mod rule;
pub mod session;
pub mod settings;
pub mod storage;
pub mod usage;
pub mod user;
