//! Start order and stop order, mirrored.

pub mod limits;
pub mod lock;
