//! How providers served lately: a strip of blocks, times, probes.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{
    actor::Admin,
    fault,
    period::{Span, quarter_of},
    usage::Sums,
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        id::ProviderId,
        report::availability::{
            Availability, AvailabilityQuery, AvailabilityRange, MODELS_MAX, ModelAvailability, Probes,
            ProviderAvailability, Served, ServedBlock,
        },
    },
    hub::Hub,
    store::{
        availability::{BlockQuery, BlockRow, ServedRow},
        facet::{Part, Told, Unit},
    },
};

/// Tests and probes that are told of the one provider that is asked for.
const PROBES_MAX: i64 = 20;

/// How every provider served in the range that is asked for, and each of its models.
pub async fn availability(hub: &Hub, _actor: &Admin, query: AvailabilityQuery) -> Result<Availability, Fault> {
    let range = query.range.unwrap_or_default();
    let snapshot = hub.snapshot.load();
    let (now, zone) = (clock::now(), snapshot.zone);
    let starts = starts(range, now, zone);
    let from = starts.first().copied().unwrap_or_default();
    let sums = Sums::open(hub).await?;
    let (parts, minutes) = sums.since(from, Told::Route, &[Unit::Month, Unit::Week, Unit::Day, Unit::Hour]);
    let with_models = query.model_blocks.unwrap_or(true);
    let of_blocks = blocks(range, (from, now), sums, with_models);
    let blocks = BlockQuery {
        parts: of_blocks.0,
        minutes: of_blocks.1,
        block: block(range),
        zone,
        provider_id: query.provider_id,
        by_model: with_models,
    };
    let all = snapshot.upstreams.iter().map(|upstream| &upstream.provider);
    let mut providers: Vec<_> = all.filter(|provider| query.provider_id.is_none_or(|id| id == provider.id)).collect();
    providers.sort_by_key(|provider| (provider.priority, &provider.name));
    let ids: Vec<ProviderId> = providers.iter().map(|provider| provider.id).collect();
    let (rows, blocks, probes, latest) = tokio::try_join!(
        hub.store.served(&parts, minutes, query.provider_id),
        hub.store.served_blocks(&blocks),
        hub.store.count_probes(quarter_of(from)),
        async {
            match query.provider_id {
                Some(_) => hub.store.last_probes(&ids, quarter_of(from), PROBES_MAX).await,
                None => hub.store.last_probe_of_each(&ids, quarter_of(from), now).await,
            }
        },
    )
    .map_err(fault::store)?;
    let mut probes: HashMap<ProviderId, Probes> = probes.into_iter().collect();
    for (provider, probe) in latest {
        let of = probes.entry(provider).or_default();
        // The newest comes first.
        of.last = of.last.or(Some(probe));
        of.latest.push(probe);
    }
    let blocks = blocks.into_iter().map(|row| BlockRow { block: begin(row.block, range, zone), ..row }).collect();
    let mut served = by_provider(rows, blocks, &starts);
    if !with_models {
        for model in served.values_mut().flat_map(|(_, models)| models) {
            model.served.blocks.clear();
        }
    }
    let providers = providers
        .into_iter()
        .map(|provider| {
            let (whole, models) = served.remove(&provider.id).unwrap_or_else(|| (empty(&starts), Vec::new()));
            ProviderAvailability {
                provider_id: provider.id,
                name: provider.name.clone(),
                served: whole,
                probes: probes.remove(&provider.id).unwrap_or_default(),
                models,
            }
        })
        .collect();
    Ok(Availability { range, starts, providers })
}

/// Which sums have the blocks from one time up to now, and which minutes: the longest that lie in a block, and those of
/// providers where nobody asks for models. While there are no days of the hub's zone a month is read by quarter of an hour.
fn blocks(range: AvailabilityRange, (from, now): Span, sums: Sums<'_>, by_model: bool) -> (Vec<Part>, Span) {
    let units: &[Unit] = match range {
        AvailabilityRange::Hour => return (Vec::new(), (from, now + TimeDelta::minutes(1))),
        AvailabilityRange::Day => &[],
        // Blocks of hours begin with whole ones from the epoch on.
        AvailabilityRange::Week => &[Unit::Hour],
        AvailabilityRange::Month => &[Unit::Day],
    };
    sums.since(from, if by_model { Told::Route } else { Told::Provider }, units)
}

/// The length of a block; none for days.
fn block(range: AvailabilityRange) -> Option<TimeDelta> {
    range.block_minutes().map(|minutes| TimeDelta::minutes(minutes.into()))
}

/// The beginnings of the blocks up to now, oldest first.
fn starts(range: AvailabilityRange, now: DateTime<Utc>, zone: Tz) -> Vec<DateTime<Utc>> {
    let back = (0..range.n_blocks()).rev();
    if let Some(block) = block(range) {
        let length = block.num_seconds().max(1);
        let last = now.timestamp().div_euclid(length) * length;
        return back.filter_map(|n| DateTime::from_timestamp(last - i64::from(n) * length, 0)).collect();
    }
    let today = now.with_timezone(&zone).date_naive();
    let days = back.filter_map(|n| today.checked_sub_days(Days::new(n.into())));
    days.map(|day| clock::at_local(day.and_time(NaiveTime::MIN), zone)).collect()
}

/// The beginning of a block that Postgres tells, as the hub tells it: where midnight comes twice each takes another one.
fn begin(at: DateTime<Utc>, range: AvailabilityRange, zone: Tz) -> DateTime<Utc> {
    if block(range).is_some() { at } else { clock::midnight(at, zone) }
}

fn empty(starts: &[DateTime<Utc>]) -> Served {
    Served { blocks: vec![ServedBlock::default(); starts.len()], ..Served::default() }
}

/// What each provider served, in all and by model. Rows come with the most used first.
fn by_provider(
    rows: Vec<ServedRow>,
    blocks: Vec<BlockRow>,
    starts: &[DateTime<Utc>],
) -> BTreeMap<ProviderId, (Served, Vec<ModelAvailability>)> {
    let mut all = BTreeMap::<ProviderId, (Served, Vec<ModelAvailability>)>::new();
    for ServedRow { provider_id, model, totals } in rows {
        let (whole, models) = all.entry(provider_id).or_insert_with(|| (empty(starts), Vec::new()));
        match model {
            Some(model) if models.len() < MODELS_MAX => {
                models.push(ModelAvailability { model, served: Served { totals, ..empty(starts) } });
            }
            Some(_) => {}
            None => whole.totals = totals,
        }
    }
    for row in blocks {
        let Some((whole, models)) = all.get_mut(&row.provider_id) else { continue };
        let served = match &row.model {
            Some(name) => models.iter_mut().find(|model| model.model == *name).map(|model| &mut model.served),
            None => Some(whole),
        };
        let place = starts.binary_search(&row.block).ok();
        if let Some(block) = served.zip(place).and_then(|(served, place)| served.blocks.get_mut(place)) {
            *block = row.served;
        }
    }
    for (whole, models) in all.values_mut() {
        for served in models.iter_mut().map(|model| &mut model.served).chain([whole]) {
            served.good_permille = served.totals.good_permille();
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::report::Totals;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn blocks_reach_up_to_now_and_days_are_those_of_the_zone() {
        let now = at("2026-10-26T10:47:12Z");
        for (range, first, last) in [
            (AvailabilityRange::Hour, "2026-10-26T09:48:00Z", "2026-10-26T10:47:00Z"),
            (AvailabilityRange::Day, "2026-10-25T11:00:00Z", "2026-10-26T10:30:00Z"),
            (AvailabilityRange::Week, "2026-10-19T12:00:00Z", "2026-10-26T09:00:00Z"),
            // Winter time began on 25 October.
            (AvailabilityRange::Month, "2026-09-26T22:00:00Z", "2026-10-25T23:00:00Z"),
        ] {
            let starts = starts(range, now, chrono_tz::Europe::Berlin);
            assert_eq!(starts.len(), usize::try_from(range.n_blocks()).unwrap());
            assert_eq!((starts.first(), starts.last()), (Some(&at(first)), Some(&at(last))), "{range:?}");
        }
    }

    #[test]
    fn a_day_has_its_block_also_where_midnight_comes_twice() {
        let havana = chrono_tz::America::Havana;
        let (first, second) = (at("2026-11-01T04:00:00Z"), at("2026-11-01T05:00:00Z"));
        let starts = starts(AvailabilityRange::Month, at("2026-11-02T12:00:00Z"), havana);
        assert!(starts.contains(&first) && !starts.contains(&second));
        for at in [first, second] {
            assert_eq!(begin(at, AvailabilityRange::Month, havana), first);
            assert_eq!(begin(at, AvailabilityRange::Week, havana), at);
        }
    }

    #[test]
    fn rows_find_their_provider_their_model_and_their_block() {
        let starts = ["2026-11-01T00:00:00Z", "2026-11-01T00:30:00Z"].map(at);
        let model = |name: Option<&str>| name.map(str::to_owned);
        let row = |name, good, bad| ServedRow {
            provider_id: ProviderId(7),
            model: model(name),
            totals: Totals { attempts_good: good, attempts_bad: bad, ..Totals::default() },
        };
        let block = |name, good, bad| BlockRow {
            provider_id: ProviderId(7),
            model: model(name),
            block: starts[1],
            served: ServedBlock { good, bad, duration_ms_p95: Some(250), ..ServedBlock::default() },
        };
        let rows = vec![row(None, 3, 1), row(Some("a"), 3, 0)];
        let all = by_provider(rows, vec![block(None, 3, 1), block(Some("a"), 3, 0)], &starts);
        let (whole, models) = &all[&ProviderId(7)];
        let block = ServedBlock { good: 3, bad: 1, duration_ms_p95: Some(250), ..ServedBlock::default() };
        assert_eq!(whole.blocks, [ServedBlock::default(), block]);
        assert_eq!((whole.good_permille, models[0].served.good_permille), (Some(750), Some(1_000)));
        assert_eq!((models[0].model.as_str(), models[0].served.blocks[1].good), ("a", 3));
    }
}
