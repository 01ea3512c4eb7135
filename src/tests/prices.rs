//! Prices as data: versions, files, and what a call is charged.

mod rounds;

use serde_json::{Value, json};

use crate::{
    access::{call, cookie, escape, log_in},
    client::Request,
    hub::Setup,
    management::problem,
    patience::until,
    upstream::{Answer, Script},
    world::{World, ask},
};

/// A price file in the form that is known, made by hand.
fn file() -> Value {
    json!({
        "sample_spec": {"mode": "one of chat, embedding", "input_cost_per_token": 0},
        "claude-opus-5": {"mode": "chat", "litellm_provider": "anthropic", "input_cost_per_token": 6e-6,
            "output_cost_per_token": 3e-5, "max_input_tokens": 1_000_000},
        "vendor/large": {"mode": "responses", "input_cost_per_token": 1.25e-6, "output_cost_per_token": 1e-5,
            "input_cost_per_token_above_200k_tokens": 2.5e-6, "output_cost_per_token_above_200k_tokens": 1.5e-5},
        "hand": {"mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6},
        "gone": {"mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6},
        "half": {"mode": "chat", "input_cost_per_token": 1e-6},
        "pictures": {"mode": "image_generation", "input_cost_per_image": 0.04},
    })
}

fn names(changes: &Value) -> Vec<&str> {
    changes.as_array().unwrap().iter().map(|change| change["model"].as_str().unwrap()).collect()
}

/// Sends a body as it is.
async fn send(world: &World, target: &str, body: Vec<u8>) -> (u16, Value) {
    let request = Request::post(target, body).header("authorization", format!("Bearer {}", world.admin_token));
    let mut reply = request.header("x-forwarded-for", &world.address).send(world.hub.address).await;
    (reply.status, serde_json::from_slice(&reply.body().await).unwrap_or_default())
}

/// A world with a price that an operator has set, and one that was deleted.
async fn decided() -> World {
    let world = World::alone().await;
    let own = json!({"input": "9", "output": "9"});
    assert_eq!(world.admin("PUT", "/admin/v1/prices/hand", &own).await.0, 200);
    assert_eq!(world.admin("PUT", "/admin/v1/prices/gone", &own).await.0, 200);
    assert_eq!(world.admin("DELETE", "/admin/v1/prices/gone", &Value::Null).await.0, 204);
    world
}

fn judge(report: &Value) {
    assert_eq!(names(&report["added"]), ["vendor/large"], "{report}");
    assert_eq!(names(&report["changed"]), ["claude-opus-5"], "{report}");
    let changed = &report["changed"][0];
    assert_eq!((&changed["before"]["input"], &changed["after"]["input"]), (&json!("5"), &json!("6")), "{report}");
    assert_eq!((&changed["after"]["cache_write_1h"], &changed["source"]), (&json!("12"), &json!("builtin")));
    assert_eq!(names(&report["kept"]), ["gone", "hand"], "{report}");
    assert_eq!(names(&report["unusable"]), ["half"], "{report}");
    assert_eq!((&report["n_skipped"], &report["n_unchanged"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn a_price_file_is_shown_first_and_never_overwrites_an_operator() {
    let world = decided().await;
    let preview = send(&world, "/admin/v1/prices/import?preview=true", file().to_string().into()).await;
    assert_eq!((preview.0, &preview.1["preview"]), (200, &json!(true)), "{}", preview.1);
    judge(&preview.1);
    let before = world.get("/admin/v1/prices?q=OPUS-5&limit=500").await;
    assert_eq!(before["items"][0]["source"], "builtin", "a preview changes nothing: {before}");

    let (status, report) = send(&world, "/admin/v1/prices/import", file().to_string().into()).await;
    assert_eq!(status, 200, "{report}");
    judge(&report);
    let large = world.get("/admin/v1/prices?q=vendor").await;
    let large = &large["items"][0];
    assert_eq!(
        (&large["source"], &large["cache_read"], &large["tiers"][0]["input"]),
        (&json!("litellm"), &json!("0.125"), &json!("2.5")),
        "{large}"
    );
    assert_eq!(large["derived"], json!(["cache_write_5m", "cache_write_1h", "cache_read"]));
    assert_eq!(world.get("/admin/v1/prices?q=hand").await["items"][0]["input"], "9");
    assert_eq!(world.get("/admin/v1/prices?q=gone").await["items"], json!([]));

    for (source, model) in [("litellm", "vendor/large"), ("manual", "hand")] {
        let found = world.get(&format!("/admin/v1/prices?limit=500&source={source}")).await;
        assert!(names(&found["items"]).contains(&model), "{found}");
        let of = |price: &Value| price["source"] == source;
        assert!(found["items"].as_array().unwrap().iter().all(of), "{found}");
    }
    problem(&world.admin("GET", "/admin/v1/prices?source=nobody", &Value::Null).await, 422, Some("source"));

    let (_, again) = send(&world, "/admin/v1/prices/import", file().to_string().into()).await;
    assert_eq!(
        (&again["added"], &again["changed"], &again["n_unchanged"]),
        (&json!([]), &json!([]), &json!(2)),
        "{again}"
    );
    // A restart leaves the file's price alone.
    world.hub.terminate();
    world.hub.stopped().await;
    world.hub.start_again().await;
    let opus = world.get("/admin/v1/prices?q=claude-opus-5").await;
    let opus = opus["items"].as_array().unwrap().iter().find(|price| price["model"] == "claude-opus-5").unwrap();
    assert_eq!(
        (&opus["source"], &opus["input"], &opus["speeds"]["fast"]),
        (&json!("litellm"), &json!("6"), &json!("2"))
    );
}

#[tokio::test]
async fn what_an_operator_has_decided_gives_way_where_it_is_named() {
    let world = decided().await;
    let import =
        async |query: &str| send(&world, &format!("/admin/v1/prices/import?{query}"), file().to_string().into()).await;
    problem(&import("take=hand,nowhere").await, 422, Some("take"));
    let (_, preview) = import("take=hand&preview=true").await;
    assert_eq!(names(&preview["changed"]), ["claude-opus-5", "hand"], "{preview}");
    assert_eq!(names(&preview["kept"]), ["gone"], "{preview}");
    assert_eq!(world.get("/admin/v1/prices?q=hand").await["items"][0]["source"], "manual");

    let (status, report) = import("take=hand,gone").await;
    assert_eq!((status, names(&report["added"])), (200, vec!["gone", "vendor/large"]), "{report}");
    assert_eq!(report["kept"], json!([]));
    for model in ["hand", "gone"] {
        let price = world.get(&format!("/admin/v1/prices?q={model}")).await["items"][0].clone();
        assert_eq!(price["source"], "litellm", "{price}");
    }
    let audit = world.rows("select after from audit_log where action = 'price.import'").await;
    let taken: Vec<_> = audit.iter().map(|row| &row["after"]["taken"]).collect();
    assert_eq!(taken, [&json!(["gone", "hand"])]);
}

#[tokio::test]
async fn a_file_that_is_none_or_too_large_changes_nothing() {
    let world = World::shared().await;
    for wrong in ["", "[]", "{\"a\":", "<html>"] {
        let answer = send(&world, "/admin/v1/prices/import", wrong.into()).await;
        problem(&answer, 422, Some("file"));
    }
    let answer = send(&world, "/admin/v1/prices/import?review=true", b"{}".to_vec()).await;
    problem(&answer, 422, Some("review"));
    let answer = send(&world, "/admin/v1/prices/import", vec![b' '; (32 << 20) + 1]).await;
    problem(&answer, 413, None);
    let (status, report) = send(&world, "/admin/v1/prices/import", vec![b'{', b'}']).await;
    assert_eq!((status, &report["added"]), (200, &json!([])), "{report}");
}

#[tokio::test]
async fn a_file_that_changes_a_price_keeps_what_its_generation_is_known_by() {
    let world = World::alone().await;
    let entry = json!({"mode": "chat", "input_cost_per_token": 3e-6, "output_cost_per_token": 15e-6,
        "max_input_tokens": 200_000, "input_cost_per_token_above_200k_tokens": 6e-6});
    let file = json!({"claude-opus-5-5": entry, "us.anthropic.claude-opus-5-5-v1:0": entry, "other/model": entry});
    let (status, report) = send(&world, "/admin/v1/prices/import", file.to_string().into()).await;
    assert_eq!((status, names(&report["changed"])), (200, vec!["claude-opus-5-5"]), "{report}");
    let all = json!(["cache_write_5m", "cache_write_1h", "cache_read"]);
    for (model, read, read_above, window) in [
        ("claude-opus-5-5", "0.15", "0.3", 1_000_000),
        ("us.anthropic.claude-opus-5-5-v1:0", "0.15", "0.3", 200_000),
        ("other/model", "0.3", "0.6", 200_000),
    ] {
        let found = world.get(&format!("/admin/v1/prices?q={}", escape(model))).await;
        let price = found["items"].as_array().unwrap().iter().find(|price| price["model"] == model).unwrap();
        let tier = &price["tiers"][0];
        assert_eq!((&price["cache_read"], &tier["cache_read"]), (&json!(read), &json!(read_above)), "{price}");
        assert_eq!((&price["derived"], &tier["derived"]), (&all, &all), "{price}");
        assert_eq!(price["context_window"], window, "{price}");
    }
    // So does an operator's, unless it names factors.
    let path = "/admin/v1/prices/claude-opus-5-5-20261101";
    let set = world.admin("PUT", path, &json!({"input": "10", "output": "20"})).await.1;
    assert_eq!((&set["cache_read"], &set["cache_factors"]["read"]), (&json!("0.5"), &json!("0.05")), "{set}");
    let own = json!({"input": "10", "output": "20", "cache_factors": {"read": "0.3"}});
    assert_eq!(world.admin("PUT", path, &own).await.1["cache_read"], "3");
    problem(
        &world.admin("PUT", path, &json!({"input": "1", "output": "2", "cache_factors": {"read": "-1"}})).await,
        422,
        Some("cache_factors"),
    );
}

/// A file of the size that the real one has: about 5 MB.
fn real_sized() -> String {
    let entry = |n: u32| {
        let entry = json!({"mode": "chat", "litellm_provider": "vendor", "input_cost_per_token": 1.5e-6,
            "output_cost_per_token": 7.5e-6, "max_input_tokens": 200_000, "supports_vision": true,
            "source": "https://vendor.example/pricing?model=many#and=more&words=for+size".repeat(80)});
        (format!("vendor/model-{n}"), entry)
    };
    let file = serde_json::to_string_pretty(&(0..1_000).map(entry).collect::<serde_json::Map<_, _>>()).unwrap();
    assert!(file.len() > 5_000_000, "{}", file.len());
    file
}

#[tokio::test]
async fn the_console_takes_a_file_of_the_real_size_and_from_administrators_only() {
    let world = World::alone().await;
    let of_admin = cookie(&log_in(&world, "", &world.admin_token).await);
    let import = async |cookie: &str, fields: String| {
        let mut reply = call(&world, "import_prices", &fields).header("cookie", cookie).send(world.hub.address).await;
        (reply.status, reply.text().await)
    };
    // Nobody else has so much read into memory.
    let large = format!("file={}&run=import", "a".repeat(2 << 20));
    let (status, said) = import("", large.clone()).await;
    assert!(status >= 400 && said.contains("length limit exceeded"), "{status} {said}");
    let (status, said) = import(&of_admin, large).await;
    assert!(status == 422 && said.contains("JSON"), "{status} {said}");
    let (status, said) = import(&of_admin, format!("file={}&run=import", escape(&real_sized()))).await;
    assert_eq!(status, 200, "{said}");
    let found = world.get("/admin/v1/prices?q=vendor/model-999").await;
    assert_eq!(found["items"][0]["source"], "litellm", "{found}");
    // That form has a bound as well.
    let (status, said) = import(&of_admin, format!("file={}&run=import", "a".repeat(32 << 20))).await;
    assert!(status >= 400 && said.contains("length limit exceeded"), "{status} {said}");
    // A sync is asked for by name, and never meant by an empty field.
    let (status, said) = import(&of_admin, "file=&run=import".to_owned()).await;
    assert!(status == 422 && said.contains("choose a price file"), "{status} {said}");
    let (status, said) = import(&of_admin, "file=&run=sync".to_owned()).await;
    assert!(status == 422 && said.contains("prices_url"), "{status} {said}");
}

#[tokio::test]
async fn prices_are_read_from_where_the_setting_says() {
    let world = decided().await;
    problem(&world.admin("POST", "/admin/v1/prices/sync", &Value::Null).await, 422, Some("prices_url"));
    problem(
        &world.admin("PATCH", "/admin/v1/settings", &json!({"prices_url": "ftp://x"})).await,
        422,
        Some("prices_url"),
    );
    let server = Script::new();
    server.by(|seen| match seen.target.as_str() {
        "/prices.json" => Answer::new(200, "application/json", file().to_string()),
        "/moved" => Answer::new(302, "text/plain", "").header("location", "prices.json"),
        "/away" => Answer::new(302, "text/plain", "").header("location", "http://127.0.0.2:9/prices.json"),
        "/round" => Answer::new(302, "text/plain", "").header("location", "round"),
        "/page" => Answer::new(200, "text/html", "<html>"),
        _ => Answer::new(404, "text/plain", "no"),
    });
    for (path, why) in [("away", "another host"), ("round", "redirects"), ("nothing", "404"), ("page", "JSON")] {
        let url = format!("{}/{path}", server.url());
        world.patch("/admin/v1/settings", &json!({"prices_url": url, "prices_sync_hours": 0})).await;
        let answer = world.admin("POST", "/admin/v1/prices/sync", &Value::Null).await;
        problem(&answer, 422, None);
        assert!(answer.1.to_string().contains(why), "{path}: {}", answer.1);
    }
    world.patch("/admin/v1/settings", &json!({"prices_url": format!("{}/moved", server.url())})).await;
    let (status, preview) = world.admin("POST", "/admin/v1/prices/sync?preview=true", &Value::Null).await;
    assert_eq!((status, &preview["preview"]), (200, &json!(true)), "{preview}");
    judge(&preview);
    let (_, report) = world.admin("POST", "/admin/v1/prices/sync", &Value::Null).await;
    judge(&report);
    assert_eq!(world.get("/admin/v1/prices?q=hand").await["items"][0]["input"], "9");
}

#[tokio::test]
async fn prices_are_read_by_the_clock_from_the_start_on() {
    let server = Script::new();
    server.by(|_| Answer::new(200, "application/json", file().to_string()));
    let world = World::with(Setup::usual().await).await;
    world.patch("/admin/v1/settings", &json!({"prices_url": format!("{}/prices.json", server.url())})).await;
    world.hub.terminate();
    world.hub.stopped().await;
    world.hub.start_again().await;
    server.request(0).await;
    until("the file is read", async || {
        let found = world.get("/admin/v1/prices?q=vendor/large").await;
        (found["items"][0]["source"] == "litellm").then_some(())
    })
    .await;
}

#[tokio::test]
async fn every_change_of_a_price_is_a_version_that_stays() {
    let world = World::shared().await;
    let model = format!("claude-{}", world.tag);
    let path = format!("/admin/v1/prices/{model}");
    problem(&world.admin("GET", &format!("{path}/history"), &Value::Null).await, 404, None);
    let first = world.admin("PUT", &path, &json!({"input": "1", "output": "2", "cache_read": "0.5"})).await.1;
    let rich = json!({"input": "2", "output": "4", "request": "0.001", "speeds": {"fast": "2"}, "context_window": 9,
        "tiers": [{"above_tokens": 10, "input": "3", "output": "5"}], "tools": {"web_search": {"per_use": "0.01"}}});
    let second = world.admin("PUT", &path, &rich).await.1;
    assert_eq!((&second["tiers"][0]["cache_write_1h"], &second["request"]), (&json!("6"), &json!("0.001")), "{second}");
    assert_eq!(world.admin("DELETE", &path, &Value::Null).await.0, 204);
    let history = world.get(&format!("{path}/history")).await;
    let shown: Vec<_> =
        history["items"].as_array().unwrap().iter().map(|item| item["price"]["input"].clone()).collect();
    assert_eq!(shown, [Value::Null, json!("2"), json!("1")], "{history}");
    assert_eq!(history["items"][1]["version"], second["version"]);
    assert_eq!(history["items"][2]["version"], first["version"]);
    let page = world.get(&format!("{path}/history?limit=2")).await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let last = world.get(&format!("{path}/history?limit=2&cursor={cursor}")).await;
    assert_eq!((last["items"].as_array().unwrap().len(), &last["next_cursor"]), (1, &Value::Null));
}

#[tokio::test]
async fn an_attempt_records_terms_tools_version_and_every_factor() {
    let world = World::shared().await;
    let model = format!("claude-{}", world.tag);
    let price = json!({"input": "3", "output": "15", "request": "0.001", "speeds": {"fast": "2"}, "regions": {"us": "1.1"},
        "tools": {"web_search": {"per_use": "0.01"}}, "tiers": [{"above_tokens": 100, "input": "6", "output": "30"}]});
    let version = world.admin("PUT", &format!("/admin/v1/prices/{model}"), &price).await.1["version"].clone();
    let key = world.key().await;
    let provider = world.provider_with("terms", json!({"cost_multiplier": "0.5"})).await;
    let group = format!("/admin/v1/groups/{}", world.tag);
    problem(&world.admin("PATCH", &group, &json!({"cost_multiplier": "1001"})).await, 422, Some("cost_multiplier"));
    let changed = world.patch(&group, &json!({"cost_multiplier": "3", "note": "dear"})).await;
    assert_eq!((&changed["cost_multiplier"], &changed["note"]), (&json!("3"), &json!("dear")), "{changed}");
    assert_eq!(world.get(&group).await, changed);
    let body = json!({"type": "message", "model": model, "content": [], "usage": {"input_tokens": 101, "output_tokens": 7,
        "server_tool_use": {"web_search_requests": 2}, "speed": "fast", "inference_geo": "us", "service_tier": "standard"}});
    provider.script.always(Answer::new(200, "application/json", body.to_string()));
    let reply = world.messages(&key, &ask(&model, false)).await;
    let call = world.call_of(&reply).await;
    // 101 × 6 × 2.2 × 1.5/M = 0.0019998; 7 × 30 × 2.2 × 1.5/M = 0.000693; 2 × 0.01 × 1.5 = 0.03; 0.001 × 1.5 = 0.0015
    let cost = &call["cost"];
    assert_eq!((&cost["input"], &cost["output"]), (&json!("0.0019998"), &json!("0.000693")), "{call}");
    assert_eq!(
        (&cost["tools"], &cost["request"], &call["cost_usd"]),
        (&json!("0.03"), &json!("0.0015"), &json!("0.0341928"))
    );
    let attempt = &call["attempts"][0];
    assert_eq!((&attempt["price_version"], &attempt["price"]["input"]), (&version, &json!("6")), "{attempt}");
    let factors = ["price_factor", "multiplier", "group_multiplier"].map(|name| attempt[name].as_str().unwrap());
    assert_eq!(factors, ["2.2", "0.5", "3"]);
    assert_eq!(attempt["terms"], json!({"speed": "fast", "service_tier": "standard", "region": "us"}));
    assert_eq!(call["usage"]["web_searches"], 2, "{call}");
    // The sums carry the same parts.
    for table in ["usage_1m", "usage_15m"] {
        let sql = format!(
            "select web_searches, cost_tools, cost_request, cost from {table} where key_id = {} and cost > 0",
            key.id
        );
        let row = json!({"web_searches": 2, "cost_tools": 30_000_000, "cost_request": 1_500_000, "cost": 34_192_800});
        assert_eq!(world.rows(&sql).await, [row], "{table}");
    }
}

#[tokio::test]
async fn the_setting_says_whether_the_model_asked_for_or_sent_is_charged() {
    let world = World::alone().await;
    for (model, input) in [("asked-model", "1"), ("sent-model", "5")] {
        let price = json!({"input": input, "output": "10"});
        assert_eq!(world.admin("PUT", &format!("/admin/v1/prices/{model}"), &price).await.0, 200);
    }
    let key = world.key().await;
    let redirects = json!([{"from": "asked-model", "to": "sent-model"}]);
    world.provider_with("redirect", json!({"redirects": redirects})).await;
    for (bill_by, rate) in [("sent", "5"), ("asked", "1")] {
        world.patch("/admin/v1/settings", &json!({"bill_by": bill_by})).await;
        let reply = world.messages(&key, &ask("asked-model", false)).await;
        let call = world.call_of(&reply).await;
        assert_eq!(call["attempts"][0]["price"]["input"], rate, "{bill_by}: {call}");
    }
}
