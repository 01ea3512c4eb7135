//! May it? Bounds on what callers can take. Everything taken is a value that gives itself back.

pub mod brake;
pub mod bytes;
pub mod estimate;
pub mod lease;
pub mod parking;
pub mod plan;
pub mod recent;
pub mod spans;
pub mod window;
