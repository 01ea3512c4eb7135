//! The leaderboard of some users, and of very many.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::problem;
use crate::{
    insight::{days_are_closed, days_are_of, page},
    postgres::execute,
    world::World,
};

/// The ids of the rows, in their order.
fn ids(board: &Value) -> Vec<&str> {
    board["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn users_are_ranked_by_the_tags_and_groups_that_they_have_now() {
    let world = World::alone().await;
    world.provider("a").await;
    let name = |name: &str| format!("{}-{name}", world.tag);
    let ada = world.key_with(json!({"name": name("Ada"), "tags": ["night"]}), json!({})).await;
    let groups = [world.tag.as_str(), "blue"];
    let bob = json!({"name": name("Bob"), "tags": ["night", "core"], "group": groups});
    let bob = world.key_with(bob, json!({})).await;
    let cyd = world.key_with(json!({"name": name("Cyd")}), json!({})).await;
    for (key, n) in [(&ada, 1), (&bob, 3), (&cyd, 2)] {
        for _ in 0..n {
            world.message(key).await.body().await;
        }
        world.calls_of(key, n).await;
    }
    let board = async |query: &str| world.get(&format!("/admin/v1/leaderboard?sort=calls&{query}")).await;
    let (a, b, c) = (ada.user_id.as_str(), bob.user_id.as_str(), cyd.user_id.as_str());
    let whole = board("").await;
    assert_eq!(ids(&whole), [b, c, a], "{whole}");
    let of_group = format!("group={}", world.tag);
    for (query, expected) in [
        ("tag=night", &[b, a][..]),
        ("tag=night&period=all", &[b, a]),
        ("tag=night&by=user&reverse=true", &[a, b]),
        ("tag=core", &[b]),
        ("tag=nigh", &[]),
        ("tag=%20", &[b, c, a]),
        ("group=blue", &[b]),
        ("group=blue&tag=core", &[b]),
        ("group=default&tag=core", &[]),
        (&of_group, &[b, c, a]),
    ] {
        let found = board(query).await;
        assert_eq!(ids(&found), expected, "{query}: {found}");
    }
    // The sums are the same ones.
    let of_bob = board("tag=core").await["items"][0].clone();
    assert_eq!((&of_bob, &of_bob["calls"]), (&whole["items"][0], &json!(3)));

    world.patch(&format!("/admin/v1/users/{b}"), &json!({"tags": ["day"]})).await;
    assert_eq!((ids(&board("tag=night").await), ids(&board("tag=day").await)), (vec![a], vec![b]));
    assert_eq!(world.admin("DELETE", &format!("/admin/v1/users/{a}"), &Value::Null).await.0, 204);
    assert_eq!(ids(&board("tag=night").await), [a], "who is deleted keeps what they had");
    for (query, field) in [
        ("by=key&tag=night", "tag"),
        ("by=model&group=blue", "group"),
        ("tag=%00", "tag"),
        ("tag=a&tag=b", "tag"),
        ("tags=a", "tags"),
    ] {
        let answer = world.admin("GET", &format!("/admin/v1/leaderboard?{query}"), &Value::Null).await;
        problem(&answer, 422, Some(field));
    }

    let html = page(&world, "/leaderboard?tag=day&sort=calls").await;
    assert!(html.contains("-Bob") && !html.contains("-Cyd"), "{html}");
    let models = "href=\"/leaderboard?period=today&amp;sort=calls&amp;by=model\"";
    assert!(html.contains(models), "tags are those of users: {html}");
    let nobody = page(&world, "/leaderboard?tag=core").await;
    assert!(nobody.contains("None of these users used anything"), "{nobody}");
    assert!(page(&world, "/leaderboard?by=model&tag=day").await.contains("claude-sonnet-4-5"));
}

#[tokio::test]
async fn of_very_many_a_thousand_are_shown_and_all_are_given_out() {
    let world = World::alone().await;
    days_are_of(&world, "UTC").await;
    days_are_closed(&world).await;
    // A day that is over for long: what is made of it is read, and nothing is made any more.
    let day = (Utc::now() - TimeDelta::days(3)).date_naive();
    let many = format!(
        "insert into users (name) select 'many-' || n from generate_series(1, 1005) n;
        insert into usage_facets (facet, at, user_id, key_id, provider_id, model, calls, completed, rejected, refused,
            failed, interrupted, abandoned, attempts, unpriced, input, output, cache_write_5m, cache_write_1h, cache_read,
            cost_input, cost_output, cost_cache_write_5m, cost_cache_write_1h, cost_cache_read, cost, first_token_hist,
            duration_hist)
        select 'user_1d', timestamptz '{day}T00:00:00Z', id, 0, 0, '', 1, 1, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0,
            0, 2, array_fill(1::bigint, array[20]), array_fill(1::bigint, array[20])
        from users where name like 'many-%'"
    );
    execute(world.dsn(), &many).await;
    let to = day.succ_opt().unwrap();
    let board = world.get(&format!("/admin/v1/leaderboard?from={day}T00:00:00Z&to={to}T00:00:00Z")).await;
    assert_eq!(ids(&board).len(), 1_005);
    let n_rows = |html: &str| html.matches("<span class=\"rank-number\">").count();
    let address = format!("/leaderboard?from={day}&to={day}");
    let first = page(&world, &address).await;
    assert_eq!(n_rows(&first), 100);
    assert!(first.contains("and 905 more"), "the way to the others");
    let all = page(&world, &format!("{address}&all=1")).await;
    assert_eq!(n_rows(&all), 1_000);
    assert!(all.contains("Only the first 1") && !all.contains("and 5 more"), "they are narrowed down");
}
