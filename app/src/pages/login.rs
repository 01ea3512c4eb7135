//! The door.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    api::session::LogIn,
    change::{Change, ChangeForm},
    fault,
    shell::preferences::PreferenceSwitches,
    text::use_text,
    ui::{
        icon::{Icon, mark},
        state::note,
    },
};

/// The login page.
#[component]
pub(crate) fn Login() -> impl IntoView {
    let text = use_text();
    let change = Change::through::<LogIn>();
    let query = use_query_map();
    let next = move || query.with(|query| query.get("next").unwrap_or_default());
    let problem = fault::of(change);
    view! {
        <Title text=text.login.title />
        <main class="door">
            <div class="door-box">
                <div class="flex items-center gap-2 text-accent">{mark()}<span class="brand">"Switchyard"</span></div>
                <p class="mt-1 text-muted">{text.login.lead}</p>
                <ChangeForm change>
                    <input type="hidden" name="next" value=next />
                    <div class="field mt-6">
                        <label for="token">{text.login.token}</label>
                        <input class="input h-9" id="token" name="token" type="password" required autofocus
                            autocomplete="current-password" aria-describedby="token-help" />
                        <p class="help" id="token-help">{text.login.token_help}</p>
                    </div>
                    <div class="mt-3" role="alert">
                        {move || problem.get().map(|problem| note("note bad", Icon::Alert, problem))}
                    </div>
                    <button class="button primary mt-3 h-9 w-full" type="submit" disabled=move || change.is_pending.get()>
                        {text.login.submit}
                    </button>
                </ChangeForm>
                <p class="caption mt-6">{text.login.where_is_it}</p>
            </div>
            <PreferenceSwitches />
        </main>
    }
}
