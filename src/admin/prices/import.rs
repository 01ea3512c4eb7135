//! A price file: what it would change, and the change itself.

use std::collections::{BTreeMap, BTreeSet};

use super::litellm;
use crate::{
    admin::{actor::Admin, change, fault},
    clock,
    domain::{
        fault::Fault,
        price::{
            ModelPrice, Price, PriceSource,
            import::{ImportQuery, ImportReport, KeptPrice, PriceChange},
        },
    },
    hub::Hub,
    store::prices::{Generations, Standing},
    upstream::fetch,
};

/// Bytes of a price file.
pub const FILE_BYTES_MAX: usize = 32 << 20;

/// Sets the prices of a file in `LiteLLM`'s form; a preview only says what would change. What an operator has set or
/// deleted stays, unless `query.take` names it (docs/rules.md, Prices).
pub async fn import(hub: &Hub, actor: &Admin, file: &[u8], query: &ImportQuery) -> Result<ImportReport, Fault> {
    let file = litellm::read(file).map_err(|why| Fault::invalid("file", why))?;
    let taken = query.taken();
    if let Some(unknown) = taken.iter().find(|model| !file.prices.contains_key(*model)) {
        return Err(Fault::invalid("take", format!("names {unknown}, which the file has no price for")));
    }
    let mut change = change::begin(hub).await?;
    let standing = change.lock_prices().await.map_err(fault::store)?;
    let generations = Generations::known();
    let by_generation = |(model, price): (String, Price)| {
        let price = price.following(generations.factors(&model));
        (model, price)
    };
    let mut report = compare(file.prices.into_iter().map(by_generation).collect(), &standing, &taken);
    (report.preview, report.unusable, report.n_skipped) = (query.preview, file.unusable, file.n_skipped);
    if query.preview {
        return Ok(report);
    }
    let updated_at = clock::now();
    for PriceChange { model, after, .. } in report.added.iter().chain(&report.changed) {
        let (model, price) = (model.clone(), after.clone());
        let fresh = ModelPrice { model, price, source: PriceSource::Litellm, updated_at, version: 0 };
        change.put_price(&fresh).await.map_err(fault::store)?;
    }
    let mut entry = actor.entry("price.import", &"");
    entry.after = Some(serde_json::json!({
        "added": report.added.len(), "changed": report.changed.len(), "kept": report.kept.len(),
        "unusable": report.unusable.len(), "taken": taken,
    }));
    change::commit(hub, change, entry).await?;
    Ok(report)
}

/// Imports the file that the setting `prices_url` names.
pub async fn sync(hub: &Hub, actor: &Admin, query: &ImportQuery) -> Result<ImportReport, Fault> {
    let url = hub.snapshot.load().settings.prices_url.clone();
    if url.is_empty() {
        return Err(Fault::invalid("prices_url", "is not set: there is nowhere to read prices from"));
    }
    let file = fetch::get(&url, FILE_BYTES_MAX).await;
    let file = file.map_err(|why| Fault::invalid("prices_url", why))?;
    import(hub, actor, &file, query).await
}

/// The same, by the clock.
pub async fn sync_by_clock(hub: &Hub) -> Result<ImportReport, Fault> {
    sync(hub, &Admin::system(), &ImportQuery::default()).await
}

/// What a file's prices are to the prices that stand. An operator's price of a model of `taken` gives way.
fn compare(
    file: BTreeMap<String, Price>,
    standing: &BTreeMap<String, Standing>,
    taken: &BTreeSet<String>,
) -> ImportReport {
    let mut report = ImportReport::default();
    for (model, file) in file {
        let Some(Standing { price: own, is_deleted }) = standing.get(&model) else {
            report.added.push(PriceChange { model, before: None, source: None, after: file });
            continue;
        };
        let is_taken = taken.contains(&model);
        if *is_deleted && is_taken {
            report.added.push(PriceChange { model, before: None, source: None, after: file });
            continue;
        }
        if *is_deleted {
            report.kept.push(KeptPrice { model, own: None, file });
            continue;
        }
        let after = completed(file, &own.price);
        match own.source {
            _ if after == own.price => report.n_unchanged += 1,
            PriceSource::Manual if !is_taken => {
                report.kept.push(KeptPrice { model, own: Some(own.price.clone()), file: after });
            }
            PriceSource::Builtin | PriceSource::Litellm | PriceSource::Manual => {
                let before = Some(own.price.clone());
                report.changed.push(PriceChange { model, before, source: Some(own.source), after });
            }
        }
    }
    report
}

/// A file's price, with what was known before where the file says nothing. A window only grows: files name those that
/// models have without asking, and a hard limit would reserve too little.
fn completed(file: Price, known: &Price) -> Price {
    let factors = if known.cache_factors.are_usual() { file.cache_factors } else { known.cache_factors };
    let mut file = file.following(factors).with_published_of(known);
    if file.speeds.is_empty() && file.regions.is_empty() {
        file.speeds.clone_from(&known.speeds);
        file.regions.clone_from(&known.regions);
    }
    if file.service_tiers.is_empty() {
        file.service_tiers.clone_from(&known.service_tiers);
    }
    for (tool, fee) in &known.tools {
        file.tools.entry(*tool).or_insert(*fee);
    }
    file.context_window = file.context_window.max(known.context_window);
    file.max_output = file.max_output.max(known.max_output);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(json: &str) -> Price {
        serde_json::from_str(json).unwrap()
    }

    fn standing(source: PriceSource, is_deleted: bool) -> (String, Standing) {
        let model = format!("{source:?}-{is_deleted}").to_lowercase();
        let own = price(r#"{"input":"3","output":"15","cache_read":"0.15","speeds":{"fast":"2"},"max_output":9}"#);
        let updated_at = chrono::DateTime::default();
        let price = ModelPrice { model: model.clone(), price: own, source, updated_at, version: 1 };
        (model, Standing { price, is_deleted })
    }

    #[test]
    fn what_an_operator_has_decided_stays_unless_it_is_named() {
        let all = [PriceSource::Builtin, PriceSource::Litellm, PriceSource::Manual];
        let deleted = standing(PriceSource::Builtin, true);
        let standing: BTreeMap<_, _> = all.map(|source| standing(source, false)).into_iter().chain([deleted]).collect();
        let file: BTreeMap<String, Price> = standing
            .keys()
            .map(String::as_str)
            .chain(["new"])
            .map(|model| (model.to_owned(), price(r#"{"input":"2","output":"15"}"#)))
            .collect();
        let report = compare(file.clone(), &standing, &BTreeSet::new());
        let names = |changes: &[PriceChange]| changes.iter().map(|change| change.model.clone()).collect::<Vec<_>>();
        assert_eq!(names(&report.added), ["new"]);
        assert_eq!(names(&report.changed), ["builtin-false", "litellm-false"]);
        let kept: Vec<_> = report.kept.iter().map(|kept| (kept.model.as_str(), kept.own.is_some())).collect();
        assert_eq!(kept, [("builtin-true", false), ("manual-false", true)]);

        let taken = BTreeSet::from(["builtin-true", "manual-false", "new"].map(str::to_owned));
        let report = compare(file, &standing, &taken);
        assert_eq!(names(&report.added), ["builtin-true", "new"]);
        assert_eq!(names(&report.changed), ["builtin-false", "litellm-false", "manual-false"]);
        assert_eq!(report.kept, []);
    }

    #[test]
    fn what_the_file_does_not_speak_of_stays_known() {
        let (model, known) = standing(PriceSource::Builtin, false);
        let same = compare(
            BTreeMap::from([(model, price(r#"{"input":"3","output":"15"}"#))]),
            &BTreeMap::from([standing(PriceSource::Builtin, false)]),
            &BTreeSet::new(),
        );
        assert_eq!(same.n_unchanged, 1);
        let dearer = completed(price(r#"{"input":"4","output":"15","regions":{"us":"1.1"}}"#), &known.price.price);
        assert_eq!((dearer.cache_read, dearer.max_output), ("0.4".parse().unwrap(), Some(9)));
        assert!(dearer.speeds.is_empty());
    }

    #[test]
    fn a_file_that_changes_a_price_keeps_the_factors_of_its_generation_and_never_shrinks_a_window() {
        let known = price(
            r#"{"input":"4","output":"20","cache_write_5m":"5","cache_write_1h":"8","cache_read":"0.2",
            "cache_factors":{"read":"0.05"},"context_window":1000000,"max_output":128000,
            "tiers":[{"above_tokens":200000,"input":"8","output":"30","cache_read":"0.3"}]}"#,
        );
        let file = price(
            r#"{"input":"3","output":"15","context_window":200000,"max_output":64000,
            "tiers":[{"above_tokens":200000,"input":"8","output":"30"},{"above_tokens":500000,"input":"9","output":"30"}]}"#,
        );
        let after = completed(file, &known);
        let usd = |text: &str| text.parse().unwrap();
        assert_eq!((after.cache_write_1h, after.cache_read), (usd("6"), usd("0.15")));
        assert_eq!(after.derived.len(), 3);
        // What is published of a tier stays where the file says nothing else, and what follows says so.
        let (same, other) = (&after.tiers[0], &after.tiers[1]);
        assert_eq!((same.rates.cache_read, same.derived.len()), (usd("0.3"), 2));
        assert_eq!((other.rates.cache_read, other.derived.len()), (usd("0.45"), 3));
        assert_eq!((after.context_window, after.max_output), (Some(1_000_000), Some(128_000)));
    }
}
