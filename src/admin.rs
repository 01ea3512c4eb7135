//! Use cases of the console and the management API. Each takes an [`Actor`](actor::Actor) first.

pub mod actor;
