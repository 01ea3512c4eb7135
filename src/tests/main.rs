//! The real binary, driven from outside: bytes on the wire, rows in Postgres.
//!
//! `world.rs` is the vocabulary the tests speak, `upstream.rs` the scripted provider, `hub.rs` the process under test.
//! Every test owns a group, users, keys and providers, so that most of them can share one hub.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::as_conversions,
    clippy::float_arithmetic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::missing_panics_doc,
    clippy::format_push_string,
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    clippy::zombie_processes,
    unreachable_pub,
    missing_docs,
    reason = "a test may fail loudly and list many cases, reads its own environment, and starts tasks and processes that \
              its end ends"
)]

// the harness
mod cable;
mod client;
mod hub;
mod patience;
mod postgres;
mod reaper;
mod redis;
mod upstream;
mod world;

// the tests
mod access;
mod auth;
mod bad_input;
mod boot;
mod bytes;
mod chaos;
mod conformance_cli;
mod crash;
mod deadlines;
mod departures;
mod edge;
mod failover;
mod faults;
mod feed;
mod headers;
mod holds;
mod insight;
mod interruptions;
mod journal;
mod kill;
mod ledger;
mod limits;
mod management;
mod message_queue;
mod messages;
mod no_http;
mod oddities;
mod outage;
mod plans;
mod prices;
mod probes;
mod proxies;
mod rates;
mod retries;
mod rotation;
mod routing;
mod sdk;
mod secrecy;
mod secure;
mod selection;
mod sessions;
mod shared_state;
mod statements;
mod sums;
mod tidy;
mod waiting;
