//! What is above the list of calls: presets, filters, what is shown, and sums.

use hub::domain::{
    call::{CallKind, Outcome},
    explain::NamedKey,
    fault::Fault,
    report::Totals,
};
use leptos::prelude::*;

use super::{
    clock::Clock,
    parts::{Choice, options, tabs},
};
use crate::{
    api::Named,
    format::{short, usd_alone, whole},
    preferences::COLUMNS,
    query::CallFilter,
    text::Text,
    ui::{
        Erase,
        icon::{Icon, icon},
    },
};

/// What the filters choose from, and what they have found.
pub(crate) struct Found {
    /// Providers.
    pub(crate) providers: Vec<Named>,
    /// Users.
    pub(crate) users: Vec<Named>,
    /// True if there are more providers or users than those.
    pub(crate) is_cut: bool,
    /// Models that were asked for lately, to be named.
    pub(crate) models: Vec<String>,
    /// Keys, to be named.
    pub(crate) keys: Vec<NamedKey>,
    /// The keys that the name of one may mean, unless it is one or none is named.
    pub(crate) doubtful: Option<Vec<NamedKey>>,
    /// The sums over all that was found, if any sums tell these calls apart.
    pub(crate) totals: Option<Totals>,
    /// Of these, what tests and probes used, where there can be any.
    pub(crate) of_probes: Option<Totals>,
    /// How many they are where only errors are meant, if any sums tell that.
    pub(crate) n_errors: Option<u64>,
    /// A filter that cannot be read: nothing is listed then.
    pub(crate) fault: Option<Fault>,
    /// The columns that the reader has hidden.
    pub(crate) hidden: Vec<&'static str>,
}

/// The filters that are folded away.
const FOLDED: [&str; 9] =
    ["status", "key", "session", "kind", "cost_min", "cost_max", "seconds_min", "seconds_max", "content_min"];

/// Keys that a doubtful name offers.
const DOUBTFUL_MAX: usize = 20;

/// What the presets set.
const PRESETS: [(&str, &str); 4] = [("errors", "yes"), ("seconds_min", "30"), ("cost_min", "1"), ("retried", "yes")];

/// The bar.
pub(crate) fn view(text: &'static Text, filter: &CallFilter, found: &Found, clock: Clock) -> AnyView {
    let n_errors = found.n_errors.map(|n_errors| (text.call_filters.n_errors)(&whole(n_errors)));
    let sums = found.totals.as_ref().map(|totals| sums(text, totals, found.of_probes.as_ref())).or(n_errors);
    let sums = sums.map(|sums| view! { <p class="caption">{sums}</p> }.erase());
    view! {
        <div class="bar">
            {presets(text, filter)} {own_range(text, filter, clock)} {columns(text, &found.hidden)} {sums}
        </div>
        {form(text, filter, found, clock)}
        {found.doubtful.as_ref().map(|keys| doubtful(text, filter, keys))}
    }
    .into_any()
}

/// Says that the name of a key is none, or that of several: which one is meant?
fn doubtful(text: &'static Text, filter: &CallFilter, keys: &[NamedKey]) -> AnyView {
    let words = &text.call_filters;
    let one = |key: &NamedKey| {
        let href = filter.with("cursor", None).with("key", Some(&key.id.to_string())).path(None);
        view! { <a class="badge" href=href>{key.to_string()}</a> }.erase()
    };
    let said = if keys.is_empty() { words.no_key_named.to_owned() } else { (words.several_keys)(keys.len()) };
    view! {
        <div class="note warn mb-3" role="status">
            {icon(Icon::Alert)}
            <p class="flex flex-wrap gap-1">{said}" "{keys.iter().take(DOUBTFUL_MAX).map(one).collect_view()}</p>
        </div>
    }
    .erase()
}

/// The sums of what was found, and what tests and probes, which are no requests, have in them.
fn sums(text: &'static Text, totals: &Totals, of_probes: Option<&Totals>) -> String {
    let words = &text.call_filters;
    let said = (words.totals)(
        &whole(totals.calls),
        &short(totals.usage.total()),
        &usd_alone(totals.cost_usd),
        &whole(totals.errors()),
    );
    match of_probes.filter(|probes| probes.attempts > 0) {
        Some(probes) => {
            let of_probes = (words.of_probes)(&short(probes.usage.total()), &usd_alone(probes.cost_usd));
            format!("{said} · {of_probes}")
        }
        None => said,
    }
}

/// Filters that are asked for often. One takes the place of another, and leaves the rest as it is.
fn presets(text: &'static Text, filter: &CallFilter) -> AnyView {
    let words = &text.call_filters;
    let bare = PRESETS.iter().fold(filter.with("cursor", None), |filter, (name, _)| filter.with(name, None));
    let is_set = |name: &str, value: &str| filter.get(name) == Some(value);
    let all = Choice {
        label: words.all,
        href: bare.path(None),
        is_chosen: !PRESETS.iter().any(|(name, value)| is_set(name, value)),
    };
    let labels = [words.errors, words.slow, words.expensive, words.retried];
    let preset = |((name, value), label): (&(&str, &str), &'static str)| Choice {
        label,
        href: bare.with(name, Some(value)).path(None),
        is_chosen: is_set(name, value),
    };
    tabs(words.presets, std::iter::once(all).chain(PRESETS.iter().zip(labels).map(preset)))
}

/// Which columns there are. A choice works at once, and is kept.
fn columns(text: &'static Text, hidden: &[&str]) -> AnyView {
    let words = &text.calls;
    let labels = [
        words.caller,
        words.model,
        words.provider,
        words.tokens_in,
        words.tokens_out,
        words.tokens_cache,
        words.cost,
        words.first_byte,
        words.duration,
        words.status,
        words.session,
        words.cache_write,
        words.user_agent,
        words.address,
        words.attempts,
        words.speed,
    ];
    let one = |(name, label): (&'static str, &'static str)| {
        let is_shown = !hidden.contains(&name);
        view! { <li><label class="check"><input type="checkbox" value=name checked=is_shown />{label}</label></li> }
            .erase()
    };
    view! {
        <details class="drop" id="columns">
            <summary class="button">{text.call_filters.columns}</summary>
            <div class="drop-body"><ul class="column-list" data-column-menu>{COLUMNS.into_iter().zip(labels).map(one).collect_view()}</ul></div>
        </details>
    }
    .erase()
}

/// The filters: a form whose answer is an address.
fn form(text: &'static Text, filter: &CallFilter, found: &Found, clock: Clock) -> AnyView {
    let words = &text.calls;
    let own = |name: &str| filter.get(name).unwrap_or_default().to_owned();
    let choose = |name: &'static str, label: &'static str, all: Vec<(String, String)>| {
        let options = options(all, &own(name));
        let is_cut = found.is_cut && (name == "provider" || name == "user");
        let cut = is_cut.then(|| view! { <option disabled>{text.call_filters.cut}</option> }.erase());
        view! { <select class="select" name=name id=format!("filter-{name}") aria-label=label>{options}{cut}</select> }
            .erase()
    };
    view! {
        <form class="filters" method="get" action="/calls" role="search" aria-label=text.call_filters.filter>
            {choose("range", words.time, ranges(text))}
            {choose("outcome", words.outcome, outcomes(text))}
            {choose("provider", words.provider, named(text.call_filters.any_provider, &found.providers, &own("provider")))}
            {choose("user", words.user, named(text.call_filters.any_user, &found.users, &own("user")))}
            <input class="input" name="model" id="filter-model" value=own("model") aria-label=words.model placeholder=text.call_filters.any_model
                list="filter-models" autocomplete="off" spellcheck="false" data-filter />
            {offered("filter-models", found.models.iter().cloned())}
            <input class="input" name="error" id="filter-error" value=own("error") aria-label=text.call_filters.error
                title=text.call_filters.error_help placeholder=text.call_filters.error maxlength="200" />
            {folded(text, filter, found)}
            {kept(text, filter, clock)}
            <button class="button" type="submit" id="filter-apply">{words.apply}</button>
            {filter.is_narrow().then(|| view! { <a class="button ghost" href="/calls">{words.clear}</a> }.erase())}
        </form>
    }
    .into_any()
}

/// A range of one's own: a form beside the other, whose choice of a range would go against it.
fn own_range(text: &'static Text, filter: &CallFilter, clock: Clock) -> AnyView {
    let words = &text.call_filters;
    let stays = |(name, value): &(String, String)| {
        view! { <input type="hidden" name=name.clone() value=value.clone() /> }.erase()
    };
    let end = |name: &'static str, label: &'static str| {
        let value = filter.end(name, clock).map(|at| clock.field(at));
        view! {
            <label class="field">
                <span class="caption">{label}</span>
                <input class="input" type="datetime-local" name=name id=format!("filter-{name}") value=value />
            </label>
        }
        .erase()
    };
    view! {
        <details class="drop" id="own-range">
            <summary class="button">{words.own_range}</summary>
            <form class="drop-body filter-grid" method="get" action="/calls" aria-label=words.own_range>
                {filter.beside(&["range", "from", "to"]).map(stays).collect_view()}
                {end("from", words.from)} {end("to", words.to)}
                <p class="caption col-span-2">{(words.zone)(&clock.zone.to_string())}</p>
                <button class="button" type="submit">{text.calls.apply}</button>
            </form>
        </details>
    }
    .erase()
}

/// What is wrong with a filter, to be said beside its field.
fn problem(text: &'static Text, found: &Found, name: &str) -> Option<AnyView> {
    let fault = found.fault.as_ref().filter(|fault| fault.field() == Some(name))?;
    Some(view! { <span class="problem" role="alert">{(text.fault)(fault)}</span> }.erase())
}

/// The filters that are needed less often; unfolded if one of them cannot be read.
fn folded(text: &'static Text, filter: &CallFilter, found: &Found) -> AnyView {
    let (words, own) = (&text.call_filters, |name: &str| filter.get(name).unwrap_or_default().to_owned());
    let n_set = FOLDED.iter().filter(|name| filter.get(name).is_some()).count();
    let is_open = FOLDED.iter().any(|name| problem(text, found, name).is_some());
    let field = |name: &'static str, label: &'static str, mode: &'static str| {
        let problem = problem(text, found, name);
        let invalid = problem.is_some().then_some("true");
        view! {
            <label class="field">
                <span class="caption">{label}</span>
                <input class="input" name=name id=format!("filter-{name}") value=own(name) inputmode=mode autocomplete="off"
                    aria-invalid=invalid />
                {problem}
            </label>
        }
        .erase()
    };
    let choose = |name: &'static str, label: &'static str, all: [(&str, &str); 3]| {
        let options = options(all.map(|(value, word)| (value.to_owned(), word.to_owned())).to_vec(), &own(name));
        view! {
            <label class="field">
                <span class="caption">{label}</span>
                <select class="select" name=name id=format!("filter-{name}")>{options}</select>
                {problem(text, found, name)}
            </label>
        }
        .erase()
    };
    let kinds =
        [("", words.any_kind), (CallKind::Messages.as_str(), words.people), (CallKind::Probe.as_str(), words.probes)];
    let retried = [("", words.any_attempts), ("yes", words.retried), ("no", words.not_retried)];
    let count = (n_set > 0)
        .then(|| view! { <span class="badge">{whole(u64::try_from(n_set).unwrap_or_default())}</span> }.erase());
    view! {
        <details class="drop" id="more-filters" open=is_open>
            <summary class="button">{words.more}{count}</summary>
            <div class="drop-body filter-grid">
                {field("cost_min", words.cost_min, "decimal")} {field("cost_max", words.cost_max, "decimal")}
                {field("seconds_min", words.seconds_min, "decimal")} {field("seconds_max", words.seconds_max, "decimal")}
                {field("content_min", words.content_min, "decimal")} {field("status", text.calls.status, "numeric")}
                {key_field(text, filter, found)} {field("session", text.calls.session, "text")}
                {choose("kind", text.call.kind, kinds)} {choose("retried", words.attempts, retried)}
            </div>
        </details>
    }
    .erase()
}

/// The key, by its name; the field offers those that there are.
fn key_field(text: &'static Text, filter: &CallFilter, found: &Found) -> AnyView {
    let value = filter.get("key").unwrap_or_default();
    let problem = problem(text, found, "key");
    let invalid = problem.is_some().then_some("true");
    let name =
        found.keys.iter().find(|key| key.id.to_string() == value).map_or_else(|| value.to_owned(), NamedKey::to_string);
    view! {
        <label class="field">
            <span class="caption">{text.call.key}</span>
            <input class="input" name="key" id="filter-key" value=name list="filter-keys" autocomplete="off" spellcheck="false"
                placeholder=text.call_filters.key_example aria-invalid=invalid />
            {problem}
            {offered("filter-keys", found.keys.iter().map(NamedKey::to_string))}
        </label>
    }
    .erase()
}

/// What a field offers beside what can be typed in it.
fn offered(id: &'static str, all: impl Iterator<Item = String>) -> AnyView {
    let one = |value: String| view! { <option value=value></option> }.erase();
    view! { <datalist id=id>{all.map(one).collect_view()}</datalist> }.erase()
}

fn ranges(text: &Text) -> Vec<(String, String)> {
    let words = &text.call_filters;
    [
        ("", words.any_time),
        ("1h", words.last_hour),
        ("24h", words.last_day),
        ("7d", words.last_week),
        ("30d", words.last_month),
    ]
    .map(|(value, word)| (value.to_owned(), word.to_owned()))
    .to_vec()
}

fn outcomes(text: &Text) -> Vec<(String, String)> {
    let all = Outcome::ALL.map(|outcome| (outcome.as_str().to_owned(), (text.outcome)(Some(outcome)).to_owned()));
    std::iter::once((String::new(), text.call_filters.any_outcome.to_owned())).chain(all).collect()
}

/// All of them, with the one that is chosen even where the list is cut before it.
fn named(any: &str, all: &[Named], chosen: &str) -> Vec<(String, String)> {
    let is_missing = !chosen.is_empty() && all.iter().all(|item| item.id != chosen);
    let missing = is_missing.then(|| (chosen.to_owned(), format!("# {chosen}")));
    let all = all.iter().map(|item| (item.id.clone(), item.name.clone()));
    std::iter::once((String::new(), any.to_owned())).chain(missing).chain(all).collect()
}

/// Filters without a field of their own: they come from links, stay as they are, and can be taken away.
fn kept(text: &'static Text, filter: &CallFilter, clock: Clock) -> Vec<AnyView> {
    let chip = |(name, label): (&'static str, &'static str)| {
        let value = filter.get(name)?.to_owned();
        let away = filter.with(name, None).path(None);
        let shown = match filter.end(name, clock) {
            Some(at) => clock.field(at).replace('T', "\u{a0}"),
            None => value.clone(),
        };
        // That there are only errors needs no value.
        let shown =
            (name != "errors").then(|| view! { " "<span class="mono ellipsis max-w-40">{shown}</span> }.into_any());
        Some(
            view! {
                <span class="badge">
                    <input type="hidden" name=name value=value />
                    {label}{shown}
                    <a class="chip-away" href=away aria-label=text.call_filters.remove_filter title=text.call_filters.remove_filter>{icon(Icon::Close)}</a>
                </span>
            }
            .erase(),
        )
    };
    [("from", text.call_filters.from), ("to", text.call_filters.to), ("errors", text.call_filters.only_errors)]
        .into_iter()
        .filter_map(chip)
        .collect()
}
