//! What may be used just now: the holds, as calls see them.

pub mod view;
