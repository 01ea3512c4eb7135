//! Use cases of the console and the management API. Each takes an [`Admin`](actor::Admin) or a
//! [`Person`](actor::Person), which only [`login`] makes, and writes its line of the audit log in the transaction of its
//! change.

pub mod actor;
pub mod audit;
pub mod availability;
mod bulk;
pub mod calls;
mod change;
mod check;
pub mod console_sessions;
pub mod course;
pub mod export;
mod fault;
pub mod find;
pub mod groups;
pub mod holds;
pub mod keys;
pub mod leaderboard;
pub mod limits;
pub mod log;
pub mod login;
pub mod messages;
pub mod overview;
pub mod own;
pub mod page;
pub mod password;
pub mod period;
pub mod prices;
pub mod providers;
pub mod quotas;
pub mod routing;
pub mod sessions;
pub mod settings;
pub mod storage;
pub mod subject;
pub mod usage;
pub mod users;
