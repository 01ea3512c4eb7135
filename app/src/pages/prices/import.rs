//! A price file is read: first what it would change, then the change.

use hub::domain::price::import::PriceChange;
use leptos::prelude::*;

use crate::{
    api::{
        ask::read,
        prices::{ImportPrices, Imported},
    },
    browser,
    change::{Change, ChangeForm},
    fault,
    format::usd_exact,
    text::{Text, use_text},
    ui::{Erase, dialog::Dialog, icon::Icon, state::note},
};

/// The dialog. A file that is chosen is shown as text; without script it is pasted.
#[component]
pub(super) fn Import() -> impl IntoView {
    let text = use_text();
    let words = &text.prices;
    let change = Change::through::<ImportPrices>();
    let (file, run) = (RwSignal::new(String::new()), RwSignal::new("preview"));
    let choose = move |event: leptos::ev::Event| browser::chosen_text(&event, move |text| file.set(text));
    let outcome = move || {
        if change.is_pending.get() {
            return Some(view! { <p class="caption">{words.import_running}</p> }.erase());
        }
        Some(match read(&change.answer.get()?) {
            Ok(imported) => shown(text, &imported),
            Err(error) => note("note bad", Icon::Alert, fault::message(text, &error)),
        })
    };
    view! {
        <Dialog title_id="import-prices">
            <h2 id="import-prices">{words.import}</h2>
            <p class="help mt-1 mb-3">{words.import_lead}</p>
            <ChangeForm change>
                <div class="grid gap-3">
                    <input type="file" class="input" accept=".json,application/json" aria-label=words.import_file on:change=choose />
                    <div class="field">
                        <label for="file">{words.import_file}</label>
                        <textarea class="input mono" id="file" name="file" rows="4" spellcheck="false" aria-describedby="file-help"
                            prop:value=move || file.get() on:input=move |event| file.set(event_target_value(&event))></textarea>
                        <div class="help" id="file-help">{words.import_choose}</div>
                    </div>
                    <input type="hidden" name="run" value=move || run.get() prop:value=move || run.get() />
                    <div class="flex justify-end gap-2">
                        <a class="button" href="/prices" data-esc data-noscroll>{text.calls.close}</a>
                        <button type="submit" class="button" on:click=move |_| run.set("preview")>{words.import_preview}</button>
                        <button type="submit" class="button primary" on:click=move |_| run.set("import")>{words.import_run}</button>
                    </div>
                </div>
            </ChangeForm>
            <div class="mt-3" aria-live="polite">{outcome}</div>
        </Dialog>
    }
    .erase()
}

fn shown(text: &'static Text, imported: &Imported) -> AnyView {
    let words = &text.prices;
    let Imported { report, n: [n_added, n_changed, n_kept, n_unusable] } = imported;
    let title = if report.preview { words.would_change } else { words.has_changed };
    let is_same = n_added + n_changed + n_kept + n_unusable == 0;
    let kept = report.kept.iter().map(|kept| format!("{} · {}", kept.model, words.kept_why));
    let unusable = report.unusable.iter().map(|entry| format!("{} · {}", entry.model, entry.why));
    view! {
        <div class="grid gap-2 border-t border-line pt-3">
            <h3 class="section-title">{title}</h3>
            {is_same.then_some(words.import_nothing)}
            {list(text, words.added, *n_added, report.added.iter().map(line).collect())}
            {list(text, words.changed, *n_changed, report.changed.iter().map(line).collect())}
            {list(text, words.kept, *n_kept, kept.collect())}
            {list(text, words.unusable, *n_unusable, unusable.collect())}
            <p class="caption">{(words.import_counts)(report.n_unchanged, report.n_skipped)}</p>
        </div>
    }
    .erase()
}

/// A model, and its input and output prices before and after.
fn line(change: &PriceChange) -> String {
    let rates = |price: &hub::domain::price::Price| format!("{} / {}", usd_exact(price.input), usd_exact(price.output));
    let after = rates(&change.after);
    match &change.before {
        Some(before) => format!("{} · {} → {after}", change.model, rates(before)),
        None => format!("{} · {after}", change.model),
    }
}

fn list(text: &'static Text, title: &'static str, n: usize, lines: Vec<String>) -> Option<AnyView> {
    let is_cut = n > lines.len();
    (n > 0).then(|| {
        view! {
            <details class="fold">
                <summary>{title}": "{n}</summary>
                <ul class="caption">{lines.into_iter().map(|line| view! { <li>{line}</li> }.erase()).collect_view()}</ul>
                {is_cut.then_some(text.prices.and_more)}
            </details>
        }
        .erase()
    })
}
