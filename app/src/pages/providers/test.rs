//! One real, small call, and what came back.

use hub::domain::provider::ProviderTestResult;
use leptos::prelude::*;

use crate::{
    api::{ask::read, providers::TestProvider},
    change::{Change, ChangeForm},
    fault,
    format::{span, span_or_unknown, whole},
    text::{Text, use_text},
    ui::{
        Erase,
        field::TextField,
        icon::{Icon, icon},
        state::{Tone, note, state},
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
        Some(match read(&answer) {
            Ok(result) => shown(text, &result),
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

fn shown(text: &'static Text, result: &ProviderTestResult) -> AnyView {
    let words = &text.providers;
    let (tone, word) = if result.ok { (Tone::Good, words.test_ok) } else { (Tone::Bad, words.test_failed) };
    let took = (words.test_took)(&span_or_unknown(result.first_byte_ms), &span(result.duration_ms.into()));
    let status = result.status.map(|status| (text.chain.http)(status));
    let tokens = format!(
        "{} {} · {} {}",
        whole(result.usage.prompt()),
        words.prompt_tokens,
        whole(result.usage.output),
        words.output_tokens
    );
    let answer = (!result.answer.is_empty())
        .then(|| view! { <pre class="raw" tabindex="0">{result.answer.clone()}</pre> }.erase());
    view! {
        <div class="grid gap-2 border-t border-line pt-3">
            <p class="font-medium">{state(tone, word)}</p>
            {result.error.clone().map(|error| view! { <p class="problem">{error}</p> }.erase())}
            <p class="caption"><span class="mono">{result.model.clone()}</span>{status.map(|status| format!(" · {status}"))}</p>
            <p class="caption">{took}</p>
            <p class="caption">{tokens}</p>
            {answer}
            <a class="link" href=format!("/calls/{}", result.call_id)>{words.test_call}</a>
        </div>
    }
    .erase()
}
