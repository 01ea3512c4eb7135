//! What happened, as reports and drawn pages tell it.

use serde_json::{Value, json};

use crate::{
    access::{cookie, log_in},
    client::Request,
    management::problem,
    upstream::Answer,
    world::{World, ask},
};

/// A page of the console as a reader without script gets it.
pub async fn page(world: &World, path: &str) -> String {
    let cookie = cookie(&log_in(world, "", &world.admin_token).await);
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

#[tokio::test]
async fn the_simulator_takes_a_time_of_the_hubs_zone_and_says_beside_the_field_what_is_none() {
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &json!({"time_zone": "Asia/Kathmandu"})).await;
    let asked = async |at: &str| {
        let html = page(&world, &format!("/routing?model=m&at={at}")).await;
        let problem = html.split("id=\"at-problem\"").nth(1).unwrap().split("</div>").next().unwrap();
        (problem.contains("Must be a time"), html.contains("datetime=\"2030-12-31T06:15:00+00:00\""))
    };
    for at in ["2030-12-31T12:00", "2030-12-31%2012:00", "2030-12-31+12%3A00"] {
        assert_eq!(asked(at).await, (false, true), "{at}");
    }
    for at in ["soon", "2030-12-31"] {
        assert_eq!(asked(at).await, (true, false), "{at}");
    }
}

/// The sums of usage rows, as far as they are compared.
fn summed(rows: &Value) -> (u64, u64, u64, u64, u64) {
    let sum = |of: &dyn Fn(&Value) -> u64| rows["items"].as_array().unwrap().iter().map(of).sum();
    let number = |field: &'static str| sum(&move |row| row[field].as_u64().unwrap());
    (
        number("calls"),
        number("attempts"),
        number("attempts_good"),
        number("attempts_bad"),
        sum(&|row| row["usage"]["output"].as_u64().unwrap()),
    )
}

/// Waits until the sums by day begin in this zone, and hold everything.
pub async fn days_are_of(world: &World, zone: &str) {
    let sql = "select case when made_from = 'epoch' then name else '' end from usage_zone";
    crate::patience::until("the days are made", async || (world.value(sql).await == zone).then_some(())).await;
}

/// Waits until all days that are over are closed.
pub async fn days_are_closed(world: &World) {
    let sql = "select coalesce(closed_before >= date_trunc('day', now() - interval '1 hour', nullif(name, '')), false)
        from usage_zone";
    crate::patience::until("days are closed", async || (world.value(sql).await == true).then_some(())).await;
}

/// The same calls so many days ago, as a hub would have summed them then; the days have to be made anew.
async fn copy_quarters(world: &World, days: u32) {
    let columns = world
        .value(
            "select string_agg(column_name, ', ' order by ordinal_position) as c from information_schema.columns
            where table_name = 'usage_15m' and column_name <> 'at'",
        )
        .await;
    let columns = columns.as_str().unwrap().to_owned();
    let copy = format!(
        "insert into usage_15m (at, {columns}) select at - interval '{days} days', {columns} from usage_15m
        where at > now() - interval '1 day';
        update usage_zone set name = ''"
    );
    crate::postgres::execute(world.dsn(), &copy).await;
}

#[tokio::test]
async fn sums_by_day_say_what_quarters_of_an_hour_say_in_every_zone() {
    let world = World::alone().await;
    let a = world.provider_with("a", json!({"priority": 0, "max_attempts": 1})).await;
    world.provider_with("b", json!({"priority": 1})).await;
    let (one, two) = (world.key().await, world.key().await);
    days_are_of(&world, "UTC").await;
    a.script.once(Answer::status(529));
    world.stream(&one).await.body().await;
    world.well_again(&a).await;
    world.message(&two).await.body().await;
    world.calls_of(&one, 1).await;
    world.calls_of(&two, 1).await;
    copy_quarters(&world, 2).await;
    copy_quarters(&world, 31).await;
    let queries: Vec<String> = ["", "&by=user", "&by=key", "&by=provider", "&by=model"]
        .iter()
        .flat_map(|by| ["hour", "day", "week", "month", "total"].map(|step| format!("step={step}{by}")))
        .collect();
    let from = (chrono::Utc::now() - chrono::TimeDelta::days(40)).format("%Y-%m-%dT%H:%M:%SZ");
    let filters = [
        (String::new(), (6, 9, 6, 3, 6 * 385)),
        (format!("user_id={}", one.user_id), (3, 6, 3, 3, 3 * 385)),
        (format!("key_id={}", two.id), (3, 3, 3, 0, 3 * 385)),
        (format!("provider_id={}", a.id), (3, 6, 3, 3, 3 * 385)),
        (format!("user_id={}&provider_id={}", one.user_id, a.id), (0, 3, 0, 3, 0)),
        ("model=claude-sonnet-4-5".to_owned(), (6, 9, 6, 3, 6 * 385)),
        ("model=other".to_owned(), (0, 0, 0, 0, 0)),
    ];
    // Without days, in a zone whose hours are no whole ones from UTC, and in another that comes after it.
    for zone in ["", "Asia/Kathmandu", "America/St_Johns"] {
        if !zone.is_empty() {
            world.patch("/admin/v1/settings", &json!({"time_zone": zone})).await;
            days_are_of(&world, zone).await;
        }
        for ((filter, expected), query) in filters.iter().flat_map(|one| queries.iter().map(move |query| (one, query)))
        {
            let path = format!("/admin/v1/usage?from={from}&{query}&{filter}");
            assert_eq!(summed(&world.get(path.trim_end_matches('&')).await), *expected, "{zone}: {path}");
        }
        let lately = (chrono::Utc::now() - chrono::TimeDelta::days(9)).format("%Y-%m-%dT%H:%M:%SZ");
        let by = async |step: &str| summed(&world.get(&format!("/admin/v1/usage?from={lately}&step={step}")).await);
        assert_eq!(by("quarter_hour").await, by("hour").await, "{zone}");
    }
    // What is recorded later goes to the day of that zone.
    let late = world.key().await;
    world.message(&late).await.body().await;
    world.calls_of(&late, 1).await;
    let sql = format!(
        "select count(*) from usage_15m u join usage_facets f on f.facet = 'caller_1d' and f.key_id = u.key_id
        and f.at = date_trunc('day', u.at, 'America/St_Johns') where u.key_id = {}",
        late.id
    );
    assert_eq!(world.value(&sql).await, 1);
    let today = world.get("/admin/v1/leaderboard?by=key&sort=calls").await;
    assert!(today["items"].as_array().unwrap().iter().any(|row| row["id"] == late.id), "{today}");
}

#[tokio::test]
async fn what_went_wrong_is_counted_by_its_cause_and_the_pages_of_use_show_it() {
    let world = World::alone().await;
    let a = world.provider_with("a", json!({"priority": 0, "max_attempts": 1})).await;
    world.provider_with("b", json!({"priority": 1})).await;
    let (key, other) = (world.key().await, world.key().await);
    a.script.once(Answer::status(529));
    world.message(&key).await.body().await;
    world.well_again(&a).await;
    world.message(&other).await.body().await;
    let stored = world.calls_of(&key, 1).await;
    world.calls_of(&other, 1).await;
    let cause = stored[0]["attempts"][0]["error"]["cause"].clone();
    let errors = async |query: &str| world.get(&format!("/admin/v1/usage/errors?{query}")).await["items"].clone();
    let expected = json!([{"cause": cause, "n_errors": 1}]);
    assert_eq!(errors("").await, expected);
    assert_eq!(errors(&format!("provider_id={}&user_id={}", a.id, key.user_id)).await, expected);
    assert_eq!(errors(&format!("user_id={}", other.user_id)).await, json!([]));
    assert_eq!(errors("model=other").await, json!([]));
    assert_eq!(errors("from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z").await, json!([]));

    let of_provider = page(&world, &format!("/providers/{}/use", a.id)).await;
    let user = format!("/users/{}/use", key.user_id);
    let (calls, of_cause) = (format!("/calls?provider={}&amp;", a.id), format!("error={}", cause.as_str().unwrap()));
    let leads = of_provider.split("href=\"").any(|link| link.starts_with(&calls) && link.contains(&of_cause));
    assert!(of_provider.contains(&user) && leads, "its users, and what went wrong there");
    let of_user = page(&world, &format!("/users/{}/use?period=7d", key.user_id)).await;
    assert!(of_user.contains("/models/claude-sonnet-4-5") && of_user.contains(&format!("/providers/{}/use", a.id)));
    assert!(
        of_user.contains(&format!("/keys/{}/use", key.id)) && !of_user.contains(&format!("/keys/{}/use", other.id))
    );
    let of_key = page(&world, &format!("/keys/{}/use", key.id)).await;
    assert!(of_key.contains("/models/claude-sonnet-4-5") && of_key.contains(&format!("/calls?key={}", key.id)));
    let of_model = page(&world, "/models/claude-sonnet-4-5?period=1y").await;
    assert!(of_model.contains(&format!("/users/{}/use", other.user_id)));
    assert!(page(&world, "/models/no-such-model").await.contains("/leaderboard?by=model"));
    let first = page(&world, "/?by=provider&period=30d").await;
    assert!(first.contains(&format!("{}-a", world.tag)) && first.contains("id=\"attention\""));
}

#[tokio::test]
async fn of_one_provider_the_latest_tests_are_told_newest_first() {
    let world = World::shared().await;
    let provider = world.provider("tested").await;
    let path = format!("/admin/v1/providers/{}/test", provider.id);
    let first = world.admin("POST", &path, &json!({})).await.1;
    let second = world.admin("POST", &path, &json!({})).await.1;
    let path = format!("/admin/v1/availability?provider_id={}", provider.id);
    let probes = crate::patience::until("both tests are told", async || {
        let probes = world.get(&path).await["providers"][0]["probes"].clone();
        (probes["latest"].as_array().map(Vec::len) == Some(2)).then_some(probes)
    })
    .await;
    let (last, before) = (&probes["latest"][0], &probes["latest"][1]);
    assert_eq!((&last["call_id"], &before["call_id"]), (&second["call_id"], &first["call_id"]), "{probes}");
    assert_eq!(&probes["last"], last);
    let drawn = page(&world, &format!("/availability?provider={}", provider.id)).await;
    assert!(drawn.contains("Latest tests and probes"), "{drawn}");
}

#[tokio::test]
async fn availability_is_the_share_of_good_attempts_of_each_provider_and_model_in_every_range() {
    let world = World::alone().await;
    let a = world.provider_with("a", json!({"priority": 0, "max_attempts": 1})).await;
    let b = world.provider_with("b", json!({"priority": 1})).await;
    let (one, two) = (world.key().await, world.key().await);
    days_are_of(&world, "UTC").await;
    a.script.once(Answer::status(529));
    world.message(&one).await.body().await;
    world.well_again(&a).await;
    world.anew(&two, &ask("claude-opus-4-8", false)).await.body().await;
    world.calls_of(&one, 1).await;
    world.calls_of(&two, 1).await;
    let test = world.admin("POST", &format!("/admin/v1/providers/{}/test", b.id), &json!({})).await;
    assert_eq!((test.0, &test.1["ok"]), (200, &json!(true)), "{}", test.1);
    let sql = format!("select count(*) from usage_15m where user_id = 0 and provider_id = {}", b.id);
    crate::patience::until("the test is summed", async || (world.value(&sql).await == 1).then_some(())).await;

    for (range, n_blocks) in [("1h", 60), ("24h", 48), ("7d", 56), ("30d", 30)] {
        let shown = world.get(&format!("/admin/v1/availability?range={range}")).await;
        let (at_a, at_b) = (&shown["providers"][0], &shown["providers"][1]);
        assert_eq!((&at_a["provider_id"], &at_b["provider_id"]), (&json!(a.id), &json!(b.id)), "{range}: {shown}");
        assert_eq!(shown["starts"].as_array().unwrap().len(), n_blocks, "{range}");
        let sum = |of: &Value, field: &str| {
            let blocks = of["blocks"].as_array().unwrap();
            assert_eq!(blocks.len(), n_blocks, "{range}");
            blocks.iter().map(|block| block[field].as_u64().unwrap()).sum::<u64>()
        };
        assert_eq!(
            (sum(at_a, "good"), sum(at_a, "bad"), &at_a["good_permille"]),
            (1, 1, &json!(500)),
            "{range}: {at_a}"
        );
        assert_eq!((sum(at_b, "good"), sum(at_b, "bad"), &at_b["good_permille"]), (2, 0, &json!(1_000)), "{range}");
        assert!(at_a["totals"]["duration_ms_p99"].is_u64(), "{range}: {at_a}");
        let (none, one) = (&at_a["probes"], &at_b["probes"]);
        assert_eq!((&none["good"], &none["last"], &one["good"]), (&json!(0), &Value::Null, &json!(1)), "{range}");
        assert_eq!(one["last"]["good"], true, "{range}: {one}");
        assert_eq!(one["last"]["call_id"], test.1["call_id"], "{range}: {one}");
        let timed = |block: &Value| block["duration_ms_p99"].is_u64() && block["duration_ms_p50"].is_u64();
        let n_timed = at_a["blocks"].as_array().unwrap().iter().filter(|block| timed(block)).count();
        assert!((1..=2).contains(&n_timed), "{range}: {at_a}");
        let model = |of: &Value, name: &str| {
            let models = of["models"].as_array().unwrap();
            models.iter().find(|model| model["model"] == name).cloned().unwrap_or_default()
        };
        let (opus, sonnet) = (model(at_a, "claude-opus-4-8"), model(at_a, "claude-sonnet-4-5"));
        assert_eq!((sum(&opus, "good"), sum(&opus, "bad")), (1, 0), "{range}: {opus}");
        assert_eq!((sum(&sonnet, "good"), &sonnet["good_permille"]), (0, &json!(0)), "{range}: {sonnet}");
    }
    let only = world.get(&format!("/admin/v1/availability?provider_id={}&model_blocks=false", b.id)).await;
    assert_eq!(only["providers"].as_array().map(Vec::len), Some(1), "{only}");
    let (at_b, model) = (&only["providers"][0], &only["providers"][0]["models"][0]);
    assert_eq!((&at_b["provider_id"], at_b["blocks"].as_array().map(Vec::len)), (&json!(b.id), Some(48)), "{only}");
    assert!(model["totals"]["attempts"].as_u64() > Some(0) && model["blocks"] == json!([]), "{only}");
    for (query, field) in [("range=1y", "range"), ("period=24h", "period")] {
        let answer = world.admin("GET", &format!("/admin/v1/availability?{query}"), &Value::Null).await;
        problem(&answer, 422, Some(field));
    }
    let drawn = page(&world, "/availability?range=7d").await;
    assert!(drawn.contains(&format!("/providers/{}/use", a.id)) && drawn.contains("1 good attempts, 1 bad ones"));
    assert!(page(&world, "/availability?range=x").await.contains("class=\"strip\""), "what cannot be read is left out");

    // Where they are many, each has a strip, and its own page has the rest.
    for n in 0..5 {
        world.provider_with(&format!("more {n}"), json!({"priority": 2})).await;
    }
    let drawn = page(&world, "/availability?range=7d").await;
    let whole = format!("/availability?provider={}&amp;range=7d", a.id);
    assert!(drawn.contains("1 good attempts, 1 bad ones") && drawn.contains(&whole), "{drawn}");
    assert!(!drawn.contains("claude-opus-4-8"), "{drawn}");
    let drawn = page(&world, &whole.replace("&amp;", "&")).await;
    assert!(drawn.contains("claude-opus-4-8") && !drawn.contains("more 1"), "{drawn}");
}

#[tokio::test]
async fn the_overview_is_there_for_scripts_too() {
    let world = World::alone().await;
    let a = world.provider_with("a", json!({"priority": 0})).await;
    let b = world.provider_with("b", json!({"priority": 1})).await;
    let key = world.key().await;
    let gate = crate::upstream::Gate::new();
    world.message(&key).await.body().await;
    world.anew(&key, &ask("a-model-without-a-price", false)).await.body().await;
    world.calls_of(&key, 2).await;
    let paused = world.admin("POST", &format!("/admin/v1/providers/{}/pause", b.id), &json!({"duration_s": 600})).await;
    assert!(paused.0 < 300, "{paused:?}");
    a.script.once(Answer::proper(&a.script.requests()[0]).pause_before_head(&gate));
    let request = world.request(&key, ask("claude-sonnet-4-5", false).to_string());
    let open = request.open(world.hub.address).await.unwrap();
    gate.reached().await;
    let overview = world.get("/admin/v1/overview").await;
    assert_eq!((&overview["today"]["calls"], &overview["yesterday"]["calls"]), (&json!(2), &json!(0)), "{overview}");
    assert_eq!((&overview["active"], &overview["running"][0]["key_id"]), (&json!(1), &json!(key.id)), "{overview}");
    let attention = overview["attention"].as_array().unwrap();
    let of = |kind: &str| attention.iter().find(|one| one["kind"] == kind).unwrap_or_else(|| panic!("{overview}"));
    assert_eq!(of("unpriced")["models"], json!(["a-model-without-a-price"]));
    let held = of("held");
    assert_eq!((&held["provider_id"], &held["reason"]), (&json!(b.id), &json!("pause")));
    let until: chrono::DateTime<chrono::Utc> = held["until"].as_str().unwrap().parse().unwrap();
    let left = (until - chrono::Utc::now()).num_seconds();
    let remaining = held["remaining_s"].as_i64().unwrap();
    assert!((500..=600).contains(&left) && (left..=600).contains(&remaining), "{left} s: {held}");
    // Counted down on the page, and the way there.
    let first = page(&world, "/").await;
    assert!(first.contains(&format!("data-until=\"{}\"", until.timestamp_millis())), "{first}");
    assert!(first.contains("href=\"/providers?state=held\""), "{first}");
    gate.open();
    open.reply("POST").await.unwrap().body().await;
    let (status, answer) = world.admin("GET", "/admin/v1/overview?from=1", &Value::Null).await;
    assert_eq!((status, &answer["field"]), (422, &json!("from")), "{answer}");
}
