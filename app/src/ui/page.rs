//! The frame of a page: its title, what can be done here, its content.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::ui::Erase;

/// A page with its head.
#[expect(clippy::needless_pass_by_value, reason = "properties of a component are owned")]
#[component]
pub(crate) fn Page(
    /// Its title. No signal: the document's head is put together where those of the page may be out of reach.
    title: &'static str,
    /// A sentence below it.
    #[prop(optional)]
    lead: Option<&'static str>,
    /// Where it lies: address and name of the list above it.
    #[prop(optional)]
    above: Option<(&'static str, &'static str)>,
    /// What can be done here.
    #[prop(optional, into)]
    actions: ViewFn,
    /// True if it takes all the width there is.
    #[prop(optional)]
    wide: bool,
    /// Its content.
    children: Children,
) -> impl IntoView {
    view! {
        <Title text=title />
        {frame(wide, Head { title: title.to_owned(), lead, above, actions: actions.run() }, children())}
    }
    .erase()
}

/// The head of a page, as [`Page`] takes it.
pub(crate) struct Head {
    /// Its title.
    pub(crate) title: String,
    /// A sentence below it.
    pub(crate) lead: Option<&'static str>,
    /// Where it lies: address and name of the list above it.
    pub(crate) above: Option<(&'static str, &'static str)>,
    /// What can be done here.
    pub(crate) actions: AnyView,
}

/// A page without the document's title.
pub(crate) fn frame(wide: bool, head: Head, content: AnyView) -> AnyView {
    let Head { title, lead, above, actions } = head;
    view! {
        <div class=if wide { "page wide" } else { "page" }>
            <header class="page-head">
                <div class="min-w-0">
                    {above.map(|(href, name)| view! { <a class="above" href=href>{name}</a> }.erase())}
                    <h1 class="ellipsis">{title}</h1>
                    {lead.map(|lead| view! { <p class="lead">{lead}</p> }.erase())}
                </div>
                <div class="page-actions">{actions}</div>
            </header>
            {content}
        </div>
    }
    .erase()
}
