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
    use std::cell::RefCell;

    use leptos::prelude::{Effect, Get, GetUntracked, RwSignal, Set, StoredValue, WithValue, on_cleanup, window};
    use wasm_bindgen::{JsCast, JsValue, closure::Closure};
    use web_sys::{Element, Event, HtmlAnchorElement, js_sys::Reflect};

    use super::Held;

    /// What leads away from a page. They are heard while they go down to their target, so before the router, which hears
    /// of them on their way back.
    const LEAVINGS: [&str; 3] = ["beforeunload", "click", "popstate"];

    thread_local! {
        /// The forms that were changed, each with the question that is asked before it is lost.
        static CHANGED: RefCell<Vec<(RwSignal<bool>, &'static str)>> = const { RefCell::new(Vec::new()) };
    }

    /// Asks before the form is left while `is_dirty`: what was typed would be lost.
    pub(crate) fn ask_before_leaving(is_dirty: RwSignal<bool>, held: Held, question: &'static str) {
        Effect::new(move |_| {
            if !is_dirty.get() {
                return;
            }
            CHANGED.with_borrow_mut(|changed| changed.push((is_dirty, question)));
            let (here, place) = (address(held), place_in_history());
            let is_returning = RwSignal::new(false);
            let ask = Closure::<dyn Fn(Event)>::new(move |event: Event| match event.type_().as_str() {
                // The browser asks with words of its own.
                "beforeunload" => event.prevent_default(),
                "popstate" if is_returning.get_untracked() => {
                    is_returning.set(false);
                    event.stop_immediate_propagation();
                }
                "popstate" if address(held) != here && !may_leave() => {
                    // The browser has gone already: it is sent back, and nobody else hears of either.
                    event.stop_immediate_propagation();
                    is_returning.set(true);
                    let steps = place.zip(place_in_history()).map_or(1, |(before, now)| before - now);
                    // Only a page that is going away has no history.
                    let _ = window().history().and_then(|history| history.go_with_delta(steps));
                }
                "click" if leads_away(&event, held, &here) && !may_leave() => {
                    event.prevent_default();
                    event.stop_immediate_propagation();
                }
                _ => {}
            });
            let listener = StoredValue::new_local(ask);
            listener.with_value(|ask| listen(ask, true));
            on_cleanup(move || {
                listener.with_value(|ask| listen(ask, false));
                CHANGED.with_borrow_mut(|changed| changed.retain(|(other, _)| *other != is_dirty));
            });
        });
    }

    /// Asks whether what was typed may be lost, if something was.
    pub(crate) fn may_leave() -> bool {
        let Some((_, question)) = CHANGED.with_borrow(|changed| changed.last().copied()) else { return true };
        let may = window().confirm_with_message(question).unwrap_or(true);
        if may {
            // Another form must not ask once more.
            for (is_dirty, _) in CHANGED.take() {
                is_dirty.try_set(false);
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
}
