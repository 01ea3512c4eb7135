//! The secret of a key that was made, or got another one, by a form without script.

use leptos::prelude::*;

use crate::{
    text::Text,
    ui::{
        Erase,
        icon::{Icon, icon},
        state::note,
    },
};

/// The secret, and how to use it: the same as the browser shows with script, with nothing to press. `origin` is the
/// address of the hub, `back` the page that the form was on.
pub(crate) fn view(text: &'static Text, secret: &str, origin: &str, back: String) -> AnyView {
    let words = &text.keys;
    let shell = format!("export ANTHROPIC_BASE_URL={origin}\nexport ANTHROPIC_AUTH_TOKEN={secret}");
    let code = |id: &'static str, text: String, label: &'static str| {
        view! { <div class="code min-w-0"><pre id=id tabindex="0" aria-label=label>{text}</pre></div> }.erase()
    };
    let once = view! { <p class="font-medium">{words.created_title}</p><p class="text-muted">{words.created_once}</p> };
    view! {
        <main class="page">
            <div class="grid gap-3 py-6" data-secret>
                <h1>{words.preview}</h1>
                {note("note warn", Icon::Alert, once)}
                {code("new-key", secret.to_owned(), words.preview)}
                <h2>{words.setup}</h2>
                <p class="help">{words.setup_lead}</p>
                {code("new-key-shell", shell, words.setup_shell)}
                <div><a class="button" href=back>{icon(Icon::Check)}{words.done}</a></div>
            </div>
        </main>
    }
    .erase()
}
