//! The pages that the server draws.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    browser,
    drawn::{
        Drawing,
        edited::{closings, over},
        following, following_use, page, page_of_today,
    },
    live::Live,
    ui::time::use_now,
};

/// What was used over some time is read again at most this often, in seconds: it is dear, and on a busy hub it always
/// changes.
const SUMS_EVERY_S: u64 = 5;

/// What the feed has no word for is looked for this often, in milliseconds.
const LOOK_EVERY_MS: i64 = 10_000;

/// Several providers changed at once.
#[component]
pub(crate) fn ManyProviders() -> impl IntoView {
    page(|| Drawing::ManyProviders)
}

/// The list of users.
#[component]
pub(crate) fn Users() -> impl IntoView {
    following_use(Drawing::Users)
}

/// Several users changed at once.
#[component]
pub(crate) fn ManyUsers() -> impl IntoView {
    page(|| Drawing::ManyUsers)
}

/// The list of keys over all users.
#[component]
pub(crate) fn Keys() -> impl IntoView {
    following_use(Drawing::Keys)
}

/// Several keys changed at once.
#[component]
pub(crate) fn ManyKeys() -> impl IntoView {
    page(|| Drawing::ManyKeys)
}

/// Where a call would go.
#[component]
pub(crate) fn Routing() -> impl IntoView {
    page(|| Drawing::Routing)
}

/// The first page.
#[component]
pub(crate) fn Overview() -> impl IntoView {
    page_of_today()
}

/// Who and what used most.
#[component]
pub(crate) fn Leaderboard() -> impl IntoView {
    of_sums(|| Drawing::Leaderboard)
}

/// How providers served lately.
#[component]
pub(crate) fn Availability() -> impl IntoView {
    following_use(Drawing::Availability)
}

/// The use of one user.
#[component]
pub(crate) fn UserUse() -> impl IntoView {
    use_of("id", Drawing::User)
}

/// The use of one key.
#[component]
pub(crate) fn KeyUse() -> impl IntoView {
    use_of("id", Drawing::Key)
}

/// The use of one provider.
#[component]
pub(crate) fn ProviderUse() -> impl IntoView {
    use_of("id", Drawing::Provider)
}

/// The use of one model.
#[component]
pub(crate) fn ModelUse() -> impl IntoView {
    use_of("name", Drawing::Model)
}

/// The use of what the path says under `name`.
fn use_of(name: &'static str, drawing: fn(String) -> Drawing) -> AnyView {
    let named = named(name);
    of_sums(move || drawing(named()))
}

/// A page of what was used over some time: drawn again when calls and what is configured have news.
fn of_sums(drawing: impl Fn() -> Drawing + Send + Sync + 'static) -> AnyView {
    let live: Live = expect_context();
    let version = Live::at_most_every(SUMS_EVERY_S, move || _ = (live.recorded.get(), live.news()));
    following(drawing, move || version.get())
}

/// What the path says, tracked.
fn named(name: &'static str) -> impl Fn() -> String + Copy + Send + Sync + 'static {
    let params = use_params_map();
    move || params.with(|params| params.get(name).unwrap_or_default())
}

/// Sessions, with the question before several are ended over them. New ones come at the top: who reads further down is left
/// alone. That some were ended the feed does not tell.
#[component]
pub(crate) fn Sessions() -> impl IntoView {
    const DIALOGS: &[&str] = &["drop"];
    let live: Live = expect_context();
    let seen = seen_at_top(Live::slowly(move || _ = (live.recorded.get(), live.missed.get())));
    let ended = closings(DIALOGS);
    let list = following(|| Drawing::Sessions, move || seen().wrapping_add(ended.get()));
    view! { {list} {over(|| Drawing::Sessions, DIALOGS, || 0)} }.into_any()
}

/// One session, drawn again when calls were recorded.
#[component]
pub(crate) fn OneSession() -> impl IntoView {
    let live: Live = expect_context();
    let id = named("id");
    let version = Live::slowly(move || _ = (live.recorded.get(), live.missed.get()));
    following(move || Drawing::Session(id()), move || version.get())
}

/// What was asked and answered in a call. Read once: each look at it is on record.
#[component]
pub(crate) fn CallMessages() -> impl IntoView {
    let id = named("id");
    following(move || Drawing::CallMessages(id()), || 0)
}

/// The hub's own log. New lines come at its top: who reads further down is left alone.
#[component]
pub(crate) fn Log() -> impl IntoView {
    let live: Live = expect_context();
    at_top(Drawing::Log, Live::slowly(move || _ = (live.logged.get(), live.missed.get())))
}

/// A page whose news come at its top: it is drawn again only for those who see that.
fn at_top(drawing: Drawing, version: RwSignal<u32>) -> AnyView {
    following(move || drawing.clone(), seen_at_top(version))
}

/// A number, tracked, that follows `version` as long as the reader sees the top of the page.
fn seen_at_top(version: RwSignal<u32>) -> impl Fn() -> u32 + Copy + Send + Sync + 'static {
    let seen = StoredValue::new(0_u32);
    move || {
        let version = version.get();
        if browser::is_at_top() {
            seen.set_value(version);
        }
        seen.get_value()
    }
}

/// The audit log. New lines come at its top: who reads further down is left alone. The feed tells of changes; that
/// somebody has logged in or has read messages it does not tell, so these are looked for.
#[component]
pub(crate) fn Audit() -> impl IntoView {
    let live: Live = expect_context();
    let now = use_now();
    let beat = Memo::new(move |_| now.get().map(|now| now / LOOK_EVERY_MS));
    at_top(Drawing::Audit, Live::slowly(move || _ = (live.news(), beat.get())))
}

/// Logins of the console.
#[component]
pub(crate) fn Logins() -> impl IntoView {
    page(|| Drawing::Logins)
}

/// The reader's own use: drawn again when calls of theirs have news.
#[component]
pub(crate) fn Mine() -> impl IntoView {
    of_own_calls(Drawing::Mine)
}

/// The reader's own calls. New ones come at the top: who reads further down is left alone.
#[component]
pub(crate) fn OwnCalls() -> impl IntoView {
    of_own_calls(Drawing::OwnCalls)
}

/// One of the reader's own calls.
#[component]
pub(crate) fn OwnCall() -> impl IntoView {
    let id = named("id");
    page(move || Drawing::OwnCall(id()))
}

/// How to set up a client.
#[component]
pub(crate) fn Setup() -> impl IntoView {
    page(|| Drawing::Setup)
}

/// The reader's own logins and password.
#[component]
pub(crate) fn OwnLogins() -> impl IntoView {
    page(|| Drawing::OwnLogins)
}

fn of_own_calls(drawing: Drawing) -> AnyView {
    let live: Live = expect_context();
    at_top(drawing, Live::slowly(move || _ = (live.recorded.get(), live.missed.get(), live.configuration.get())))
}
