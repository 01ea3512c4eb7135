//! A new key: its form, then its secret, once, with what to do with it.

use leptos::prelude::*;

use super::restrictions;
use crate::{
    api::{ask::read, keys::CreateKey, session::Session},
    asked::Asked,
    browser,
    change::{Change, ChangeForm},
    fault,
    pages::limits::fields,
    text::{Text, use_text},
    ui::{
        Erase,
        code::Code,
        field::{Shape, TextField},
        form::watch_dialog,
        icon::{Icon, icon},
        state::note,
    },
};

/// What the ids of its fields begin with: the user's form stands below.
const SCOPE: &str = "new-key-";

/// The form; the secret once there is one.
#[component]
pub(super) fn NewKeyPanel(
    /// Whose key.
    user_id: String,
    /// Called when it is made.
    on_made: impl Fn() + Send + Sync + 'static,
) -> impl IntoView {
    let text = use_text();
    let change = Change::through::<CreateKey>();
    change.on_done(on_made);
    // Whoever asked for a new key goes on to name it.
    Effect::new(move |_| browser::focus(".new-key [name='form[name]']"));
    let back = format!("/users/{user_id}");
    let made = made(change, back.clone());
    let is_made = Memo::new(move |_| change.answer.with(|answer| matches!(answer, Some(Ok(_)))));
    let problem = move |field| fault::at(change, field);
    let error = fault::of(change);
    let failure = move || error.get().map(|error| note("note bad", Icon::Alert, error));
    view! {
        <div class="new-key">
            <div hidden=move || is_made.get() on:input=watch_dialog(change)>
                <ChangeForm change>
                    <input type="hidden" name="form[id]" value=user_id />
                    <p class="help mb-3">{text.keys.new_lead}</p>
                    <div class="triple">
                        {TextField::new("form[name]", text.common.name).scope(SCOPE).help(text.keys.name_help).problem(problem("name")).required().view()}
                        {TextField::new("form[group]", text.common.group).scope(SCOPE).help(text.keys.group_help).problem(problem("group")).view()}
                        {TextField::new("form[expires]", text.common.expires).scope(SCOPE).shape(Shape::Day, "").help(text.common.expires_help).problem(problem("expires_at")).view()}
                    </div>
                    <div class="mt-3">{restrictions::section(SCOPE, None, change)} {fields::section(SCOPE, None, change)}</div>
                    <div role="alert">{failure}</div>
                    <div class="mt-3 flex gap-2">
                        <button type="submit" class="button primary" disabled=move || change.is_pending.get()>{icon(Icon::Plus)}{text.common.create}</button>
                        <a class="button" href=back data-esc data-noscroll>{text.common.cancel}</a>
                    </div>
                </ChangeForm>
            </div>
            <div aria-live="polite">{made}</div>
        </div>
    }.erase()
}

/// The secret that a change has made, once it has.
pub(super) fn made(change: Change, done: String) -> impl Fn() -> Option<AnyView> + Send + 'static {
    let text = use_text();
    let session: Asked = expect_context();
    move || {
        let key = read(&change.answer.get()?).ok()?;
        let session: Option<Session> = session.get().and_then(|answer| read(&answer).ok());
        let origin = session.map(|session| session.origin).unwrap_or_default();
        Some(secret(text, key, &origin, done.clone()))
    }
}

/// The secret, and how to use it.
fn secret(text: &'static Text, key: String, origin: &str, done: String) -> AnyView {
    let words = &text.keys;
    let shell = format!("export ANTHROPIC_BASE_URL={origin}\nexport ANTHROPIC_AUTH_TOKEN={key}");
    let settings = format!(
        "{{\n  \"env\": {{\n    \"ANTHROPIC_BASE_URL\": \"{origin}\",\n    \"ANTHROPIC_AUTH_TOKEN\": \"{key}\"\n  }}\n}}",
    );
    view! {
        <div class="grid gap-3" data-secret>
            {note("note warn", Icon::Alert, view! { <p class="font-medium">{words.created_title}</p><p class="text-muted">{words.created_once}</p> }.erase())}
            <Code id="new-key" text=key label=words.preview />
            <div>
                <h3>{words.setup}</h3>
                <p class="help">{words.setup_lead}</p>
            </div>
            <Code id="new-key-shell" text=shell label=words.setup_shell />
            <details class="fold">
                <summary>{words.setup_settings}</summary>
                <Code id="new-key-settings" text=settings label=words.setup_settings />
            </details>
            <div><a class="button" href=done>{icon(Icon::Check)}{words.done}</a></div>
        </div>
    }
    .erase()
}
