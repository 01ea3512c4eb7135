//! What was typed is not lost without a question: whatever leads away from a form that was changed asks first.

#[cfg(not(feature = "hydrate"))]
pub(crate) use absent::*;
#[cfg(feature = "hydrate")]
pub(crate) use real::*;

/// What a form belongs to: what is lost with it, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// A page: other parameters of its address leave the form as it is.
    Page,
    /// Something over a page or in it that is there because the address says so.
    Parameters,
}

#[cfg(feature = "hydrate")]
mod real {
    use std::cell::{Cell, RefCell};

    use leptos::prelude::{
        Effect, Get, RwSignal, Set, StoredValue, WithValue, on_cleanup, window, window_event_listener,
    };
    use wasm_bindgen::{JsCast, JsValue, closure::Closure};
    use web_sys::{Element, Event, HtmlAnchorElement, js_sys::Reflect};

    use super::Held;

    /// What leads away from a page, beside a step back. They are heard while they go down to their target, so before the
    /// router, which hears of them on their way back.
    const LEAVINGS: [&str; 2] = ["beforeunload", "click"];

    /// A form that was changed.
    #[derive(Clone)]
    struct Changed {
        is_dirty: RwSignal<bool>,
        /// What is asked before it is lost.
        question: &'static str,
        held: Held,
        /// Where it is.
        here: String,
        place: Option<i32>,
    }

    thread_local! {
        static CHANGED: RefCell<Vec<Changed>> = const { RefCell::new(Vec::new()) };
        /// True while the browser is on its way back to a form that was not to be left.
        static IS_RETURNING: Cell<bool> = const { Cell::new(false) };
    }

    /// Asks before the form is left while `is_dirty`: what was typed would be lost.
    pub(crate) fn ask_before_leaving(is_dirty: RwSignal<bool>, held: Held, question: &'static str) {
        Effect::new(move |_| {
            if !is_dirty.get() {
                return;
            }
            let here = address(held);
            let changed = Changed { is_dirty, question, held, here: here.clone(), place: place_in_history() };
            CHANGED.with_borrow_mut(|all| all.push(changed));
            let ask = Closure::<dyn Fn(Event)>::new(move |event: Event| {
                if event.type_() == "beforeunload" {
                    // The browser asks with words of its own.
                    event.prevent_default();
                } else if leads_away(&event, held, &here) && !may_leave() {
                    event.prevent_default();
                    event.stop_immediate_propagation();
                }
            });
            let listener = StoredValue::new_local(ask);
            listener.with_value(|ask| listen(ask, true));
            on_cleanup(move || {
                listener.with_value(|ask| listen(ask, false));
                CHANGED.with_borrow_mut(|all| all.retain(|other| other.is_dirty != is_dirty));
            });
        });
    }

    /// Has steps back ask too. It must be called before there is a router: the browser tells those that listen to its
    /// history one after the other, in the order in which they came.
    pub(crate) fn ask_before_steps_back() {
        let _always = window_event_listener(leptos::ev::popstate, |event| {
            if IS_RETURNING.take() {
                event.stop_immediate_propagation();
                return;
            }
            let Some(changed) = CHANGED.with_borrow(|all| all.last().cloned()) else { return };
            if address(changed.held) == changed.here || may_leave() {
                return;
            }
            // The browser has gone already: it is sent back, and nobody else hears of either.
            event.stop_immediate_propagation();
            IS_RETURNING.set(true);
            let steps = changed.place.zip(place_in_history()).map_or(1, |(before, now)| before - now);
            // Only a page that is going away has no history.
            let _ = window().history().and_then(|history| history.go_with_delta(steps));
        });
    }

    /// Asks whether what was typed may be lost, if something was.
    pub(crate) fn may_leave() -> bool {
        let question = CHANGED.with_borrow(|all| all.last().map(|changed| changed.question));
        let Some(question) = question else { return true };
        let may = window().confirm_with_message(question).unwrap_or(true);
        if may {
            // Another form must not ask once more.
            for changed in CHANGED.take() {
                changed.is_dirty.try_set(false);
            }
        }
        may
    }

    /// Hears of what leads away, or no longer.
    fn listen(ask: &Closure<dyn Fn(Event)>, is_on: bool) {
        let ask = ask.as_ref().unchecked_ref();
        for name in LEAVINGS {
            // Only a name that is no name fails.
            let _ = if is_on {
                window().add_event_listener_with_callback_and_bool(name, ask, true)
            } else {
                window().remove_event_listener_with_callback_and_bool(name, ask, true)
            };
        }
    }

    /// The part of the address that a form is there for.
    fn address(held: Held) -> String {
        let location = window().location();
        part_of(held, location.pathname().unwrap_or_default(), &location.search().unwrap_or_default())
    }

    fn part_of(held: Held, path: String, search: &str) -> String {
        match held {
            Held::Page => path,
            Held::Parameters => path + search,
        }
    }

    /// The place of this page among those that the tab has seen; none if the browser does not tell.
    fn place_in_history() -> Option<i32> {
        let navigation = Reflect::get(&window(), &"navigation".into()).ok()?;
        let entry = Reflect::get(&navigation, &"currentEntry".into()).ok()?;
        let index = Reflect::get(&entry, &JsValue::from("index")).ok()?;
        index.as_f64().and_then(|index| format!("{index}").parse().ok())
    }

    /// True for a click on a link that leads elsewhere in this tab.
    fn leads_away(event: &Event, held: Held, here: &str) -> bool {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let Some(Ok(Some(link))) = target.map(|target| target.closest("a[href]")) else { return false };
        let link = link.unchecked_into::<HtmlAnchorElement>();
        let is_part = !link.hash().is_empty() && link.pathname() == window().location().pathname().unwrap_or_default();
        link.target().is_empty() && !is_part && part_of(held, link.pathname(), &link.search()) != here
    }
}

#[cfg(not(feature = "hydrate"))]
mod absent {
    use leptos::prelude::RwSignal;

    use super::Held;

    pub(crate) fn ask_before_leaving(_is_dirty: RwSignal<bool>, _held: Held, _question: &'static str) {}

    pub(crate) fn may_leave() -> bool {
        true
    }
}
