//! Where does a call go? Pure choices over an immutable snapshot.

pub mod choose;
pub mod hours;
pub mod judge;
pub mod restrict;
pub mod rules;
pub mod snapshot;
pub mod usual;
