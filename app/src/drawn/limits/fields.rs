//! The section of limits in a form: folded while there is none.

use hub::domain::{
    limit::{LimitMode, Limits, ResetMode},
    money::Usd,
};
use leptos::prelude::*;

use crate::{
    drawn::form::Faults,
    text::Text,
    ui::{
        Erase,
        field::{Shape, TextField},
    },
};

/// What the fields need.
struct Fields<'a> {
    scope: &'static str,
    text: &'static Text,
    limits: Limits,
    faults: &'a Faults,
}

/// The section, for a form that sends `form[limits][…]`. `limits` are those that stand; `scope` is what ids begin
/// with, where another such form is on the page.
pub(crate) fn section(scope: &'static str, text: &'static Text, limits: Option<&Limits>, faults: &Faults) -> AnyView {
    let limits = limits.cloned().unwrap_or_default();
    let words = &text.limits;
    let is_set = Limits { reset_at: None, ..limits.clone() } != Limits::default();
    // A mistake in a field must be seen.
    let is_here = |field: &str| ["limit_", "daily_", "reset_"].iter().any(|start| field.starts_with(start));
    let is_open = is_set || faults.is_in(is_here);
    let fields = Fields { scope, text, limits, faults };
    view! {
        <fieldset class="section" id=format!("{scope}limits") data-limits>
            <legend>{words.title}</legend>
            <details class="fold" open=is_open>
                <summary>{words.unfold}</summary>
                <div class="grid gap-4 pt-3">
                    <p class="help">{words.lead}</p>
                    {fields.money()} {fields.windows()} {fields.rates()}
                </div>
            </details>
        </fieldset>
    }
    .erase()
}

/// The name under which a field is sent.
macro_rules! named {
    ($field:ident) => {
        concat!("form[limits][", stringify!($field), "]")
    };
}

impl Fields<'_> {
    fn field(&self, name: &'static str, label: &'static str) -> TextField {
        self.faults.field(name, label).scope(self.scope)
    }

    /// Dollars, or nothing for no limit.
    fn dollars(&self, name: &'static str, label: &'static str, value: Option<Usd>) -> AnyView {
        let value = value.map(|value| value.to_string()).unwrap_or_default();
        self.field(name, label).value(value).numeric(Some("$"), self.text.limits.no_limit).view()
    }

    /// A whole number, or nothing for no limit.
    fn count<T: ToString>(&self, name: &'static str, label: &'static str, value: Option<T>) -> AnyView {
        let value = value.map(|value| value.to_string()).unwrap_or_default();
        self.field(name, label).value(value).whole(None, self.text.limits.no_limit).view()
    }

    fn money(&self) -> AnyView {
        let (words, names, limits) = (&self.text.limits, &self.text.limit_names, &self.limits);
        let modes = vec![(LimitMode::Soft.as_str(), words.soft), (LimitMode::Hard.as_str(), words.hard)];
        let mode = self.field(named!(limit_mode), words.mode).value(limits.limit_mode.as_str()).options(modes);
        view! {
            <div class="pair">
                {self.dollars(named!(limit_5h_usd), names.five_hours, limits.limit_5h_usd)}
                {self.dollars(named!(limit_daily_usd), names.daily, limits.limit_daily_usd)}
                {self.dollars(named!(limit_weekly_usd), names.weekly, limits.limit_weekly_usd)}
                {self.dollars(named!(limit_monthly_usd), names.monthly, limits.limit_monthly_usd)}
                {self.dollars(named!(limit_total_usd), names.total, limits.limit_total_usd)}
                {mode.help(words.mode_help).view()}
            </div>
        }
        .erase()
    }

    fn windows(&self) -> AnyView {
        let (words, limits) = (&self.text.limits, &self.limits);
        let mode = |name, label, help: &'static str, chosen: ResetMode| {
            let modes = vec![(ResetMode::Rolling.as_str(), words.rolling), (ResetMode::Fixed.as_str(), words.fixed)];
            self.field(name, label).value(chosen.as_str()).options(modes).help(help).view()
        };
        let time = self
            .field(named!(daily_reset_time), words.daily_time)
            .value(limits.daily_reset_time.to_string())
            .shape(Shape::Time, "")
            .help(words.daily_time_help);
        view! {
            <div class="pair">
                {mode(named!(reset_5h_mode), words.five_hours_mode, words.five_hours_help, limits.reset_5h_mode)}
                {mode(named!(daily_reset_mode), words.daily_mode, words.daily_help, limits.daily_reset_mode)}
                {time.view()}
            </div>
        }
        .erase()
    }

    fn rates(&self) -> AnyView {
        let (names, limits) = (&self.text.limit_names, &self.limits);
        view! {
            <div class="pair">
                {self.count(named!(limit_rpm), names.rpm, limits.limit_rpm)}
                {self.count(named!(limit_tpm), names.tpm, limits.limit_tpm)}
                {self.count(named!(limit_concurrent_requests), names.requests, limits.limit_concurrent_requests)}
                {self.count(named!(limit_concurrent_sessions), names.sessions, limits.limit_concurrent_sessions)}
            </div>
        }
        .erase()
    }
}
