//! A price file is read: first what it would change, then the change.

use leptos::prelude::*;

use crate::{
    api::{
        AppError,
        ask::read,
        prices::{FORM_BYTES_MAX, ImportPrices},
    },
    browser::{self, Held},
    change::{Change, ChangeForm},
    fault,
    text::use_text,
    ui::{Erase, dialog::Dialog, icon::Icon, state::note},
};

/// Bytes of a form beside the file that it carries.
const REST_BYTES: usize = 64 << 10;

/// True if a file is too large for a form: in one, most signs take three bytes.
fn is_too_large(file: &str) -> bool {
    let n_bytes = |byte: u8| if byte.is_ascii_alphanumeric() || b" *-._".contains(&byte) { 1 } else { 3 };
    // Nearly every file is small enough whatever stands in it.
    file.len() > FORM_BYTES_MAX / 4 && file.bytes().map(n_bytes).sum::<usize>() > FORM_BYTES_MAX - REST_BYTES
}

/// The dialog. A file that is chosen is shown as text; without script it is pasted. What the file changes is drawn by the
/// server; where an operator has decided otherwise, it has boxes that belong to this form.
#[component]
pub(super) fn Import(
    /// The address of the list.
    back: String,
) -> impl IntoView {
    let text = use_text();
    let words = &text.price_import;
    let change = Change::through::<ImportPrices>();
    let (file, run) = (RwSignal::new(String::new()), RwSignal::new("preview"));
    let choose = move |event: leptos::ev::Event| browser::chosen_text(&event, move |text| file.set(text));
    let cannot_be_sent = Memo::new(move |_| file.with(|file| is_too_large(file)));
    let too_large =
        move || cannot_be_sent.get().then(|| note("note bad", Icon::Alert, words.import_too_large.to_owned()));
    let is_dirty = RwSignal::new(false);
    // A file that was only looked at is not in yet.
    change.on_done(move || {
        if run.get_untracked() == "import" {
            is_dirty.set(false);
        }
    });
    browser::ask_before_leaving(is_dirty, Held::Parameters, text.common.leave);
    let typed = move |event: leptos::ev::Event| is_dirty.set(browser::mark_changed(&event));
    // What is wrong with the file is said beside it.
    let is_of_file = |error: &AppError| error.field.as_deref() == Some("file");
    let of_file = move || change.answer.get()?.err().filter(is_of_file).map(|error| error.message);
    let outcome = move || {
        if change.is_pending.get() {
            return Some(view! { <p class="caption">{words.import_running}</p> }.erase());
        }
        Some(match read::<String>(&change.answer.get()?) {
            Ok(report) => view! { <div inner_html=report></div> }.erase(),
            Err(error) if is_of_file(&error) => return None,
            Err(error) => note("note bad", Icon::Alert, fault::message(text, &error)),
        })
    };
    view! {
        <Dialog title_id="import-prices">
            <h2 id="import-prices">{words.import}</h2>
            <p class="help mt-1 mb-3">{words.import_lead}</p>
            <ChangeForm change>
                <div class="grid gap-3" on:input=typed>
                    <div class="needs-script" data-field><input type="file" class="input" accept=".json,application/json" aria-label=words.import_file on:change=choose /></div>
                    <div class="field" data-field>
                        <label for="file">{words.import_file}</label>
                        <textarea class="input mono" id="file" name="file" rows="4" spellcheck="false" aria-describedby="file-help file-problem" aria-invalid=move || of_file().map(|_| "true")
                            prop:value=move || file.get() on:input=move |event| file.set(event_target_value(&event))></textarea>
                        <div class="help" id="file-help">{words.import_choose}</div>
                        <div class="problem" id="file-problem" role="alert" data-fault="file">{of_file}</div>
                    </div>
                    <div role="alert">{too_large}</div>
                    <div class="flex justify-end gap-2">
                        <button type="submit" name="run" value="preview" class="button" disabled=cannot_be_sent on:click=move |_| run.set("preview")>{words.import_preview}</button>
                        <button type="submit" name="run" value="import" class="button primary" disabled=cannot_be_sent on:click=move |_| run.set("import")>{words.import_run}</button>
                    </div>
                    <div class="grid gap-2 border-t border-line pt-3">
                        <h3 class="section-title">{words.sync_title}</h3>
                        <p class="help" id="sync-help">{words.sync_lead}</p>
                        <div class="flex justify-end gap-2">
                            <button type="submit" name="run" value="look" class="button" aria-describedby="sync-help" on:click=move |_| run.set("look")>{words.sync_look}</button>
                            <button type="submit" name="run" value="sync" class="button" aria-describedby="sync-help" on:click=move |_| run.set("sync")>{words.sync_run}</button>
                        </div>
                    </div>
                    <div class="flex justify-end gap-2">
                        <a class="button" href=back data-esc data-noscroll>{text.calls.close}</a>
                    </div>
                </div>
                <div class="mt-3" aria-live="polite"><div data-answer></div>{outcome}</div>
            </ChangeForm>
        </Dialog>
    }
    .erase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_measured_as_a_form_carries_it() {
        let (letters, quotes) = ("a".repeat(FORM_BYTES_MAX / 2), "\"".repeat(FORM_BYTES_MAX / 2));
        assert!(!is_too_large(&letters) && is_too_large(&quotes));
        assert!(!is_too_large(&"{\"model\": 1}".repeat(5 << 20 >> 4)));
    }
}
