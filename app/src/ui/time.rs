//! Points in time, as the hub's clocks show them. The server cannot know the reader's now, so it does not say how long ago
//! something was; the browser does once it has taken over.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::{
    browser,
    text::{Text, use_text},
    ui::Erase,
    zone::use_zone,
};

/// The reader's clock: none until the browser has taken over, then the time in milliseconds, each second.
#[derive(Clone, Copy)]
pub(crate) struct Now {
    time: RwSignal<Option<i64>>,
    // One for all times on the page: a row that goes away while the clock ticks takes none along.
    is_here: Memo<bool>,
}

impl Now {
    /// Starts the clock of this tab.
    pub(crate) fn start() -> Self {
        let now = RwSignal::new(None);
        Effect::new(move |_| {
            now.set(Some(browser::now_ms()));
            let ticking = set_interval_with_handle(
                move || {
                    if !browser::is_hidden() {
                        now.try_set(Some(browser::now_ms()));
                    }
                },
                std::time::Duration::from_secs(1),
            );
            on_cleanup(move || {
                if let Ok(handle) = ticking {
                    handle.clear();
                }
            });
        });
        Self { time: now, is_here: Memo::new(move |_| now.get().is_some()) }
    }

    /// The time, tracked.
    pub(crate) fn get(self) -> Option<i64> {
        self.time.get()
    }

    /// True once the browser has taken over, tracked.
    pub(crate) const fn is_here(self) -> Memo<bool> {
        self.is_here
    }
}

/// The reader's clock.
pub(crate) fn use_now() -> Now {
    use_context().unwrap_or_else(Now::start)
}

/// How long ago something was, in words.
pub(crate) fn ago(text: &Text, at: DateTime<Utc>, now_ms: i64) -> String {
    let seconds = (now_ms - at.timestamp_millis()) / 1_000;
    match seconds {
        ..0 => (text.common.in_time)(&crate::format::elapsed(seconds.unsigned_abs().saturating_mul(1_000))),
        0..60 => (text.common.ago_seconds)(seconds),
        60..3_600 => (text.common.ago_minutes)(seconds / 60),
        3_600..86_400 => (text.common.ago_hours)(seconds / 3_600),
        86_400.. => (text.common.ago_days)(seconds / 86_400),
    }
}

/// How long ago something was; the full time on pointing at it.
pub(crate) fn ago_view(at: DateTime<Utc>) -> AnyView {
    let (text, now, moment) = (use_text(), use_now(), use_zone().moment(at));
    let shown = move || now.get().map_or_else(|| moment.date(), |now| ago(text, at, now));
    view! { <time datetime=at.to_rfc3339() title=moment.full()>{shown}</time> }.erase()
}

/// A time of day to the second, with the day before it unless it is today.
pub(crate) fn clock_view(at: DateTime<Utc>) -> AnyView {
    let (text, now, zone) = (use_text(), use_now(), use_zone());
    let moment = zone.moment(at);
    let day = Memo::new(move |_| {
        let today = now.get().and_then(DateTime::from_timestamp_millis).map(|now| zone.moment(now).date());
        (today != Some(moment.date())).then(|| moment.day())
    });
    let title = move || {
        let ago = now.get().map(|now| ago(text, at, now));
        ago.map_or_else(|| moment.full(), |ago| format!("{} · {ago}", moment.full()))
    };
    view! {
        <time datetime=at.to_rfc3339() title=title>
            <span class="sub">{move || day.try_get().flatten().map(|day| format!("{day}\u{a0}"))}</span>
            {moment.time()}
        </time>
    }
    .erase()
}
