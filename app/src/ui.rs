//! Parts without meaning: they know no data and no page.

use leptos::prelude::{AnyView, IntoAny, IntoView, View};

#[cfg(feature = "ssr")]
pub(crate) mod chart;
pub(crate) mod dialog;
#[cfg(feature = "ssr")]
pub(crate) mod field;
pub(crate) mod icon;
pub(crate) mod page;
pub(crate) mod state;
pub(crate) mod time;
pub(crate) mod toast;

/// Gives all views one type, so that the browser carries the machinery of a tag once and not for each place it is in.
pub(crate) trait Erase {
    /// The view without its type.
    fn erase(self) -> AnyView;
}

impl<T: IntoAny + IntoView> Erase for View<T> {
    fn erase(self) -> AnyView {
        self.into_inner().into_any()
    }
}
