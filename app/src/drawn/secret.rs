//! The secret of a key that was made, or got another one.

use leptos::prelude::*;

use super::form;
use crate::{
    text::Text,
    ui::{
        Erase,
        icon::{Icon, icon},
        state::note,
    },
};

/// What is typed into a shell.
fn shell(origin: &str, secret: &str) -> String {
    format!("export ANTHROPIC_BASE_URL={origin}\nexport ANTHROPIC_AUTH_TOKEN={secret}")
}

/// Says that the secret is not shown again.
fn once(text: &'static Text) -> AnyView {
    let words = &text.keys;
    let once = view! { <p class="font-medium">{words.created_title}</p><p class="text-muted">{words.created_once}</p> };
    note("note warn", Icon::Alert, once)
}

/// The way back to the page of the form.
fn done(text: &'static Text, back: String) -> AnyView {
    view! { <div><a class="button" href=back>{icon(Icon::Check)}{text.keys.done}</a></div> }.erase()
}

/// The secret, and how to use it, in place of the form. `origin` is the address of the hub, `back` the page that the form
/// is on.
pub(crate) fn panel(text: &'static Text, secret: String, origin: &str, back: String) -> AnyView {
    let words = &text.keys;
    let shell = shell(origin, &secret);
    let settings = format!(
        "{{\n  \"env\": {{\n    \"ANTHROPIC_BASE_URL\": \"{origin}\",\n    \"ANTHROPIC_AUTH_TOKEN\": \"{secret}\"\n  }}\n}}",
    );
    view! {
        <div class="grid gap-3" data-secret>
            {once(text)}
            {form::code(text, "new-key", secret, words.preview)}
            <div>
                <h3>{words.setup}</h3>
                <p class="help">{words.setup_lead}</p>
            </div>
            {form::code(text, "new-key-shell", shell, words.setup_shell)}
            <details class="fold">
                <summary>{words.setup_settings}</summary>
                {form::code(text, "new-key-settings", settings, words.setup_settings)}
            </details>
            {done(text, back)}
        </div>
    }
    .erase()
}

/// The same as a page, for a form that was sent without script: with nothing to press.
pub(crate) fn page(text: &'static Text, secret: &str, origin: &str, back: String) -> AnyView {
    let words = &text.keys;
    let code = |id: &'static str, text: String, label: &'static str| {
        view! { <div class="code min-w-0"><pre id=id tabindex="0" aria-label=label>{text}</pre></div> }.erase()
    };
    view! {
        <main class="page">
            <div class="grid gap-3 py-6" data-secret>
                <h1>{words.preview}</h1>
                {once(text)}
                {code("new-key", secret.to_owned(), words.preview)}
                <h2>{words.setup}</h2>
                <p class="help">{words.setup_lead}</p>
                {code("new-key-shell", shell(origin, secret), words.setup_shell)}
                {done(text, back)}
            </div>
        </main>
    }
    .erase()
}
