//! Grammars: bytes ↔ meaning. Pure: no clock, no network, nothing asynchronous.

pub mod anthropic;
pub mod bound;
pub mod conversation;
pub mod edit;
pub mod gate;
pub mod operation;
pub mod over_limit;
pub mod peek;
pub mod rejection;
pub mod repair;
pub mod rounds;
pub mod sse;
pub mod tap;
pub mod transcript;
pub mod turn;
