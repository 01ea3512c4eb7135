//! One real, small call, and what came back.

use leptos::prelude::*;

use crate::{
    api::{ask::read, providers::TestProvider},
    change::{Change, ChangeForm},
    fault,
    text::use_text,
    ui::{
        Erase,
        field::TextField,
        icon::{Icon, icon},
        state::note,
    },
};

/// The panel.
#[component]
pub(super) fn TestPanel(
    /// Which provider.
    id: String,
) -> impl IntoView {
    let text = use_text();
    let change = Change::through::<TestProvider>();
    let pending = change.is_pending;
    let label = move || if pending.get() { text.providers.test_running } else { text.providers.test_run };
    let outcome = move || {
        let answer = change.answer.get().filter(|_| !pending.get())?;
        Some(match read::<String>(&answer) {
            Ok(html) => view! { <div inner_html=html></div> }.erase(),
            Err(error) => note("note bad", Icon::Alert, fault::message(text, &error)),
        })
    };
    view! {
        <section class="panel p-4" aria-labelledby="test-title">
            <h2 id="test-title">{text.providers.test}</h2>
            <p class="help mt-1 mb-3">{text.providers.test_lead}</p>
            <ChangeForm change>
                <input type="hidden" name="id" value=id />
                {TextField::new("model", text.providers.test_model).help(text.providers.test_model_help).view()}
                <button type="submit" class="button mt-3" disabled=move || pending.get()>{icon(Icon::Play)}{label}</button>
            </ChangeForm>
            <div class="mt-3" aria-live="polite">{outcome}</div>
        </section>
    }.erase()
}
