//! What a chart says of the span that is pointed at: by pointer, by finger, or with the arrow keys. The server writes it
//! at each span, and the browser puts it in; the table behind a chart says the same without script.

use leptos::prelude::*;

use crate::ui::Erase;

/// What is said of one span.
pub(super) struct Told {
    /// Which span it is, and the whole of it if there is one.
    pub(super) head: String,
    /// What each line has in it; an empty text is not said.
    pub(super) values: Vec<String>,
}

impl Told {
    /// As the browser reads it: the head and the values, a line each.
    pub(super) fn lines(&self) -> String {
        [&self.head].into_iter().chain(&self.values).map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// As it is read aloud.
    fn aloud(&self, names: &[(&'static str, String)]) -> String {
        let values = names.iter().zip(&self.values).filter(|(_, value)| !value.is_empty());
        let values: Vec<String> = values.map(|((_, name), value)| format!("{name} {value}")).collect();
        if values.is_empty() { self.head.clone() } else { format!("{}: {}", self.head, values.join(", ")) }
    }
}

/// A drawing whose spans can be read; each is an element of the class `column` with [`Told::lines`] at `data-told`.
/// `names` are the tone and the name of each line.
pub(super) fn readable(label: String, names: &[(&'static str, String)], told: &[Told], drawing: AnyView) -> AnyView {
    let line = |(tone, name): &(&'static str, String)| {
        view! { <li hidden>{swatch(tone)}<span class="ellipsis">{name.clone()}</span><b></b></li> }.erase()
    };
    let last = told.len().saturating_sub(1).to_string();
    let aloud = told.last().map(|told| told.aloud(names));
    view! {
        <div class="read" role="slider" tabindex="0" data-read aria-label=label aria-valuemin="0" aria-valuemax=last.clone()
            aria-valuenow=last aria-valuetext=aloud>
            {drawing}
            <div class="readout" aria-hidden="true"><p></p><ul>{names.iter().map(line).collect_view()}</ul></div>
        </div>
    }
    .erase()
}

/// The colour of a line, beside its name.
pub(super) fn swatch(tone: &'static str) -> AnyView {
    view! {
        <svg class="swatch" width="10" height="10" viewBox="0 0 10 10" aria-hidden="true"><rect class=tone width="10" height="10" rx="2" /></svg>
    }
    .erase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nothing_is_not_said() {
        let told = Told { head: "11-21 14:00 · 7".to_owned(), values: vec!["7".to_owned(), String::new()] };
        assert_eq!(told.lines(), "11-21 14:00 · 7\n7\n");
        assert_eq!(told.aloud(&[("line-1", "a".to_owned()), ("line-2", "b".to_owned())]), "11-21 14:00 · 7: a 7");
        assert_eq!(told.aloud(&[]), "11-21 14:00 · 7");
    }
}
