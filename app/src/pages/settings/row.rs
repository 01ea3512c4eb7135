//! One setting: what it does, its field, where its value comes from, and the way back to its default.

use hub::domain::settings::{SettingKind, SettingSource};
use leptos::prelude::*;

use super::origin;
use crate::{
    api::{
        ask::read,
        settings::{ResetSetting, SaveDefaultPrice, SaveSetting, SettingRow},
    },
    change::{Change, ChangeForm},
    fault,
    pages::prices::form::fields as price_fields,
    text::{Text, use_text},
    ui::{Erase, form::watch, time::use_now, toast::use_toasts},
};

/// The setting.
#[component]
pub(super) fn SettingLine(
    /// As it stands at first.
    row: SettingRow,
) -> impl IntoView {
    let text = use_text();
    let words = &text.settings;
    let name = row.setting.name.clone();
    let is_price = row.setting.kind == SettingKind::Price;
    let change = if is_price { Change::through::<SaveDefaultPrice>() } else { Change::through::<SaveSetting>() };
    let back = Change::through::<ResetSetting>();
    let (title, help) = (row.title.clone(), row.help.clone());
    let row = RwSignal::new(row);
    let is_dirty = RwSignal::new(false);
    // With each change the field is made anew: what was typed gives way to the value as the hub understood it.
    let n_changes = RwSignal::new(0_u32);
    let shown = move |now| {
        is_dirty.set(false);
        row.set(now);
        n_changes.update(|n| *n = n.wrapping_add(1));
    };
    take(change, shown, words.changed);
    take(back, shown, words.returned);
    let problem = problem(change, &name);
    let is_here = use_now().is_here();
    let is_clean = move || is_here.get() && !is_dirty.get();
    let save = (words.save_label)(&title);
    let (back_name, back_label) = (StoredValue::new(name.clone()), StoredValue::new((words.back_label)(&title)));
    let is_set = move || row.with(|row| row.setting.source == SettingSource::Database);
    let go_back = move || {
        is_set().then(|| {
            view! {
                <ChangeForm change=back>
                    <input type="hidden" name="name" value=back_name.get_value() />
                    <button type="submit" class="link" aria-label=back_label.get_value() disabled=move || back.is_pending.get()>{words.back}</button>
                </ChangeForm>
            }
            .erase()
        })
    };
    let hidden_name = (!is_price).then(|| view! { <input type="hidden" name="name" value=name.clone() /> }.erase());
    let line_id = format!("setting-{name}");
    let (title_id, help_id, problem_id) = ids(&name);
    view! {
        <li class="setting" class:wide=is_price id=line_id>
            <div>
                <h3 id=title_id>{title}</h3>
                <p class="help" id=help_id>{help}</p>
                <code class="mono caption">{name}</code>
            </div>
            <div class="setting-value" on:input=watch(is_dirty)>
                <ChangeForm change>
                    {hidden_name}
                    <div class="setting-field">
                        <For each=move || Some((n_changes.get(), row.get_untracked())) key=|(n, _)| *n let((_n, row))>
                            {control(&row, change, problem)}
                        </For>
                        <button type="submit" class="button primary" aria-label=save hidden=is_clean
                            disabled=move || change.is_pending.get()>{text.common.save}</button>
                    </div>
                    <div class="problem" id=problem_id role="alert">{move || problem.get()}</div>
                </ChangeForm>
                <div class="setting-source caption">
                    {move || row.with(|row| source(text, row))}
                    {go_back}
                </div>
            </div>
        </li>
    }
    .erase()
}

/// The ids of a setting's title, its help and what is wrong with it.
fn ids(name: &str) -> (String, String, String) {
    (format!("{name}-title"), format!("{name}-help"), format!("{name}-problem"))
}

/// What is wrong with the setting of that name, as a signal.
fn problem(change: Change, name: &str) -> Signal<Option<String>> {
    let name = name.to_owned();
    Signal::derive(move || {
        let error = change.answer.get()?.err()?;
        (error.field.as_deref() == Some(name.as_str())).then_some(error.message)
    })
}

/// Hands on a setting as it is after a change, and says so; says what failed if it is no fault of a field.
fn take(change: Change, shown: impl Fn(SettingRow) + 'static, said: fn(&str) -> String) {
    let (text, toasts) = (use_text(), use_toasts());
    Effect::new(move |_| {
        let Some(answer) = change.answer.get() else { return };
        match read::<SettingRow>(&answer) {
            Ok(now) => {
                toasts.done(said(&now.title));
                shown(now);
            }
            Err(error) if error.field.is_none() => toasts.failed(fault::message(text, &error)),
            // It stands beside its field.
            Err(_) => {}
        }
    });
}

/// The field, by the kind of the setting.
fn control(row: &SettingRow, change: Change, problem: Signal<Option<String>>) -> AnyView {
    let (title_id, help_id, problem_id) = ids(&row.setting.name);
    let described = format!("{help_id} {problem_id}");
    let invalid = move || problem.get().is_some().then_some("true");
    let value = row.value.clone();
    let field = match &row.setting.kind {
        SettingKind::Switch => {
            let is_on = row.setting.value == true;
            view! {
                <span class="check">
                    <input type="checkbox" name="value" value="true" checked=is_on role="switch" aria-labelledby=title_id
                        aria-describedby=described />
                </span>
            }
            .erase()
        }
        SettingKind::Choice { .. } => {
            let option = |choice: &crate::api::Named| {
                view! { <option value=choice.id.clone() selected=choice.id == value>{choice.name.clone()}</option> }
                    .erase()
            };
            view! {
                <select class="select" name="value" aria-labelledby=title_id aria-describedby=described aria-invalid=invalid>
                    {row.choices.iter().map(option).collect_view()}
                </select>
            }
            .erase()
        }
        SettingKind::Number { .. } => view! {
            <input class="input num" name="value" value=value required=true autocomplete="off" spellcheck="false"
                aria-labelledby=title_id aria-describedby=described aria-invalid=invalid />
        }
        .erase(),
        SettingKind::Text { min, .. } => view! {
            <input class="input" name="value" value=value required={*min > 0} autocomplete="off" spellcheck="false"
                aria-labelledby=title_id aria-describedby=described aria-invalid=invalid />
        }
        .erase(),
        SettingKind::Price => {
            let price = serde_json::from_value(row.setting.value.clone()).ok();
            return view! { <div class="grid gap-3 flex-1">{price_fields(price.as_ref(), change)}</div> }.erase();
        }
    };
    view! { <div class="flex-1 min-w-0" data-field>{field}</div> }.erase()
}

/// Where the value comes from, its default if it is another, and its bounds.
fn source(text: &'static Text, row: &SettingRow) -> AnyView {
    let words = &text.settings;
    let setting = &row.setting;
    let variable = setting.variable.as_ref().filter(|_| setting.source == SettingSource::Environment);
    let origin =
        variable.map_or_else(|| origin(text, setting.source).to_owned(), |variable| (words.and_follows)(variable));
    let is_changed = setting.source == SettingSource::Database;
    let standard = is_changed.then(|| view! { <span>{format!("{}: {}", words.standard, row.standard)}</span> }.erase());
    let range = row.range.clone().map(|range| view! { <span>{range}</span> }.erase());
    view! { <span class="badge">{origin}</span> {standard} {range} }.into_any()
}
