//! Parts without meaning: they know no data and no page.

pub(crate) mod chart;
pub(crate) mod code;
pub(crate) mod dialog;
pub(crate) mod field;
pub(crate) mod form;
pub(crate) mod icon;
pub(crate) mod page;
pub(crate) mod state;
pub(crate) mod time;
pub(crate) mod toast;
