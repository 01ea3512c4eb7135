//! A price file is read: first what it would change, then the change.

use leptos::prelude::*;

use crate::{
    api::{ask::read, prices::ImportPrices},
    browser,
    change::{Change, ChangeForm},
    fault,
    text::use_text,
    ui::{Erase, dialog::Dialog, icon::Icon, state::note},
};

/// The dialog. A file that is chosen is shown as text; without script it is pasted. What the file changes is drawn by the
/// server; where an operator has decided otherwise, it has boxes that belong to this form.
#[component]
pub(super) fn Import(
    /// The address of the list.
    back: String,
) -> impl IntoView {
    let text = use_text();
    let words = &text.prices;
    let change = Change::through::<ImportPrices>();
    let (file, run) = (RwSignal::new(String::new()), RwSignal::new("preview"));
    let choose = move |event: leptos::ev::Event| browser::chosen_text(&event, move |text| file.set(text));
    let outcome = move || {
        if change.is_pending.get() {
            return Some(view! { <p class="caption">{words.import_running}</p> }.erase());
        }
        Some(match read::<String>(&change.answer.get()?) {
            Ok(report) => view! { <div inner_html=report></div> }.erase(),
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
                        <a class="button" href=back data-esc data-noscroll>{text.calls.close}</a>
                        <button type="submit" class="button" on:click=move |_| run.set("preview")>{words.import_preview}</button>
                        <button type="submit" class="button primary" on:click=move |_| run.set("import")>{words.import_run}</button>
                    </div>
                </div>
                <div class="mt-3" aria-live="polite">{outcome}</div>
            </ChangeForm>
        </Dialog>
    }
    .erase()
}
