//! The frame of a page: its title, what can be done here, its content.

use leptos::prelude::*;
use leptos_meta::Title;

/// A page with its head.
#[expect(clippy::needless_pass_by_value, reason = "properties of a component are owned")]
#[component]
pub(crate) fn Page(
    /// Its title.
    #[prop(into)]
    title: Signal<String>,
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
        <div class=if wide { "page wide" } else { "page" }>
            <header class="page-head">
                <div class="min-w-0">
                    {above.map(|(href, name)| view! { <a class="above" href=href>{name}</a> })}
                    <h1 class="ellipsis">{title}</h1>
                    {lead.map(|lead| view! { <p class="lead">{lead}</p> })}
                </div>
                <div class="page-actions">{actions.run()}</div>
            </header>
            {children()}
        </div>
    }
}
