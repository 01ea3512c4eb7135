//! The list of keys over all users.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    limits::{names, with_limits},
    problem, walk,
};
use crate::{
    insight::page,
    postgres::execute,
    world::{World, merge},
};

const KEYS: &str = "/admin/v1/keys";

/// Makes a user and gives its id.
async fn user(world: &World, name: &str, fields: Value) -> String {
    let user = merge(json!({"name": format!("{}-{name}", world.tag)}), fields);
    world.create("/admin/v1/users", &user).await["id"].as_str().unwrap().to_owned()
}

/// Makes a key of a user and gives its id.
async fn key(world: &World, user_id: &str, name: &str, fields: Value) -> String {
    let key = merge(json!({"name": name}), fields);
    world.create(&format!("/admin/v1/users/{user_id}/keys"), &key).await["id"].as_str().unwrap().to_owned()
}

/// The row of a key on a drawn page.
fn row<'a>(html: &'a str, id: &str) -> &'a str {
    let rest = html.split(&format!("data-key=\"{id}\"")).nth(1).unwrap_or_else(|| panic!("{id} is not in {html}"));
    rest.split("</tr>").next().unwrap()
}

#[tokio::test]
async fn keys_of_all_users_are_searched_and_filtered() {
    let world = World::alone().await;
    let soon = (Utc::now() + TimeDelta::days(3)).to_rfc3339();
    let ada = user(&world, "Ada", json!({"group": ["blue"]})).await;
    let bob = user(&world, "Bob", json!({"enabled": false})).await;
    let cyd = user(&world, "Cyd", json!({})).await;
    let laptop = key(&world, &ada, "Laptop", json!({})).await;
    let build = key(&world, &ada, "Build_50%", json!({"group": ["red"], "limit_daily_usd": "5"})).await;
    let travel = key(&world, &bob, "laptop", json!({"expires_at": soon})).await;
    let old = key(&world, &cyd, "museum", json!({"expires_at": "2020-01-01T00:00:00Z"})).await;
    let off = key(&world, &cyd, "retired", json!({"enabled": false, "group": ["*"]})).await;
    let aged = format!(
        "update keys set created_at = now() - interval '40 days' where id in ({laptop}, {build});
        update keys set last_used_at = now() - interval '10 days' where id = {laptop}"
    );
    execute(world.dsn(), &aged).await;
    let preview = world.get(&format!("{KEYS}/{old}")).await["preview"].as_str().unwrap().to_owned();
    let end = preview.rsplit('…').next().unwrap();
    let all = [&laptop, &build, &travel, &old, &off];
    let of_ada = format!("search={}-ADA", world.tag);
    for (query, expected) in [
        ("", &all[..]),
        ("search=LAPTOP", &[&laptop, &travel]),
        (&of_ada, &[&laptop, &build]),
        (&format!("search={end}"), &[&old]),
        ("search=_50%25", &[&build]),
        ("search=%20", &all),
        ("search=no-such-key", &[]),
        (&format!("user_id={cyd}"), &[&old, &off]),
        ("group=blue", &[&laptop]),
        ("group=red", &[&build]),
        ("group=default", &[&travel, &old]),
        ("group=*", &[&off]),
        ("status=active", &[&laptop, &build]),
        ("status=expiring", &[&travel]),
        ("status=expired", &[&old]),
        ("status=disabled", &[&off]),
        ("unused_days=7", &[&laptop, &build]),
        ("unused_days=30", &[&build]),
        ("unused_days=90", &[]),
        (&format!("user_id={ada}&unused_days=7&status=active&group=blue&search=lap"), &[&laptop]),
    ] {
        let expected: Vec<&String> = expected.to_vec();
        assert_eq!(walk(&world, &format!("{KEYS}?{query}"), 2).await.iter().collect::<Vec<_>>(), expected, "{query}");
        let mut newest = walk(&world, &format!("{KEYS}?reverse=true&{query}"), 2).await;
        newest.reverse();
        assert_eq!(newest.iter().collect::<Vec<_>>(), expected, "{query}, the newest first");
    }
    for (query, field) in [
        ("status=odd", "status"),
        ("user_id=Ada", "user_id"),
        ("unused_days=0", "unused_days"),
        ("unused_days=3651", "unused_days"),
        ("search=%00", "search"),
        ("limit=501", "limit"),
        ("cursor=%20", "cursor"),
        ("sort=name", "sort"),
    ] {
        problem(&world.admin("GET", &format!("{KEYS}?{query}"), &Value::Null).await, 422, Some(field));
    }
}

#[tokio::test]
async fn a_listed_key_is_the_key_with_its_user_and_goes_with_either() {
    let world = World::alone().await;
    let ada = user(&world, "Ada", json!({"group": ["blue"]})).await;
    let bob = user(&world, "Bob", json!({"enabled": false})).await;
    let laptop = key(&world, &ada, "laptop", json!({"limit_rpm": 5})).await;
    let desk = key(&world, &bob, "desk", json!({})).await;
    let listed = world.get(KEYS).await;
    let (first, second) = (&listed["items"][0], &listed["items"][1]);
    let single = world.get(&format!("{KEYS}/{laptop}")).await;
    let mut own: Vec<&str> = single.as_object().unwrap().keys().map(String::as_str).collect();
    for field in &own {
        assert_eq!(first[*field], single[*field], "{field}");
    }
    own.extend(["user_group", "user_name", "user_status"]);
    assert_eq!(names(first), with_limits(&own));
    assert_eq!((&first["user_name"], &first["user_group"]), (&json!(format!("{}-Ada", world.tag)), &json!(["blue"])));
    assert_eq!((&first["user_status"], &second["user_status"]), (&json!("active"), &json!("disabled")));
    assert_eq!((&second["id"], &second["user_group"]), (&json!(desk), &json!([])));
    assert_eq!(world.admin("DELETE", &format!("{KEYS}/{laptop}"), &Value::Null).await.0, 204);
    assert_eq!(walk(&world, KEYS, 9).await, [desk]);
    assert_eq!(world.admin("DELETE", &format!("/admin/v1/users/{bob}"), &Value::Null).await.0, 204);
    assert_eq!(walk(&world, KEYS, 9).await, [""; 0]);
}

#[tokio::test]
async fn the_drawn_list_says_whose_a_key_is_and_what_it_has_spent_today() {
    let world = World::alone().await;
    let empty = page(&world, "/keys").await;
    assert!(empty.contains("No keys yet"), "{empty}");
    world.provider("a").await;
    let used = world.key_with(json!({"name": "Ada & Co"}), json!({"limit_daily_usd": "5", "limit_rpm": 7})).await;
    world.message(&used).await.body().await;
    world.calls_of(&used, 1).await;
    let bob = user(&world, "Bob", json!({"enabled": false, "group": ["blue"]})).await;
    let idle = key(&world, &bob, "desk", json!({})).await;
    let html = page(&world, "/keys").await;
    let (of_used, of_idle) = (row(&html, &used.id), row(&html, &idle));
    for part in [
        format!("href=\"/keys/{}/use\"", used.id),
        format!("href=\"/users/{}\"", used.user_id),
        format!("href=\"/users/{}?edit={}\"", used.user_id, used.id),
        "Ada &amp; Co".to_owned(),
        "Calls a minute 7 · Cost in a day $5.00".to_owned(),
        "Active".to_owned(),
        world.tag.clone(),
    ] {
        assert!(of_used.contains(&part), "{part}: {of_used}");
    }
    // As many digits as the other sums of the column have.
    assert!(of_used.contains("$0.0") && !of_used.contains("$0.0000<"), "it has spent something: {of_used}");
    assert!(of_idle.contains("$0.0000<") && of_idle.contains("Never"), "{of_idle}");
    assert!(of_idle.contains("User disabled") && of_idle.contains("blue"), "{of_idle}");

    let found = page(&world, "/keys?search=desk&status=active&order=reverse").await;
    assert!(found.contains(&format!("data-key=\"{idle}\"")) && !found.contains(&format!("data-key=\"{}\"", used.id)));
    assert!(found.contains("aria-sort=\"descending\"") && found.contains("name=\"order\" value=\"reverse\""));
    let of_bob = page(&world, &format!("/keys?user={bob}")).await;
    assert!(of_bob.contains("chip-away") && of_bob.contains(&format!("name=\"user\" value=\"{bob}\"")), "{of_bob}");
    assert!(page(&world, "/keys?search=nothing-here").await.contains("No key matches"));
    for query in ["status=odd", "unused=long", "unused=0", "user=Ada"] {
        let html = page(&world, &format!("/keys?{query}")).await;
        assert!(html.contains("Nothing is listed until") && !html.contains("data-key="), "{query}: {html}");
    }
}
