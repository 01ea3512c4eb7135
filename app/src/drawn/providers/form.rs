//! The form of a provider, in sections.

mod availability;
mod trial;

use hub::domain::provider::{OnClientGone, Provider};
use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    api::providers::SaveProvider,
    drawn::{
        form::{Faults, hidden, save_bar},
        limits::fields,
    },
    format::seconds,
    query::final_url,
    text::Text,
    ui::{
        Erase,
        field::{Shape, TextField, switch},
        icon::{Icon, icon},
    },
};

/// The form; for a new provider if there is none.
pub(super) fn editor(text: &'static Text, provider: Option<&Provider>) -> AnyView {
    let form = Form { text, provider, faults: Faults::of::<SaveProvider>(text) };
    let id = provider.map(|provider| provider.id.to_string()).unwrap_or_default();
    view! {
        <div class="editor">
            <form method="post" action=SaveProvider::url() data-toast=text.common.saved>
                {hidden(vec![("form[id]", id)])}
                {form.contents()}
                {form.basics()} {form.routing()} {form.availability()} {form.network()} {form.client_gone()}
                {fields::section("", text, provider.map(|provider| &provider.limits), &form.faults)}
                {save_bar(text, &form.faults, provider.is_none())}
            </form>
        </div>
    }
    .erase()
}

/// What the sections need.
struct Form<'a> {
    text: &'static Text,
    provider: Option<&'a Provider>,
    faults: Faults,
}

impl Form<'_> {
    /// A field with the value the provider has.
    fn field(&self, name: &'static str, label: &'static str, of: impl Fn(&Provider) -> String) -> TextField {
        self.faults.field(name, label).value(self.provider.map(of).unwrap_or_default())
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
        let secret = self.field("form[secret]", words.secret, |_| String::new()).shape(Shape::Secret, "");
        let secret = match self.provider.map(|provider| provider.secret_preview.clone()) {
            Some(preview) => {
                secret.help(view! { {words.secret_keep}" "<code>{preview}</code>" · "{words.base_url_changes} }.erase())
            }
            None => secret.help(words.secret_help).required(),
        };
        let url =
            self.provider.map_or_else(|| "https://api.anthropic.com".to_owned(), |provider| provider.base_url.clone());
        let preview = final_url(&url, MESSAGES);
        let base = self.field("form[base_url]", words.base_url, |_| String::new()).value(url).required();
        let is_enabled = self.provider.is_none_or(|provider| provider.enabled);
        Self::section(
            "basics",
            words.basics,
            None,
            vec![
                self.field("form[name]", self.text.common.name, |provider| provider.name.clone())
                    .help(words.name_help)
                    .required()
                    .view(),
                view! { <div data-echo=FINAL>{base.help(words.base_url_help).view()}</div> }.erase(),
                view! { <p class="final">{words.final_url}" "<code class="break-anywhere" id=FINAL data-tail=MESSAGES>{preview}</code></p> }
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
                {self.field("form[priority]", words.priority, |provider| provider.priority.to_string()).whole(None, "0").help(words.priority_help).view()}
                {self.field("form[weight]", words.weight, |provider| provider.weight.to_string()).whole(None, "1").help(words.weight_help).view()}
            </div>
        };
        Self::section(
            "routing",
            words.routing,
            Some(words.routing_lead),
            vec![
                pair.erase(),
                self.field("form[group]", self.text.common.group, |provider| provider.group.join(", "))
                    .shape(Shape::Line, "default")
                    .help(words.group_help)
                    .view(),
                self.group_priorities(),
                self.prefix(),
                self.field("form[models]", words.models_rules, |provider| {
                    lines(provider.models.iter().map(ToString::to_string).collect())
                })
                .shape(Shape::Code, "claude-*")
                .help(words.models_help)
                .view(),
                self.field("form[redirects]", words.redirects, |provider| {
                    let all = provider.redirects.iter();
                    lines(all.map(|redirect| format!("{} -> {}", redirect.from, redirect.to)).collect())
                })
                .shape(Shape::Code, "claude-opus-* -> claude-sonnet-4-5")
                .help(words.redirects_help)
                .view(),
                trial::model(self.text),
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
        };
        Self::section(
            "network",
            words.network,
            Some(words.network_lead),
            vec![
                self.field("form[proxy_url]", words.proxy, |provider| provider.proxy_url.clone().unwrap_or_default())
                    .shape(Shape::Line, "socks5h://127.0.0.1:1080")
                    .help(words.proxy_help)
                    .view(),
                trial::proxy(self.text),
                times.erase(),
                self.field("form[headers]", words.headers, headers)
                    .shape(Shape::Code, "X-Team: platform")
                    .help(words.headers_help)
                    .view(),
            ],
        )
    }

    fn client_gone(&self) -> AnyView {
        let words = &self.text.providers;
        let chosen = self.provider.map(|provider| provider.on_client_gone).unwrap_or_default();
        let choice = |of: OnClientGone, title: &'static str, help: &'static str, warning: Option<&'static str>| {
            let warning =
                warning.map(|warning| view! { <span class="warning">{icon(Icon::Alert)}{warning}</span> }.erase());
            view! {
                <label class="choice" data-field>
                    <input type="radio" name="form[on_client_gone]" value=of.as_str() checked=of == chosen />
                    <span>
                        <span class="font-medium">{title}</span>
                        <span class="help block">{help}</span>
                        {warning}
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

/// Where calls go below the base URL of a provider.
const MESSAGES: &str = "/v1/messages";

/// The id of what says where calls will go.
const FINAL: &str = "final-url";
