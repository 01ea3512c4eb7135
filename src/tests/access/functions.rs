//! Every server function of the console, and every question that one of them answers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Cast, For, Who, call, check, escape, function, paths};
use crate::{client::Request, hub::root};

/// Every server function that changes something: its fields, and for whom it is. What is to be changed is not there.
const FUNCTIONS: &[(&str, &str, For)] = &[
    ("cancel_export", "ticket=nobody", For::Admins),
    ("change_keys", "search=%3Fid%3D999999999%26set_enabled%3Dtrue", For::Admins),
    ("change_password", "old_password=not+the+right+one&password=whatever+it+is", For::Passwords),
    ("change_providers", "search=%3Fid%3D999999999%26set_weight%3D1", For::Admins),
    ("change_users", "search=%3Fid%3D999999999%26set_enabled%3Dtrue", For::Admins),
    ("clear_password", "id=999999999", For::Admins),
    ("clone_provider", "id=999999999", For::Admins),
    ("create_key", "form[id]=999999999&form[name]=x", For::Admins),
    ("delete_group", "name=no-such-group", For::Admins),
    ("delete_key", "id=999999999&user_id=999999999", For::Admins),
    ("delete_price", "model=no-such-model", For::Admins),
    ("delete_provider", "id=999999999", For::Admins),
    ("delete_user", "id=999999999", For::Admins),
    ("enable_provider", "id=999999999&enabled=true", For::Admins),
    ("end_hold", "id=00000000-0000-7000-8000-000000000000", For::Admins),
    ("end_login", "id=999999999", For::Admins),
    ("end_logins", "user_id=999999999", For::Admins),
    ("end_own_login", "id=999999999", For::Users),
    ("end_own_logins", "", For::Users),
    ("end_session", "id=999999999", For::Admins),
    ("end_sessions", "search=drop%3Dchosen%26id%3DOTk5OTk5OTk5OnRoZXJl", For::Admins),
    ("import_prices", "file=nonsense&run=", For::Admins),
    ("limit_user", "id=999999999&field=limit_rpm&amount=1", For::Admins),
    ("log_in", "secret=<token>", For::All),
    ("log_out", "", For::All),
    ("pause_group", "name=no-such-group", For::Admins),
    ("pause_provider", "id=999999999", For::Admins),
    ("place_provider", "id=999999999&priority=1&weight=1&cost_multiplier=1", For::Admins),
    ("prefer", "theme=dark", For::All),
    ("renew_user", "id=999999999&days=1", For::Admins),
    ("reset_limits", "owner=user&id=999999999", For::Admins),
    ("reset_setting", "name=no_such_setting", For::Admins),
    ("rotate_key", "id=999999999&grace=0", For::Admins),
    ("save_default_price", "form[input]=nonsense", For::Admins),
    ("save_group", "form[name]=no-such-group&form[priority]=1&form[cost_multiplier]=1&form[note]=", For::Admins),
    ("save_key", "form[id]=999999999&form[name]=x", For::Admins),
    ("save_price", "form[input]=nonsense", For::Admins),
    ("save_provider", "form[id]=999999999&form[name]=x", For::Admins),
    ("save_setting", "name=no_such_setting&value=1", For::Admins),
    ("save_user", "form[id]=999999999&form[name]=x", For::Admins),
    ("set_password", "id=999999999&password=whatever+it+is", For::Admins),
    ("test_provider", "id=999999999", For::Admins),
    ("try_model", "form[id]=&model=x", For::Admins),
    ("try_proxy", "form[id]=999999999", For::Admins),
];

/// Every question, and for whom it is.
fn questions() -> Vec<(&'static str, Value, For)> {
    let none = Value::Null;
    vec![
        ("Door", none.clone(), For::All),
        ("Session", none, For::Known),
        ("Calls", json!({"pairs": []}), For::Admins),
        ("Export", json!("nobody"), For::Admins),
        ("Drawn", json!(["Overview", ""]), For::Admins),
        ("Drawn", json!(["Leaderboard", ""]), For::Admins),
        ("Drawn", json!(["Availability", ""]), For::Admins),
        ("Drawn", json!([{"User": "999999999"}, ""]), For::Admins),
        ("Drawn", json!([{"Key": "999999999"}, ""]), For::Admins),
        ("Drawn", json!([{"Provider": "999999999"}, ""]), For::Admins),
        ("Drawn", json!([{"Model": "no-such-model"}, ""]), For::Admins),
        ("Drawn", json!(["CallFilters", ""]), For::Admins),
        ("Drawn", json!([{"Call": "00000000-0000-7000-8000-000000000000"}, ""]), For::Admins),
        ("Drawn", json!([{"CallAlone": "00000000-0000-7000-8000-000000000000"}, ""]), For::Admins),
        ("Drawn", json!([{"CallMessages": "00000000-0000-7000-8000-000000000000"}, ""]), For::Admins),
        ("Drawn", json!(["Sessions", ""]), For::Admins),
        ("Drawn", json!([{"Session": "OTk5OTk5OTk5OnRoZXJl"}, ""]), For::Admins),
        ("Drawn", json!(["Log", ""]), For::Admins),
        ("Find", json!("x"), For::Admins),
        ("Quotas", json!({"at_least": 0}), For::Admins),
        ("Drawn", json!(["Leaderboard", ""]), For::Admins),
        ("Drawn", json!(["Log", ""]), For::Admins),
        ("Drawn", json!(["Providers", ""]), For::Admins),
        ("Drawn", json!(["NewProvider", ""]), For::Admins),
        ("Drawn", json!([{"OneProvider": "999999999"}, ""]), For::Admins),
        ("Drawn", json!(["ManyProviders", ""]), For::Admins),
        ("Drawn", json!(["Users", ""]), For::Admins),
        ("Drawn", json!(["NewUser", ""]), For::Admins),
        ("Drawn", json!([{"OneUser": "999999999"}, ""]), For::Admins),
        ("Drawn", json!(["ManyUsers", ""]), For::Admins),
        ("Drawn", json!(["Keys", ""]), For::Admins),
        ("Drawn", json!(["ManyKeys", ""]), For::Admins),
        ("Drawn", json!(["Routing", ""]), For::Admins),
        ("Drawn", json!(["Prices", ""]), For::Admins),
        ("Drawn", json!(["Settings", ""]), For::Admins),
        ("Drawn", json!([{"Dialog": "Providers"}, "edit="]), For::Admins),
        ("Drawn", json!([{"Dialog": "Prices"}, "history=no-such-model"]), For::Admins),
        ("Drawn", json!([{"Dialog": "Sessions"}, "drop=chosen"]), For::Admins),
        ("Drawn", json!([{"Dialog": {"OneUser": "999999999"}}, "confirm=delete"]), For::Admins),
        ("Drawn", json!([{"Dialog": {"OneUser": "999999999"}}, "edit=999999999"]), For::Admins),
        ("Drawn", json!([{"Dialog": {"OneProvider": "999999999"}}, "confirm=reset"]), For::Admins),
        ("Drawn", json!(["Audit", ""]), For::Admins),
        ("Drawn", json!(["Logins", ""]), For::Admins),
        ("Drawn", json!(["Mine", ""]), For::Users),
        ("Drawn", json!(["OwnCalls", ""]), For::Users),
        ("Drawn", json!([{"OwnCall": "00000000-0000-7000-8000-000000000000"}, ""]), For::Users),
        ("Drawn", json!(["Setup", ""]), For::Users),
        ("Drawn", json!(["OwnLogins", ""]), For::Users),
    ]
}

#[tokio::test]
async fn every_function_is_open_to_those_it_is_for_and_to_nobody_else() {
    let cast = Cast::alone().await;
    for who in Who::ALL {
        let mut cookie = cast.cookie(who).await.unwrap_or_default();
        for (name, fields, of) in FUNCTIONS {
            let fields = fields.replace("<token>", &escape(&cast.world.admin_token));
            let mut reply =
                call(&cast.world, name, &fields).header("cookie", &cookie).send(cast.world.hub.address).await;
            let said = reply.text().await;
            check(&format!("{name}: {said}"), *of, who, reply.status);
            if ["end_own_logins", "log_out"].contains(name) {
                cookie = cast.cookie(who).await.unwrap_or_default();
            }
        }
    }
}

#[tokio::test]
async fn every_question_is_answered_to_those_it_is_for_and_to_nobody_else() {
    let cast = Cast::shared().await;
    for who in Who::ALL {
        let cookie = cast.cookie(who).await.unwrap_or_default();
        for (name, value, of) in questions() {
            let question = if plain(name) { json!(name) } else { json!({ name: value }) };
            let request = Request::post(function("ask"), json!({ "question": question }).to_string())
                .header("accept", "application/json")
                .header("x-forwarded-for", &cast.world.address)
                .header("cookie", &cookie);
            let mut reply = request.send(cast.world.hub.address).await;
            let said = reply.text().await;
            // A panic is told in the hub's log alone.
            let log = if reply.status == 500 { cast.world.hub.log_tail() } else { String::new() };
            check(&format!("{name} {value}: {said}{log}"), of, who, reply.status);
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_the_mistake_of_whoever_sends_it() {
    let cast = Cast::shared().await;
    let address = cast.world.hub.address;
    for cookie in [String::new(), cast.cookie(Who::AdminUser).await.unwrap()] {
        for name in ["delete_user", "save_user", "rotate_key", "import_prices", "try_model"] {
            let mut reply = call(&cast.world, name, "").header("cookie", &cookie).send(address).await;
            let said = reply.text().await;
            assert_eq!(reply.status, 400, "{name}: {said}");
            assert!(said.contains("missing field"), "{name}: {said}");
        }
        for question in ["", "{", "{\"question\":\"NoSuchOne\"}", "{\"question\":{\"Calls\":7}}"] {
            let request = Request::post(function("ask"), question)
                .header("accept", "application/json")
                .header("x-forwarded-for", &cast.world.address)
                .header("cookie", &cookie);
            let mut reply = request.send(address).await;
            let said = reply.text().await;
            assert_eq!(reply.status, 400, "{question}: {said}");
        }
    }
    // A form that was sent without script is led back to its page, which says what was wrong.
    let plain = Request::new("POST", function("delete_user"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "text/html")
        .header("referer", format!("http://{address}/users"))
        .header("x-forwarded-for", &cast.world.address);
    let led = plain.send(address).await;
    assert_eq!(led.status, 302);
    assert!(led.header("location").unwrap().contains("__err="), "{:?}", led.headers);
}

#[tokio::test]
async fn another_site_calls_no_function_that_changes_something() {
    let cast = Cast::shared().await;
    let cookie = cast.cookie(Who::AdminUser).await.unwrap();
    for (name, fields, _) in FUNCTIONS {
        for foreign in
            [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "http://evil.example")]
        {
            let request = Request::new("POST", function(name))
                .header("content-type", "application/x-www-form-urlencoded")
                .header("accept", "application/json")
                .header("x-forwarded-for", &cast.world.address)
                .header("cookie", &cookie)
                .header(foreign.0, foreign.1)
                .body(*fields);
            assert_eq!(request.send(cast.world.hub.address).await.status, 403, "{name} with {foreign:?}");
        }
    }
}

#[tokio::test]
async fn without_script_the_secret_of_a_key_stands_in_the_answer_to_its_form() {
    let cast = Cast::shared().await;
    let (world, user) = (&cast.world, &cast.person.user_id);
    let cookie = cast.cookie(Who::AdminUser).await.unwrap();
    let send = async |name: &str, fields: &str| {
        let page = format!("http://{}/users/{user}?new=key", world.hub.address);
        let request = Request::new("POST", function(name))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "text/html")
            .header("referer", page)
            .header("sec-fetch-site", "same-origin")
            .header("x-forwarded-for", &world.address)
            .header("cookie", &cookie);
        request.body(fields).send(world.hub.address).await
    };
    let new = format!("form[id]={user}&form[name]=no-script");
    for (name, fields) in [("create_key", new), ("rotate_key", format!("id={}&grace=0", cast.person.id))] {
        let mut reply = send(name, &fields).await;
        assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-store")), "{name}");
        assert!(reply.header("content-type").unwrap().starts_with("text/html"), "{name}");
        let text = reply.text().await;
        assert!(text.contains(&format!("href=\"/users/{user}\"")) && !text.contains("<script"), "{name}: {text}");
        let (_, rest) = text.split_once("sk-sy-").unwrap_or_else(|| panic!("{name} shows no secret: {text}"));
        let secret = format!("Bearer sk-sy-{}", rest.split('<').next().unwrap());
        let own =
            Request::get("/admin/v1/me").header("authorization", secret).header("x-forwarded-for", &world.address);
        assert_eq!(own.send(world.hub.address).await.status, 200, "{name}");
    }
    let mut refused = send("create_key", &format!("form[id]={user}&form[name]=&form[group]=kept-group")).await;
    let page = refused.text().await;
    assert_eq!(refused.status, 422, "{page}");
    assert!(page.contains("value=\"kept-group\"") && page.contains(">Must have 1 to 100 characters<"), "{page}");
}

#[test]
fn no_function_and_no_question_is_left_out() {
    // Drawings are asked in one way; which of them there are stands in the source.
    let drawn: BTreeSet<String> = questions().into_iter().filter(|(name, ..)| *name == "Drawn").map(drawing).collect();
    assert_eq!(drawn, drawings(), "those that are drawn, and all drawings");
    let name = |path: &str| path.trim_start_matches("/_ui/").trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    let there: BTreeSet<String> = paths().into_iter().map(name).filter(|name| name != "ask").collect();
    let tried: BTreeSet<String> = FUNCTIONS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(tried, there, "those that are tried, and those that there are");
    let tried: BTreeSet<String> = questions().into_iter().map(|(name, ..)| name.to_owned()).collect();
    assert_eq!(
        tried,
        variants().into_iter().map(|(name, _)| name).collect(),
        "those that are asked, and all questions"
    );
}

/// The name of the drawing that is asked for.
fn drawing((_, value, _): (&str, Value, For)) -> String {
    match &value[0] {
        Value::String(name) => name.clone(),
        named => named.as_object().unwrap().keys().next().unwrap().clone(),
    }
}

/// Every drawing as it stands in the source.
fn drawings() -> BTreeSet<String> {
    let source = std::fs::read_to_string(root().join("app/src/drawn.rs")).unwrap();
    let body = source.split("pub(crate) enum Drawing {").nth(1).unwrap().split("\n}").next().unwrap();
    let lines = body.lines().map(str::trim).filter(|line| !line.starts_with("//") && !line.is_empty());
    lines.map(|line| line.split(['(', ',']).next().unwrap().to_owned()).collect()
}

/// True for a question that carries nothing.
fn plain(name: &str) -> bool {
    variants().iter().any(|(variant, is_plain)| variant == name && *is_plain)
}

/// Every question as it stands in the source, and whether it carries nothing.
fn variants() -> Vec<(String, bool)> {
    let source = std::fs::read_to_string(root().join("app/src/api/ask.rs")).unwrap();
    let body = source.split("pub(crate) enum Question {").nth(1).unwrap().split("\n}").next().unwrap();
    let lines = body.lines().map(str::trim).filter(|line| !line.starts_with("//") && !line.is_empty());
    lines.map(|line| (line.split(['(', ',']).next().unwrap().to_owned(), !line.contains('('))).collect()
}
