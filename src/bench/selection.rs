//! What one choice costs among 10, 100 and 1,000 providers: where most are left out, and where every one could serve
//! (`cargo bench -p hub --features server --bench selection`).
#![expect(clippy::unwrap_used, reason = "a benchmark may fail loudly")]

use std::{hint::black_box, sync::Arc};

use chrono::{TimeDelta, Utc};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use hub::{
    domain::{
        hold::{Hold, HoldReason, HoldScope, HoldSource},
        id::{CredentialId, HoldId, ProviderId},
        provider::Kind,
    },
    health::view::HoldsView,
    route::{
        choose::{Wanted, choose},
        snapshot::Snapshot,
    },
    secret::{Sealer, generate_master_key},
    store::snapshot::{Loaded, StoredProvider},
    upstream::client::Clients,
};
use serde_json::json;

/// Providers as large installations have them: some groups, a rule and a redirect each, hours for some. Or, `all_alike`,
/// in one group and of one priority, so that each of them could serve.
fn snapshot(n: i64, all_alike: bool) -> Snapshot {
    let sealer = Sealer::from_base64(&generate_master_key()).unwrap();
    let secret_sealed = sealer.seal("credential", "sk-ant-secret").unwrap();
    let now = Utc::now();
    let provider = |id: i64| {
        let hours = (!all_alike && id % 10 == 0).then_some(("00:00", "23:59")).unzip();
        let provider = json!({
            "id": id.to_string(), "name": format!("provider-{id}"), "kind": "anthropic",
            "base_url": "https://api.example.com", "secret_preview": "", "enabled": all_alike || id % 20 != 0,
            "weight": 1 + id % 5, "priority": if all_alike { 0 } else { id % 3 }, "group_priorities": {},
            "group": [if all_alike { "team-2".to_owned() } else { format!("team-{}", id % 4) }, "default".to_owned()],
            "cost_multiplier": "1", "models": ["claude-*", "house"], "redirects": [{"from": "house", "to": "glm"}],
            "active_from": hours.0, "active_to": hours.1, "probe": true, "message_queue": false, "failure_rules": [],
            "on_client_gone": "drain", "headers": {}, "limit_mode": "soft", "reset_5h_mode": "rolling",
            "daily_reset_mode": "fixed", "daily_reset_time": "00:00", "created_at": now, "updated_at": now,
        });
        StoredProvider {
            provider: serde_json::from_value(provider).unwrap(),
            credential_id: CredentialId(id),
            secret_sealed: secret_sealed.clone(),
            proxy_sealed: None,
        }
    };
    let loaded = Loaded {
        keys: Vec::new(),
        providers: (1..=n).map(provider).collect(),
        prices: Vec::new(),
        group_multipliers: Vec::new(),
        group_priorities: vec![("team-1".to_owned(), -1)],
        settings: Vec::new(),
    };
    Snapshot::build(loaded, chrono_tz::Asia::Shanghai, &sealer, &Clients::default())
}

/// A tenth of them is held, half of these by the hub's own judgement.
fn holds(n: i64) -> HoldsView {
    let since = Utc::now();
    let hold = |id: i64| {
        Arc::new(Hold {
            id: HoldId::fresh(),
            scope: HoldScope::Provider { provider_id: ProviderId(id) },
            reason: HoldReason::RateLimit,
            source: if id % 20 == 0 { HoldSource::Provider } else { HoldSource::Hub },
            since,
            until: Some(since + TimeDelta::hours(1)),
            note: String::new(),
            call_id: None,
            model_sent: None,
        })
    };
    HoldsView::of((1..=n).filter(|id| id % 10 == 0).map(hold).collect())
}

fn selection(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("selection");
    let groups = ["team-1".to_owned(), "team-2".to_owned()];
    for (n, all_alike) in [10, 100, 1_000].into_iter().flat_map(|n| [(n, false), (n, true)]) {
        let snapshot = snapshot(n, all_alike);
        let tried = [ProviderId(1)];
        let wanted = Wanted {
            kind: Kind::Anthropic,
            groups: &groups,
            model: Some("claude-sonnet-4-5"),
            tried: &tried,
            limited: &[],
            bound: None,
            warm: None,
            now: Utc::now(),
        };
        for (name, holds) in [("nothing held", HoldsView::default()), ("a tenth held", holds(n))] {
            let name = format!("{name}, {}", if all_alike { "all eligible" } else { "few eligible" });
            group.bench_with_input(BenchmarkId::new(name, n), &wanted, |bencher, wanted| {
                bencher.iter(|| choose(&snapshot, black_box(wanted), &holds, |total| total / 2));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, selection);
criterion_main!(benches);
