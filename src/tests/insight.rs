//! What happened, as reports and drawn pages tell it.

use serde_json::{Value, json};

use crate::{
    client::Request,
    management::problem,
    upstream::Answer,
    world::{World, ask},
};

/// The cookie of somebody who has logged in to the console, as a form without script does it.
async fn log_in(world: &World) -> String {
    let door = Request::get("/login").header("accept", "text/html").send(world.hub.address).await.text().await;
    let action = door.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a form");
    let request = Request::post(action, format!("token={}", world.admin_token))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "text/html")
        .header("sec-fetch-site", "same-origin");
    let reply = request.send(world.hub.address).await;
    let cookie = reply.header("set-cookie").unwrap_or_else(|| panic!("{action}: {} and no cookie", reply.status));
    cookie.split(';').next().unwrap().to_owned()
}

/// A page of the console as a reader without script gets it.
async fn page(world: &World, path: &str) -> String {
    let cookie = log_in(world).await;
    let request = Request::get(path).header("cookie", cookie).header("accept", "text/html");
    let mut reply = request.send(world.hub.address).await;
    let text = reply.text().await;
    assert_eq!(reply.status, 200, "{path}: {}", &text[..text.len().min(300)]);
    text
}

/// The names of the rows, in their order.
fn names(board: &Value) -> Vec<&str> {
    board["items"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_leaderboard_ranks_what_was_used_by_whatever_is_asked_for() {
    let world = World::alone().await;
    let a = world.provider_with("a", json!({"priority": 0, "max_attempts": 1})).await;
    let b = world.provider_with("b", json!({"priority": 1, "cost_multiplier": "10"})).await;
    let (busy, idle) = (world.key().await, world.key().await);
    for _ in 0..2 {
        world.message(&busy).await.body().await;
    }
    a.script.once(Answer::status(529));
    world.anew(&idle, &ask("claude-opus-4-8", false)).await.body().await;
    world.well_again(&a).await;
    world.calls_of(&busy, 2).await;
    world.calls_of(&idle, 1).await;
    let board = async |query: &str| world.get(&format!("/admin/v1/leaderboard?{query}")).await;

    let by_calls = board("by=key&sort=calls").await;
    let ids: Vec<_> = by_calls["items"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
    assert_eq!(ids, [json!(busy.id), json!(idle.id)], "{by_calls}");
    let by_cost = board("by=user").await;
    assert_eq!(by_cost["items"][0]["id"], json!(idle.user_id), "ten times as dear: {by_cost}");
    assert_eq!(by_cost["items"][1]["success_permille"], 1_000, "{by_cost}");
    assert!(by_cost["items"][0]["before"].is_null() && by_cost["before_from"].is_string(), "{by_cost}");

    let providers = board("by=provider&sort=name").await;
    assert_eq!(names(&providers), [format!("{}-a", world.tag), format!("{}-b", world.tag)]);
    assert_eq!(
        (&providers["items"][0]["attempts"], &providers["items"][1]["calls"]),
        (&json!(3), &json!(1)),
        "{providers}"
    );
    let models = board("by=model&sort=name&reverse=true").await;
    assert_eq!(names(&models), ["claude-sonnet-4-5", "claude-opus-4-8"]);
    let all = board("by=provider&period=all").await;
    assert_eq!(all["before_from"], Value::Null);
    let day = board("by=user&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z").await;
    assert_eq!((names(&day).len(), &day["before_from"]), (0, &json!("2025-12-31T00:00:00Z")));
    assert!(b.id != a.id);
    for (query, field) in [
        ("by=nobody", "by"),
        ("sort=luck", "sort"),
        ("period=today&from=2026-01-01T00:00:00Z", "period"),
        ("to=2026-01-01T00:00:00Z", "from"),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
        ("limit=3", "limit"),
    ] {
        let answer = world.admin("GET", &format!("/admin/v1/leaderboard?{query}"), &Value::Null).await;
        problem(&answer, 422, Some(field));
    }
}

#[tokio::test]
async fn a_drawn_page_is_there_without_script_and_in_the_readers_language() {
    let world = World::alone().await;
    world.provider("a").await;
    let key = world.key_with(json!({"name": "<b>Ada & Co</b>"}), json!({})).await;
    let model = world.priced_model().await;
    world.anew(&key, &ask(&model, false)).await.body().await;
    world.calls_of(&key, 1).await;
    let users = page(&world, "/leaderboard").await;
    assert!(users.contains("&lt;b&gt;Ada &amp; Co&lt;/b&gt;") && !users.contains("<b>Ada"), "a name is never markup");
    assert!(users.contains("aria-sort=\"descending\""));
    let models = page(&world, "/leaderboard?by=model&period=week&sort=name").await;
    assert!(models.contains(&model) && models.contains("aria-sort=\"ascending\""), "sorted by name");
    assert!(models.contains("/leaderboard?by=model&amp;period=week&amp;sort=name&amp;order=reverse"), "and back again");
    let past = page(&world, "/leaderboard?from=2020-01-01&to=2020-01-02").await;
    assert!(!past.contains("Ada") && past.contains("value=\"2020-01-01\""), "an own range stays in its form");
    let odd = page(&world, "/leaderboard?by=x&period=y&sort=z&from=%00&to=%F0%28").await;
    assert!(odd.contains("Ada &amp; Co"), "what cannot be read is left out");
}
