//! Quotas: who is near or over a limit.

use serde_json::{Value, json};

use super::{problem, walk};
use crate::{
    hub::Setup,
    limits::{nano, provider},
    patience::until,
    world::{World, ask},
};

/// The quotas of a query, each as whose it is, its window and its share.
async fn listed(world: &World, query: &str) -> Vec<(String, String, String, u64)> {
    let page = world.get(&format!("/admin/v1/quotas?{query}")).await;
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            let share = item["share_permille"].as_u64().unwrap();
            (text(item, "subject"), text(item, "id"), text(item, "window"), share)
        })
        .collect()
}

/// Whose limit it is, which, and how full.
fn of(subject: &str, id: &str, window: &str, share: u64) -> (String, String, String, u64) {
    (subject.to_owned(), id.to_owned(), window.to_owned(), share)
}

#[tokio::test]
async fn limits_of_every_kind_are_listed_the_fullest_first() {
    let (redis, _) = crate::redis::start().await;
    let shared = World::with(Setup::usual().await.set("REDIS_URL", &redis)).await;
    for world in [World::alone().await, shared] {
        assert_eq!(listed(&world, "").await, [], "nobody has a limit");
        // Each call costs 0.015 dollars.
        let (provider, model) = provider(&world).await;
        world.patch(&format!("/admin/v1/providers/{}", provider.id), &json!({"limit_daily_usd": "0.04"})).await;
        let key = world.key_with(json!({"limit_total_usd": "10"}), json!({"limit_monthly_usd": "0.0201"})).await;
        let none = world.key_with(json!({}), json!({"limit_concurrent_requests": 0})).await;
        world.key().await;
        assert_eq!(world.messages(&key, &ask(&model, false)).await.status, 200);
        let expected = [
            of("key", &none.id, "concurrent_requests", 1_000),
            of("key", &key.id, "monthly", 746),
            of("provider", &provider.id, "daily", 375),
            of("user", &key.user_id, "total", 2),
        ];
        until("the call is settled", async || (listed(&world, "").await == expected).then_some(())).await;
        for (query, places) in [
            ("subject=user", &[3][..]),
            ("subject=key", &[0, 1]),
            ("subject=provider", &[2]),
            ("at_least=37", &[0, 1, 2]),
            ("at_least=38", &[0, 1]),
            ("at_least=100", &[0]),
            ("subject=user&at_least=50", &[]),
        ] {
            let wanted: Vec<_> = places.iter().map(|place| expected[*place].clone()).collect();
            assert_eq!(listed(&world, query).await, wanted, "{query}");
        }
        assert_eq!(walk(&world, "/admin/v1/quotas", 1).await, [none.id.as_str(), &key.id, &provider.id, &key.user_id]);
        let page = world.get("/admin/v1/quotas?subject=key&at_least=1").await;
        let item = &page["items"][1];
        assert_eq!((&item["name"], &item["user_id"]), (&json!("laptop"), &json!(key.user_id)), "{item}");
        assert!(item["user_name"].is_string() && item["resets_at"].is_string(), "{item}");
        assert_eq!((nano(&item["settled"]), nano(&item["remaining"])), (15_000_000, 5_100_000), "{item}");
        // Over its limit.
        world.patch(&format!("/admin/v1/keys/{}", key.id), &json!({"limit_monthly_usd": "0.01"})).await;
        assert_eq!(listed(&world, "at_least=100").await[0], of("key", &key.id, "monthly", 1_500));
        // A limit that is taken away, or whose owner is deleted, is no quota.
        world.patch(&format!("/admin/v1/keys/{}", none.id), &json!({"limit_concurrent_requests": null})).await;
        world.admin("DELETE", &format!("/admin/v1/users/{}", key.user_id), &Value::Null).await;
        assert_eq!(listed(&world, "").await, [of("provider", &provider.id, "daily", 375)]);
    }
}

#[tokio::test]
async fn a_question_for_quotas_that_cannot_be_is_refused() {
    let world = World::shared().await;
    for (query, field) in [
        ("subject=group", "subject"),
        ("at_least=101", "at_least"),
        ("at_least=-1", "at_least"),
        ("cursor=x", "cursor"),
        ("limit=0", "limit"),
        ("kind=user", "kind"),
    ] {
        problem(&world.admin("GET", &format!("/admin/v1/quotas?{query}"), &Value::Null).await, 422, Some(field));
    }
}
