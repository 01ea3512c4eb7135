//! Short messages that come and go.

use std::time::Duration;

use leptos::prelude::*;

use crate::ui::Erase;

use super::icon::{Icon, icon};

/// How long a message stays.
const STAY: Duration = Duration::from_secs(5);

/// Most messages at once.
const TOASTS_MAX: usize = 4;

/// The messages that are shown.
#[derive(Clone, Copy)]
pub(crate) struct Toasts {
    shown: RwSignal<Vec<(u32, bool, String)>>,
    last: RwSignal<u32>,
}

impl Toasts {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { shown: RwSignal::new(Vec::new()), last: RwSignal::new(0) }
    }

    /// Says that something is done.
    pub(crate) fn done(self, text: impl Into<String>) {
        self.show(true, text.into());
    }

    /// Says that something failed.
    pub(crate) fn failed(self, text: impl Into<String>) {
        self.show(false, text.into());
    }

    fn show(self, good: bool, text: String) {
        let id = self.last.get_untracked().wrapping_add(1);
        self.last.set(id);
        self.shown.update(|shown| {
            shown.push((id, good, text));
            if shown.len() > TOASTS_MAX {
                shown.remove(0);
            }
        });
        set_timeout(
            move || {
                self.shown.try_update(|shown| shown.retain(|(other, ..)| *other != id));
            },
            STAY,
        );
    }

    /// The corner where they appear.
    pub(crate) fn view(self) -> AnyView {
        view! {
            <div class="toasts" role="status" aria-live="polite">
                <For each=move || self.shown.get() key=|(id, ..)| *id let((_id, good, text))>
                    <div class="toast">
                        <span class=if good { "text-good" } else { "text-bad" }>
                            {icon(if good { Icon::Check } else { Icon::Alert })}
                        </span>
                        {text}
                    </div>
                </For>
            </div>
        }
        .erase()
    }
}

/// The messages of this tab.
pub(crate) fn use_toasts() -> Toasts {
    use_context().unwrap_or_else(Toasts::new)
}
