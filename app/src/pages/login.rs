//! The door.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    api::{ask::Question, session::LogIn},
    asked::{asked, show_answer},
    change::{Change, ChangeForm},
    fault,
    shell::preferences::PreferenceSwitches,
    text::{Text, use_text},
    ui::{
        Erase,
        icon::{Icon, mark},
        state::note,
    },
};

/// The login page: a name and a password, or the admin token or a key alone.
#[component]
pub(crate) fn Login() -> impl IntoView {
    let text = use_text();
    let change = Change::through::<LogIn>();
    let query = use_query_map();
    let next = move || query.with(|query| query.get("next").unwrap_or_default());
    let problem = fault::of(change);
    let door = asked(|| (0, Question::Door));
    view! {
        <Title text=text.login.title />
        <main class="door">
            <div class="door-box">
                <div class="flex items-center gap-2 text-accent">{mark()}<span class="brand">"Switchyard"</span></div>
                <p class="mt-1 text-muted">{text.login.lead}</p>
                {show_answer(door, move |answer| cookie_lost(text, answer.is_ok_and(|answer| answer == "true")))}
                <ChangeForm change>
                    <input type="hidden" name="next" value=next />
                    <div class="field mt-6">
                        <label for="name">{text.login.name}</label>
                        <input class="input h-9" id="name" name="name" autocomplete="username" spellcheck="false"
                            autocapitalize="none" aria-describedby="name-help" />
                        <p class="help" id="name-help">{text.login.name_help}</p>
                    </div>
                    <div class="field mt-3">
                        <label for="secret">{text.login.secret}</label>
                        <input class="input h-9" id="secret" name="secret" type="password" required autofocus
                            autocomplete="current-password" aria-describedby="secret-help secret-problem" />
                        <p class="help" id="secret-help">{text.login.secret_help}</p>
                        <div class="problem" id="secret-problem" role="alert" data-wrong=text.login.secret_missing></div>
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
    }.erase()
}

/// Says that the browser will drop the cookie, before somebody wonders why the login leads back here.
fn cookie_lost(text: &'static Text, is_lost: bool) -> AnyView {
    let words = move || {
        view! { <p class="font-medium">{text.login.cookie_lost}</p><p class="text-muted">{text.login.cookie_lost_why}</p> }
    };
    is_lost.then(|| note("note warn mt-4", Icon::Alert, words())).into_any()
}
