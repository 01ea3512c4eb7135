//! The section that says when a provider is used, and how patient the hub is with it.

use hub::domain::limit::TimeOfDay;
use leptos::prelude::*;

use super::Form;
use crate::{
    drawn::parts::with_code,
    ui::{
        Erase,
        field::{Shape, switch},
    },
};

impl Form<'_> {
    pub(super) fn availability(&self) -> AnyView {
        let words = &self.text.routing;
        let is_on = |of: fn(&hub::domain::provider::Provider) -> bool, default| self.provider.map_or(default, of);
        Self::section(
            "availability",
            words.availability,
            Some(words.availability_lead),
            vec![
                self.hours(),
                self.patience(),
                switch("form[probe]", words.probe, words.probe_help, is_on(|provider| provider.probe, true)),
                switch(
                    "form[message_queue]",
                    words.message_queue,
                    words.message_queue_help,
                    is_on(|provider| provider.message_queue, false),
                ),
                self.field("form[failure_rules]", words.failure_rules, |provider| {
                    provider.failure_rules.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
                })
                .shape(Shape::Code, "status=503 -> overload")
                .help(words.failure_rules_help)
                .view(),
            ],
        )
    }

    fn hours(&self) -> AnyView {
        let words = &self.text.routing;
        let time = |time: Option<TimeOfDay>| time.map(|time| time.to_string()).unwrap_or_default();
        view! {
            <div class="pair">
                {self.field("form[active_from]", words.active_from, move |provider| time(provider.active_from)).shape(Shape::Time, "").help(words.active_help).view()}
                {self.field("form[active_to]", words.active_to, move |provider| time(provider.active_to)).shape(Shape::Time, "").view()}
            </div>
        }
        .erase()
    }

    fn patience(&self) -> AnyView {
        let words = &self.text.routing;
        let number = |value: Option<u32>| value.map(|value| value.to_string()).unwrap_or_default();
        view! {
            <div class="pair">
                {self.field("form[max_attempts]", words.max_attempts, move |provider| number(provider.max_attempts)).whole(None, words.setting).help(words.max_attempts_help).view()}
                {self.field("form[breaker_failures]", words.breaker_failures, move |provider| number(provider.breaker_failures)).whole(None, words.setting).help(words.breaker_failures_help).view()}
                {self.field("form[breaker_open_s]", words.breaker_open_s, move |provider| number(provider.breaker_open_s)).whole(Some(self.text.providers.seconds), words.setting).view()}
                {self.field("form[breaker_successes]", words.breaker_successes, move |provider| number(provider.breaker_successes)).whole(None, words.setting).view()}
            </div>
        }
        .erase()
    }

    /// The prefix that names this provider in a model.
    pub(super) fn prefix(&self) -> AnyView {
        let words = &self.text.routing;
        self.field("form[prefix]", words.prefix, |provider| provider.prefix.clone().unwrap_or_default())
            .help(with_code(words.prefix_help))
            .view()
    }

    /// The priorities of those who come by a group.
    pub(super) fn group_priorities(&self) -> AnyView {
        let words = &self.text.routing;
        self.field("form[group_priorities]", words.group_priorities, |provider| {
            let line = |(group, priority): (&String, &i32)| format!("{group}: {priority}");
            provider.group_priorities.iter().map(line).collect::<Vec<_>>().join("\n")
        })
        .shape(Shape::Code, "default: 5")
        .help(words.group_priorities_help)
        .view()
    }
}
