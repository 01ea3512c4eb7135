//! One setting: what it does, its field, where its value comes from, and the way back to its default.

use hub::domain::settings::{Setting, SettingKind, SettingSource};
use leptos::{prelude::*, server_fn::ServerFn};
use serde_json::Value;

use super::origin;
use crate::{
    api::{
        forms::setting::{bounds, quantity},
        settings::{ResetSetting, SaveDefaultPrice, SaveSetting},
    },
    drawn::{
        form::{Faults, hidden},
        prices::edit::fields as price_fields,
    },
    text::{SettingWords, Text},
    ui::Erase,
};

/// A setting in the words of a language; one without words fails a test.
struct Row<'a> {
    text: &'static Text,
    setting: &'a Setting,
    words: SettingWords,
}

/// The setting.
pub(super) fn line(text: &'static Text, setting: &Setting) -> AnyView {
    let nothing = SettingWords { title: "", help: "", choices: &[] };
    let row = Row { text, setting, words: text.setting(&setting.name).unwrap_or(nothing) };
    let (name, title) = (&setting.name, row.words.title);
    let is_price = setting.kind == SettingKind::Price;
    view! {
        <li class="setting" class:wide=is_price id=format!("setting-{name}")>
            <div>
                <h3 id=row.title_id()>{title}</h3>
                <p class="help" id=row.help_id()>{row.words.help}</p>
                <code class="mono caption">{name.clone()}</code>
            </div>
            <div class="setting-value">
                {if is_price { row.price() } else { row.value() }}
                <div class="setting-source caption">{row.source()} {row.way_back()}</div>
            </div>
        </li>
    }
    .erase()
}

impl Row<'_> {
    fn title_id(&self) -> String {
        format!("{}-title", self.setting.name)
    }

    fn help_id(&self) -> String {
        format!("{}-help", self.setting.name)
    }

    /// The form of a setting of one value.
    fn value(&self) -> AnyView {
        let name = self.setting.name.clone();
        let problem = Faults::of::<SaveSetting>(self.text).at(&name);
        let control = self.control(problem.is_some());
        let field = view! { {hidden(vec![("name", name)])} {self.field(control)} };
        self.form(SaveSetting::url(), field.into_any(), problem)
    }

    /// The form of a price.
    fn price(&self) -> AnyView {
        let faults = Faults::of::<SaveDefaultPrice>(self.text);
        let price = serde_json::from_value(self.setting.value.clone()).ok();
        let fields = view! { <div class="grid gap-3 flex-1">{price_fields(self.text, price.as_ref(), &faults)}</div> };
        self.form(SaveDefaultPrice::url(), self.field(fields.erase()), None)
    }

    fn form(&self, url: &'static str, field: AnyView, problem: Option<String>) -> AnyView {
        let name = &self.setting.name;
        let toast = (self.text.settings.changed)(self.words.title);
        view! {
            <form method="post" action=url data-toast=toast>
                {field}
                <div class="problem" id=format!("{name}-problem") role="alert" data-fault=name.clone()>{problem}</div>
            </form>
        }
        .erase()
    }

    /// What is typed in, and the button, which waits for a change unless there is no script that could see one.
    fn field(&self, control: AnyView) -> AnyView {
        let save = (self.text.settings.save_label)(self.words.title);
        view! {
            <div class="setting-field">
                {control}
                <button type="submit" class="button primary" aria-label=save>{self.text.common.save}</button>
            </div>
        }
        .erase()
    }

    /// The field, by the kind of the setting.
    fn control(&self, is_wrong: bool) -> AnyView {
        let (title_id, described) = (self.title_id(), format!("{} {}-problem", self.help_id(), self.setting.name));
        let invalid = is_wrong.then_some("true");
        let value = self.typed(&self.setting.value);
        let field = match &self.setting.kind {
            SettingKind::Switch => {
                let is_on = self.setting.value == true;
                view! {
                    <span class="check">
                        <input type="checkbox" name="value" value="true" checked=is_on role="switch" aria-labelledby=title_id
                            aria-describedby=described />
                    </span>
                }
                .erase()
            }
            SettingKind::Choice { choices } => {
                let option = |(choice, word): (&String, &&'static str)| {
                    view! { <option value=choice.clone() selected=*choice == value>{*word}</option> }.erase()
                };
                view! {
                    <select class="select" name="value" aria-labelledby=title_id aria-describedby=described aria-invalid=invalid>
                        {choices.iter().zip(self.words.choices).map(option).collect_view()}
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
            SettingKind::Price => ().into_any(),
        };
        view! { <div class="flex-1 min-w-0" data-field>{field}</div> }.erase()
    }

    /// A value as it is typed.
    fn typed(&self, value: &Value) -> String {
        match (value, value.as_u64()) {
            (Value::String(value), _) => value.clone(),
            (_, Some(number)) => (self.text.setting_values.measured)(&quantity(number, &self.setting.unit)),
            _ => String::new(),
        }
    }

    /// The default in words.
    fn standard(&self) -> String {
        let (words, default) = (&self.text.setting_values, &self.setting.default);
        match &self.setting.kind {
            SettingKind::Switch if *default == true => words.on.to_owned(),
            SettingKind::Switch => words.off.to_owned(),
            SettingKind::Price => {
                let rate = |name: &str| default.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                format!("${} · ${}", rate("input"), rate("output"))
            }
            SettingKind::Choice { choices } => {
                let typed = self.typed(default);
                let chosen = choices.iter().zip(self.words.choices).find(|(choice, _)| **choice == typed);
                chosen.map_or(typed, |(_, word)| (*word).to_owned())
            }
            SettingKind::Number { .. } | SettingKind::Text { .. } => match self.typed(default) {
                empty if empty.is_empty() => words.none.to_owned(),
                typed => typed,
            },
        }
    }

    /// Where the value comes from, its default if it is another, and its bounds.
    fn source(&self) -> AnyView {
        let words = &self.text.settings;
        let Setting { source, kind, unit, .. } = self.setting;
        let variable = self.setting.variable.as_ref().filter(|_| *source == SettingSource::Environment);
        let origin =
            variable.map_or_else(|| origin(self.text, *source).to_owned(), |variable| (words.and_follows)(variable));
        let is_changed = *source == SettingSource::Database;
        let standard =
            is_changed.then(|| view! { <span>{format!("{}: {}", words.standard, self.standard())}</span> }.erase());
        let range = if let SettingKind::Number { min, max } = kind {
            let (low, high) = bounds(*min, *max, unit);
            let range = (self.text.setting_values.range)(&low, &high);
            Some(view! { <span>{range}</span> }.erase())
        } else {
            None
        };
        view! { <span class="badge">{origin}</span> {standard} {range} }.into_any()
    }

    /// The way back to the default, if there is another value.
    fn way_back(&self) -> Option<AnyView> {
        let words = &self.text.settings;
        let title = self.words.title;
        (self.setting.source == SettingSource::Database).then(|| {
            let (toast, label) = ((words.returned)(title), (words.back_label)(title));
            view! {
                <form method="post" action=ResetSetting::url() data-toast=toast>
                    {hidden(vec![("name", self.setting.name.clone())])}
                    <button type="submit" class="link" aria-label=label>{words.back}</button>
                </form>
            }
            .erase()
        })
    }
}
