//! The feed of what happens, as signals: one event stream for each tab that is looked at, handed on four times a second.
//! Who comes back goes on where he was.

use std::time::Duration;

use hub::domain::call::Call;
use leptos::prelude::*;

/// What happens, as far as the open pages want to know.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    /// The calls that changed in the last quarter of a second, each as it stands now.
    pub(crate) calls: RwSignal<Vec<Call>>,
    /// Grows when recorded calls have reached the database.
    pub(crate) recorded: RwSignal<u32>,
    /// Grows when users, keys, providers, prices, settings or holds have changed.
    pub(crate) configuration: RwSignal<u32>,
    /// Grows when the hub's own log has new lines.
    pub(crate) logged: RwSignal<u32>,
    /// Grows when something may have been missed: lists are to be read again.
    pub(crate) missed: RwSignal<u32>,
    /// False while the feed is being connected again.
    pub(crate) is_connected: RwSignal<bool>,
    /// True once the hub has said that the reader's session is over.
    pub(crate) is_over: RwSignal<bool>,
    /// Grows when the stream has to be opened again.
    reopened: RwSignal<u32>,
}

impl Live {
    /// A feed that is not connected yet. Counts as connected, so that a page does not begin with an alarm.
    pub(crate) fn new() -> Self {
        Self {
            calls: RwSignal::new(Vec::new()),
            recorded: RwSignal::new(0),
            configuration: RwSignal::new(0),
            logged: RwSignal::new(0),
            missed: RwSignal::new(0),
            is_connected: RwSignal::new(true),
            is_over: RwSignal::new(false),
            reopened: RwSignal::new(0),
        }
    }

    /// A number that changes whenever a list of what operators configure has to be read again, tracked.
    pub(crate) fn news(self) -> u32 {
        self.configuration.get().wrapping_add(self.missed.get())
    }

    /// A number that grows at once when `news` changes, and then at most every two seconds, for what is dear to read.
    pub(crate) fn slowly(news: impl Fn() + 'static) -> RwSignal<u32> {
        Self::at_most_every(2, news)
    }

    /// The same, at most every so many seconds.
    pub(crate) fn at_most_every(seconds: u64, news: impl Fn() + 'static) -> RwSignal<u32> {
        let (version, pace) = (RwSignal::new(0_u32), StoredValue::new(Pace::Free));
        Effect::new(move |before: Option<()>| {
            news();
            if before.is_some() && pace.try_update_value(Pace::is_told).unwrap_or_default() {
                tell(version, pace, Duration::from_secs(seconds));
            }
        });
        version
    }

    /// Connects in the browser, for as long as the calling component is shown and somebody looks at its tab. `begins` is
    /// where the feed stood when the page was read; none: that is not known yet.
    pub(crate) fn connect(self, begins: impl Fn() -> Option<String> + Send + Sync + 'static) {
        let (is_hidden, place) = (RwSignal::new(false), StoredValue::new(None));
        feed::watch_hiding(is_hidden);
        Effect::new(move |_| {
            self.reopened.track();
            let begins = begins();
            if place.with_value(Option::is_none) {
                place.set_value(begins);
            }
            if !is_hidden.get() && place.with_value(Option::is_some) {
                feed::open(self, place);
            }
        });
    }
}

/// How news that may come often are handed on: the first at once, what comes in the rest after it together at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Pace {
    /// Nothing was handed on lately.
    #[default]
    Free,
    /// Something was.
    Resting,
    /// Something was, and more has come since.
    Due,
}

impl Pace {
    /// News have come. True if they are handed on at once.
    fn is_told(&mut self) -> bool {
        let is_told = *self == Self::Free;
        *self = if is_told { Self::Resting } else { Self::Due };
        is_told
    }

    /// The rest is over. True if something has waited for that.
    fn is_due(&mut self) -> bool {
        let is_due = *self == Self::Due;
        *self = if is_due { Self::Resting } else { Self::Free };
        is_due
    }
}

/// Makes `version` grow, and again after a rest if there is more by then. Nobody may be there any more then.
fn tell(version: RwSignal<u32>, pace: StoredValue<Pace>, rest: Duration) {
    version.try_update(|version| *version = version.wrapping_add(1));
    let rested = move || {
        if pace.try_update_value(Pace::is_due).unwrap_or_default() {
            tell(version, pace, rest);
        }
    };
    set_timeout(rested, rest);
}

/// Only the browser has a feed.
#[cfg(not(feature = "hydrate"))]
mod feed {
    use leptos::prelude::{RwSignal, StoredValue};

    pub(super) fn watch_hiding(_is_hidden: RwSignal<bool>) {}
    pub(super) fn open(_live: super::Live, _place: StoredValue<Option<String>>) {}
}

#[cfg(feature = "hydrate")]
mod feed {
    use std::{cell::RefCell, rc::Rc, time::Duration};

    use hub::domain::call::Call;
    use leptos::prelude::*;
    use serde::Deserialize;
    use wasm_bindgen::{JsCast, closure::Closure};
    use web_sys::{EventSource, MessageEvent};

    use super::Live;
    use crate::browser;

    /// Where the feed is.
    const PATH: &str = "/_live";

    /// How long events are gathered before they are handed on.
    const GATHER: Duration = Duration::from_millis(250);

    /// How long a stream that was refused is left alone.
    const REOPEN_AFTER: Duration = Duration::from_secs(3);

    /// What the hub answers a reader without a session.
    const UNAUTHORIZED: u16 = 401;

    /// Most calls that are gathered; beyond it the lists are read again.
    const CALLS_MAX: usize = 500;

    /// A [`hub::domain::event::Event`], read without the machinery that a tagged enum needs. One of no kind is
    /// something missed.
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Event {
        kind: String,
        call: Option<Call>,
    }

    /// What came in since it was last handed on.
    #[derive(Default)]
    #[expect(clippy::struct_excessive_bools, reason = "one for each kind of news that only counts")]
    struct Gathered {
        calls: Vec<Call>,
        recorded: bool,
        configuration: bool,
        logged: bool,
        missed: bool,
        is_scheduled: bool,
    }

    impl Gathered {
        fn take_in(&mut self, event: Event) {
            match (event.kind.as_str(), event.call) {
                ("call", Some(call)) => {
                    self.calls.retain(|known| known.id != call.id);
                    if self.calls.len() < CALLS_MAX {
                        self.calls.push(call);
                    } else {
                        self.missed = true;
                    }
                }
                // The first page counts the calls that it lists, and is drawn again when one of them has news.
                ("active", _) => {}
                ("recorded", _) => self.recorded = true,
                ("configuration" | "holds", _) => self.configuration = true,
                ("logged", _) => self.logged = true,
                _ => self.missed = true,
            }
        }

        fn hand_on(&mut self, live: Live) {
            let count = |signal: RwSignal<u32>| signal.update(|count| *count = count.wrapping_add(1));
            if !self.calls.is_empty() {
                live.calls.set(std::mem::take(&mut self.calls));
            }
            if std::mem::take(&mut self.recorded) {
                count(live.recorded);
            }
            if std::mem::take(&mut self.configuration) {
                count(live.configuration);
            }
            if std::mem::take(&mut self.logged) {
                count(live.logged);
            }
            if std::mem::take(&mut self.missed) {
                count(live.missed);
            }
            self.is_scheduled = false;
        }
    }

    type OnEvent = Closure<dyn FnMut(web_sys::Event)>;

    /// Keeps `is_hidden` true while nobody can see the page.
    pub(super) fn watch_hiding(is_hidden: RwSignal<bool>) {
        is_hidden.set(browser::is_hidden());
        let watching = window_event_listener_untyped("visibilitychange", move |_| {
            is_hidden.try_set(browser::is_hidden());
        });
        on_cleanup(move || watching.remove());
    }

    /// Opens the stream behind `place`, which moves on with it, and closes it when the calling component goes.
    pub(super) fn open(live: Live, place: StoredValue<Option<String>>) {
        let path = place.with_value(|place| format!("{PATH}?after={}", place.as_deref().unwrap_or_default()));
        let Ok(source) = EventSource::new(&path) else { return };
        let gathered = Rc::new(RefCell::new(Gathered::default()));
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let (text, id) = (message.data().as_string().unwrap_or_default(), message.last_event_id());
            if !id.is_empty() {
                place.try_set_value(Some(id));
            }
            // An event of a newer hub than this page: the lists still say the truth.
            let event = serde_json::from_str(&text).unwrap_or_default();
            let mut waiting = gathered.borrow_mut();
            waiting.take_in(event);
            if !std::mem::replace(&mut waiting.is_scheduled, true) {
                let gathered = gathered.clone();
                set_timeout(move || gathered.borrow_mut().hand_on(live), GATHER);
            }
        });
        let failed = source.clone();
        let on_error = OnEvent::new(move |_| {
            live.is_connected.try_set(false);
            // The browser comes back by itself after a broken connection, not after an answer that is no stream.
            if failed.ready_state() == EventSource::CLOSED {
                leptos::task::spawn_local(ask_why(live));
            }
        });
        let on_open = OnEvent::new(move |_| {
            live.is_connected.try_set(true);
        });
        source.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        source.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        let kept = StoredValue::new_local((source, on_message, on_error, on_open));
        on_cleanup(move || kept.with_value(|(source, ..)| source.close()));
    }

    /// An event stream does not tell why it was refused: either the session is over, or it is worth another try.
    async fn ask_why(live: Live) {
        if browser::status(PATH).await == Some(UNAUTHORIZED) {
            live.is_over.try_set(true);
        } else {
            set_timeout(move || _ = live.reopened.try_update(|count| *count = count.wrapping_add(1)), REOPEN_AFTER);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_news_are_handed_on_at_once_and_the_others_together_after_a_rest() {
        let mut pace = Pace::default();
        assert_eq!([pace.is_told(), pace.is_told(), pace.is_told()], [true, false, false]);
        // What has waited begins a rest of its own, after which nothing has.
        assert_eq!([pace.is_due(), pace.is_due()], [true, false]);
        assert_eq!([pace.is_told(), pace.is_due(), pace.is_told()], [true, false, true]);
    }
}
