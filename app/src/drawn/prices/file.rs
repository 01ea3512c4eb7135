//! What a price file changes, or would change. Where an operator has decided otherwise, both prices are shown side by
//! side, to keep the one or to take the other.

use std::collections::BTreeSet;

use hub::domain::{
    fault::Fault,
    price::{
        Price, PriceSource,
        import::{ImportReport, KeptPrice, PriceChange, UnusableEntry},
    },
};
use leptos::prelude::*;

use crate::{format::usd_exact, text::Text, ui::Erase};

/// Models that one list names; the rest is counted.
const ROWS_MAX: usize = 100;

/// The parts of a price that are compared by their numbers.
const RATES: [fn(&Price) -> hub::domain::money::Usd; 5] =
    [|p| p.input, |p| p.output, |p| p.cache_write_5m, |p| p.cache_write_1h, |p| p.cache_read];

/// The report. `taken` are the models whose price is taken from the file although an operator has decided otherwise.
pub(crate) fn view(text: &'static Text, report: &ImportReport, taken: &BTreeSet<String>) -> AnyView {
    let words = &text.price_list;
    let conflicts = if report.preview { conflicts(report, taken) } else { Vec::new() };
    let decided: BTreeSet<&str> = conflicts.iter().map(|conflict| conflict.model).collect();
    let is_plain = |change: &&PriceChange| !decided.contains(change.model.as_str());
    let added: Vec<String> = report.added.iter().filter(is_plain).map(line).collect();
    let changed: Vec<String> = report.changed.iter().filter(is_plain).map(line).collect();
    let kept = |kept: &KeptPrice| format!("{} · {}", kept.model, words.kept_why);
    let kept: Vec<String> = report.kept.iter().filter(|_| !report.preview).map(kept).collect();
    let why = |entry: &UnusableEntry| (text.fault)(&Fault::invalid("", entry.why.clone()));
    let unusable: Vec<String> =
        report.unusable.iter().map(|entry| format!("{} · {}", entry.model, why(entry))).collect();
    let is_same = [added.len(), changed.len(), conflicts.len(), kept.len(), unusable.len()] == [0; 5];
    let title = if report.preview { words.would_change } else { words.has_changed };
    view! {
        <div class="grid gap-2 border-t border-line pt-3">
            <h3 class="section-title">{title}</h3>
            {is_same.then_some(words.nothing_differs)}
            {(!conflicts.is_empty()).then(|| table(text, &conflicts))}
            {list(text, words.added, &added)}
            {list(text, words.changed, &changed)}
            {list(text, words.kept, &kept)}
            {list(text, words.unusable, &unusable)}
            <p class="caption">{(words.counts)(report.n_unchanged, report.n_skipped)}</p>
        </div>
    }
    .erase()
}

/// A model of which an operator says one thing and the file another.
struct Conflict<'a> {
    model: &'a str,
    /// The operator's price; none if it is deleted.
    own: Option<&'a Price>,
    file: &'a Price,
    is_taken: bool,
}

/// Every conflict of a preview by the model's name, those that are decided for the file too.
fn conflicts<'a>(report: &'a ImportReport, taken: &BTreeSet<String>) -> Vec<Conflict<'a>> {
    let kept = report.kept.iter().map(|kept| Conflict {
        model: &kept.model,
        own: kept.own.as_ref(),
        file: &kept.file,
        is_taken: false,
    });
    let given_way = report.added.iter().chain(&report.changed).filter(|change| taken.contains(&change.model));
    let given_way = given_way.filter(|change| change.source.is_none_or(|source| source == PriceSource::Manual));
    let given_way = given_way.map(|change| Conflict {
        model: &change.model,
        own: change.before.as_ref(),
        file: &change.after,
        is_taken: true,
    });
    let mut all: Vec<_> = kept.chain(given_way).collect();
    all.sort_by(|one, other| one.model.cmp(other.model));
    all
}

fn table(text: &'static Text, conflicts: &[Conflict<'_>]) -> AnyView {
    let words = &text.price_list;
    let is_cut = conflicts.len() > ROWS_MAX;
    let rows = conflicts.iter().take(ROWS_MAX).enumerate().map(|(place, conflict)| row(text, place, conflict));
    view! {
        <p class="note warn">{words.conflicts_lead}</p>
        <div class="scroll inset" tabindex="0" role="region" aria-label=words.conflicts>
            <table class="table snug look">
                <caption class="aside">{words.conflicts}</caption>
                <thead>
                    <tr>
                        <th scope="col">{text.prices.model}</th>
                        <th scope="col">{words.own}</th>
                        <th scope="col">{words.files}</th>
                        <th scope="col">{words.take}</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
        {is_cut.then(|| view! { <p class="caption">{words.more_conflicts}</p> }.erase())}
    }
    .into_any()
}

fn row(text: &'static Text, place: usize, conflict: &Conflict<'_>) -> AnyView {
    let words = &text.price_list;
    let differences = differences(text, conflict);
    let side = |of: fn(&Difference) -> &String| {
        let one = |difference: &Difference| {
            view! { <div><span class="sub">{difference.label}": "</span>{of(difference).clone()}</div> }.erase()
        };
        differences.iter().map(one).collect_view()
    };
    let own = match conflict.own {
        Some(_) => side(|difference| &difference.own).into_any(),
        None => words.deleted.into_any(),
    };
    let (name, model) = (format!("take[{place}]"), conflict.model.to_owned());
    let label = format!("{}: {model}", words.take);
    view! {
        <tr>
            <td class="mono">{model.clone()}</td>
            <td>{own}</td>
            <td>{side(|difference| &difference.file)}</td>
            <td><input type="checkbox" name=name value=model checked=conflict.is_taken aria-label=label /></td>
        </tr>
    }
    .erase()
}

/// One part of a price in which two differ.
struct Difference {
    label: &'static str,
    own: String,
    file: String,
}

/// In which parts the file's price differs from the operator's; input and output if there is none.
fn differences(text: &'static Text, conflict: &Conflict<'_>) -> Vec<Difference> {
    let words = &text.prices;
    let labels = [words.input, words.output, words.write_5m, words.write_1h, words.read];
    let both = |rate: fn(&Price) -> _, label| Difference {
        label,
        own: conflict.own.map(|own| usd_exact(rate(own))).unwrap_or_default(),
        file: usd_exact(rate(conflict.file)),
    };
    let Some(own) = conflict.own else {
        return RATES.into_iter().zip(labels).take(2).map(|(rate, label)| both(rate, label)).collect();
    };
    let differs = |(rate, _): &(fn(&Price) -> _, &'static str)| rate(own) != rate(conflict.file);
    let mut found: Vec<Difference> =
        RATES.into_iter().zip(labels).filter(differs).map(|(rate, label)| both(rate, label)).collect();
    let rules = (rules(own), rules(conflict.file));
    if rules.0 != rules.1 {
        found.push(Difference { label: words.rules, own: rules.0, file: rules.1 });
    }
    found
}

/// What a price says beside its rates, as JSON.
fn rules(price: &Price) -> String {
    const NAMES: [&str; 5] = ["input", "output", "cache_write_5m", "cache_write_1h", "cache_read"];
    let mut whole = serde_json::to_value(price).unwrap_or_default();
    if let Some(rules) = whole.as_object_mut() {
        let is_empty = |value: &serde_json::Value| {
            value.is_null()
                || value.as_array().is_some_and(Vec::is_empty)
                || value.as_object().is_some_and(serde_json::Map::is_empty)
        };
        rules.retain(|name, value| !NAMES.contains(&name.as_str()) && !is_empty(value));
    }
    whole.to_string()
}

/// A model, and its input and output prices before and after.
fn line(change: &PriceChange) -> String {
    let rates = |price: &Price| format!("{} / {}", usd_exact(price.input), usd_exact(price.output));
    let after = rates(&change.after);
    match &change.before {
        Some(before) => format!("{} · {} → {after}", change.model, rates(before)),
        None => format!("{} · {after}", change.model),
    }
}

fn list(text: &'static Text, title: &'static str, lines: &[String]) -> Option<AnyView> {
    let is_cut = lines.len() > ROWS_MAX;
    (!lines.is_empty()).then(|| {
        let rows = lines.iter().take(ROWS_MAX).map(|line| view! { <li>{line.clone()}</li> }.erase());
        view! {
            <details class="fold">
                <summary>{title}": "{lines.len()}</summary>
                <ul class="caption">{rows.collect_view()}</ul>
                {is_cut.then_some(text.price_list.and_more)}
            </details>
        }
        .erase()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;

    fn price(json: &str) -> Price {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn both_sides_of_a_conflict_are_told_where_they_differ() {
        let text = Language::En.text();
        let own = price(r#"{"input":"3","output":"15","max_output":9}"#);
        let file = price(r#"{"input":"2","output":"15","cache_read":"0.3","max_output":8}"#);
        let told = |own| {
            let conflict = Conflict { model: "m", own, file: &file, is_taken: false };
            let told = differences(text, &conflict).into_iter();
            told.map(|found| (found.label, found.own, found.file)).collect::<Vec<_>>()
        };
        let of = |label, own: &str, file: &str| (label, own.to_owned(), file.to_owned());
        let words = &text.prices;
        let both = told(Some(&own));
        assert_eq!(both[0], of(words.input, "$3", "$2"));
        let labels: Vec<_> = both.iter().map(|found| found.0).collect();
        assert_eq!(labels, [words.input, words.write_5m, words.write_1h, words.rules], "{both:?}");
        assert_eq!(told(None), [of(words.input, "", "$2"), of(words.output, "", "$15")]);
    }

    #[test]
    fn what_is_decided_for_the_file_stays_in_view() {
        let (own, file) = (price(r#"{"input":"3","output":"15"}"#), price(r#"{"input":"2","output":"15"}"#));
        let changed = |model: &str, source| PriceChange {
            model: model.to_owned(),
            before: Some(own.clone()),
            source: Some(source),
            after: file.clone(),
        };
        let kept = KeptPrice { model: "b".to_owned(), own: None, file: file.clone() };
        let report = ImportReport {
            preview: true,
            changed: vec![changed("a", PriceSource::Builtin), changed("c", PriceSource::Manual)],
            kept: vec![kept],
            ..ImportReport::default()
        };
        let taken = BTreeSet::from(["a".to_owned(), "c".to_owned()]);
        let found: Vec<_> =
            conflicts(&report, &taken).into_iter().map(|found| (found.model.to_owned(), found.is_taken)).collect();
        assert_eq!(found, [("b".to_owned(), false), ("c".to_owned(), true)]);
    }
}
