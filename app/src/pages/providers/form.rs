//! The provider's form, in sections.

mod availability;
mod trial;

use hub::domain::provider::{OnClientGone, Provider};
use leptos::prelude::*;

use crate::{
    api::providers::SaveProvider,
    change::{Change, ChangeForm},
    fault,
    format::seconds,
    pages::limits::fields,
    text::{Text, use_text},
    ui::{
        Erase,
        field::{Shape, TextField, switch},
        form::{foot, watch},
        icon::{Icon, icon},
        toast::use_toasts,
    },
};

/// A new provider, or one that is changed.
#[component]
pub(super) fn ProviderEditor(
    /// As it stands; none for a new one.
    provider: Option<Provider>,
    /// Called when a change is saved.
    on_saved: impl Fn() + Send + Sync + 'static,
) -> impl IntoView {
    let text = use_text();
    let toasts = use_toasts();
    let change = Change::through::<SaveProvider>();
    let is_new = provider.is_none();
    let is_dirty = RwSignal::new(false);
    change.on_done(move || {
        is_dirty.set(false);
        toasts.done(text.common.saved);
        on_saved();
    });
    let error = fault::of(change);
    let limits = fields::section("", provider.as_ref().map(|provider| &provider.limits), change);
    let form = Form { text, provider, change };
    let label = if is_new { text.common.create } else { text.common.save };
    view! {
        <div on:input=watch(is_dirty) class="editor">
            <ChangeForm change>
                <input type="hidden" name="form[id]" value=form.provider.as_ref().map(|provider| provider.id.to_string()).unwrap_or_default() />
                {form.contents()}
                {form.basics()} {form.routing()} {form.availability()} {form.network()} {form.client_gone()} {limits}
                {foot(is_new, label, change.is_pending.into(), error, is_dirty)}
            </ChangeForm>
        </div>
    }.erase()
}

/// What the sections need.
struct Form {
    text: &'static Text,
    provider: Option<Provider>,
    change: Change,
}

impl Form {
    /// A field with the value the provider has.
    fn field(&self, name: &'static str, label: &'static str, of: impl Fn(&Provider) -> String) -> TextField {
        let field = name.strip_prefix("form[").and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        TextField::new(name, label)
            .value(self.provider.as_ref().map(of).unwrap_or_default())
            .problem(fault::at(self.change, field))
    }

    /// The way to each section.
    fn contents(&self) -> AnyView {
        let words = &self.text.providers;
        let all = [
            ("#basics", words.basics),
            ("#routing", words.routing),
            ("#availability", self.text.routing.availability),
            ("#network", words.network),
            ("#client-gone", words.client_gone),
            ("#limits", self.text.limits.title),
        ];
        let link = |(href, title)| view! { <a class="button ghost small" href=href>{title}</a> }.erase();
        view! { <nav class="section-nav" aria-label=words.contents>{all.into_iter().map(link).collect_view()}</nav> }
            .erase()
    }

    fn section(id: &'static str, title: &'static str, lead: Option<&'static str>, fields: Vec<AnyView>) -> AnyView {
        view! {
            <fieldset class="section" id=id>
                <legend>{title}</legend>
                {lead.map(|lead| view! { <p class="help">{lead}</p> }.erase())}
                {fields}
            </fieldset>
        }
        .erase()
    }

    fn basics(&self) -> AnyView {
        let words = &self.text.providers;
        let stored = self.provider.as_ref().map(|provider| provider.secret_preview.clone());
        let secret = self.field("form[secret]", words.secret, |_| String::new()).shape(Shape::Secret, "");
        let secret = match stored {
            Some(preview) => {
                secret.help(view! { {words.secret_keep}" "<code>{preview}</code>" · "{words.base_url_changes} }.erase())
            }
            None => secret.help(words.secret_help).required(),
        };
        let url = self
            .provider
            .as_ref()
            .map_or_else(|| "https://api.anthropic.com".to_owned(), |provider| provider.base_url.clone());
        let typed = RwSignal::new(url.clone());
        let base = self.field("form[base_url]", words.base_url, |_| String::new()).value(url).required();
        let preview = move || format!("{}/v1/messages", typed.get().trim().trim_end_matches('/'));
        let base = view! { <div on:input=move |event| typed.set(event_target_value(&event))>{base.help(words.base_url_help).view()}</div> }.erase();
        let is_enabled = self.provider.as_ref().is_none_or(|provider| provider.enabled);
        Self::section(
            "basics",
            words.basics,
            None,
            vec![
                self.field("form[name]", self.text.common.name, |provider| provider.name.clone())
                    .help(words.name_help)
                    .required()
                    .view(),
                base.into_any(),
                view! { <p class="final">{words.final_url}" "<code class="break-anywhere">{preview}</code></p> }
                    .erase(),
                secret.view(),
                switch("form[enabled]", self.text.common.enabled, words.enabled_help, is_enabled),
            ],
        )
    }

    fn routing(&self) -> AnyView {
        let words = &self.text.providers;
        let lines = |rules: Vec<String>| rules.join("\n");
        let pair = view! {
            <div class="pair">
                {self.field("form[priority]", words.priority, |provider| provider.priority.to_string()).numeric(None, "0").help(words.priority_help).view()}
                {self.field("form[weight]", words.weight, |provider| provider.weight.to_string()).numeric(None, "1").help(words.weight_help).view()}
            </div>
        }.erase();
        Self::section(
            "routing",
            words.routing,
            Some(words.routing_lead),
            vec![
                pair.into_any(),
                self.field("form[group]", self.text.common.group, |provider| provider.group.join(", "))
                    .shape(Shape::Line, "default")
                    .help(words.group_help)
                    .view(),
                self.group_priorities(),
                self.prefix(),
                self.field("form[models]", words.models_rules, move |provider| {
                    lines(provider.models.iter().map(ToString::to_string).collect())
                })
                .shape(Shape::Code, "claude-*")
                .help(words.models_help)
                .view(),
                self.field("form[redirects]", words.redirects, move |provider| {
                    lines(
                        provider
                            .redirects
                            .iter()
                            .map(|redirect| format!("{} -> {}", redirect.from, redirect.to))
                            .collect(),
                    )
                })
                .shape(Shape::Code, "claude-opus-* -> claude-sonnet-4-5")
                .help(words.redirects_help)
                .view(),
                self.model_trial(),
                self.field("form[cost_multiplier]", words.multiplier, |provider| provider.cost_multiplier.to_string())
                    .numeric(Some("×"), "1")
                    .help(words.multiplier_help)
                    .view(),
            ],
        )
    }

    fn network(&self) -> AnyView {
        let words = &self.text.providers;
        let time = |name, label, placeholder, of: fn(&Provider) -> Option<u32>| {
            self.field(name, label, move |provider| of(provider).map(seconds).unwrap_or_default())
                .numeric(Some(words.seconds), placeholder)
                .view()
        };
        let headers = |provider: &Provider| {
            provider.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n")
        };
        let times = view! {
            <div class="pair">
                {time("form[connect_timeout_ms]", words.connect_timeout, "10", |provider| provider.connect_timeout_ms)}
                {time("form[first_byte_timeout_ms]", words.first_byte_timeout, "120", |provider| provider.first_byte_timeout_ms)}
                {time("form[idle_timeout_ms]", words.idle_timeout, "120", |provider| provider.idle_timeout_ms)}
                {time("form[total_timeout_ms]", words.total_timeout, "600", |provider| provider.total_timeout_ms)}
            </div>
        }.erase();
        Self::section(
            "network",
            words.network,
            Some(words.network_lead),
            vec![
                self.field("form[proxy_url]", words.proxy, |provider| provider.proxy_url.clone().unwrap_or_default())
                    .shape(Shape::Line, "socks5h://127.0.0.1:1080")
                    .help(words.proxy_help)
                    .view(),
                self.proxy_trial(),
                times.into_any(),
                self.field("form[headers]", words.headers, headers)
                    .shape(Shape::Code, "X-Team: platform")
                    .help(words.headers_help)
                    .view(),
            ],
        )
    }

    fn client_gone(&self) -> AnyView {
        let words = &self.text.providers;
        let chosen = self.provider.as_ref().map(|provider| provider.on_client_gone).unwrap_or_default();
        let choice = |of: OnClientGone, title: &'static str, help: &'static str, warning: Option<&'static str>| {
            view! {
                <label class="choice">
                    <input type="radio" name="form[on_client_gone]" value=of.as_str() checked=of == chosen />
                    <span>
                        <span class="font-medium">{title}</span>
                        <span class="help block">{help}</span>
                        {warning.map(|warning| view! { <span class="warning">{icon(Icon::Alert)}{warning}</span> }.erase())}
                    </span>
                </label>
            }
    .erase()
        };
        Self::section(
            "client-gone",
            words.client_gone,
            None,
            vec![
                choice(OnClientGone::Drain, words.drain, words.drain_help, Some(words.drain_warning)),
                choice(OnClientGone::Stop, words.stop, words.stop_help, None),
            ],
        )
    }
}
