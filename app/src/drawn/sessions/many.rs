//! The question before several sessions are ended.

use hub::domain::session::SessionBulkReport;
use leptos::prelude::*;

use crate::{
    api::sessions::EndSessions,
    drawn::form::{Doubt, ask, dialog},
    format::whole,
    text::Text,
    ui::Erase,
};

/// Asks, with what is lost; says so if there is nobody to be ended. `search` is the query string that says who is meant,
/// `back` the address of the page without the question.
pub(crate) fn ask_end(text: &'static Text, report: &SessionBulkReport, search: String, back: String) -> AnyView {
    let words = &text.sessions;
    if report.n_ended == 0 {
        return nobody(text, back);
    }
    let bound =
        (report.n_bound > 0).then(|| (words.end_many_bound)(&whole(report.n_bound), &whole(report.cached_tokens)));
    let over = (report.n_unknown > 0).then(|| (words.end_many_over)(&whole(report.n_unknown)));
    let left = (report.n_left > 0).then(|| (words.end_many_left)(&whole(report.n_left)));
    // What is not lost is said too: nobody's answer is cut.
    let running = Some((words.end_running)(&whole(report.in_flight)));
    let lines = [bound, running, over, left].into_iter().flatten().map(|line| view! { <li>{line}</li> }.erase());
    let doubt = Doubt {
        title: (words.end_many_title)(&whole(report.n_ended)),
        what: words.end_many_what,
        lost: Some(view! { <ul class="mt-2">{lines.collect_view()}</ul> }.erase()),
        back,
        button: words.end,
        fields: vec![("search", search)],
    };
    ask::<EndSessions>(text, doubt)
}

/// Says that nobody is chosen, or none that is active.
fn nobody(text: &'static Text, back: String) -> AnyView {
    let words = &text.sessions;
    let content = view! {
        <h2 id="confirm-title">{words.end_none}</h2>
        <p class="mt-2 text-muted">{words.end_none_why}</p>
        <div class="mt-5 flex justify-end">
            <a class="button" href=back autofocus data-esc data-noscroll>{text.calls.close}</a>
        </div>
    };
    dialog("confirm-title", true, content.into_any())
}
