//! Logins: who gets in, who no longer does, and what is put on record.

use serde_json::{Value, json};

use super::{Cast, PASSWORD, Who, call, cookie, function, log_in, set_password};
use crate::{
    client::Request,
    hub::Setup,
    world::{Key, World},
};

/// What the console says to whoever has this cookie: the status of a question.
async fn asked(world: &World, cookie: &str, drawing: &str) -> u16 {
    let question = json!({ "question": {"Drawn": [drawing, ""]} });
    let request = Request::post(function("ask"), question.to_string())
        .header("accept", "application/json")
        .header("x-forwarded-for", &world.address)
        .header("cookie", cookie);
    request.send(world.hub.address).await.status
}

/// A request to the management API with a cookie, from a page of the console: its status and its JSON.
async fn with_cookie(world: &World, cookie: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let mut request = Request::new(method, path)
        .header("cookie", cookie)
        .header("sec-fetch-site", "same-origin")
        .header("x-forwarded-for", &world.address);
    if !body.is_null() {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let mut reply = request.send(world.hub.address).await;
    let text = reply.text().await;
    (reply.status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
}

#[tokio::test]
async fn only_the_right_name_with_the_right_password_gets_in() {
    let cast = Cast::shared().await;
    let world = &cast.world;
    let (person, owner) = (cast.name("person"), cast.name("owner"));
    for (name, secret) in [
        (person.as_str(), "wrong password"),
        (&person, ""),
        (&person, &cast.person.secret),
        (&person, &world.admin_token),
        (&owner, PASSWORD),
        ("nobody has this name", PASSWORD),
        ("", PASSWORD),
        ("", "sk-sy-nobody-has-this-key"),
    ] {
        // From an address of its own, or the brake would answer.
        let elsewhere = world.another();
        let reply = log_in(&elsewhere, name, secret).await;
        assert!(matches!(reply.status, 400 | 401), "{name} {secret}: {}", reply.status);
        assert_eq!(reply.header("set-cookie"), None, "{name} {secret}");
    }
    for (who, overview, own) in
        [(Who::Key, 403, 200), (Who::Person, 403, 200), (Who::AdminUser, 200, 200), (Who::AdminToken, 200, 404)]
    {
        let cookie = cast.cookie(who).await.unwrap();
        assert_eq!(
            (asked(world, &cookie, "Overview").await, asked(world, &cookie, "Mine").await),
            (overview, own),
            "{who:?}"
        );
    }
}

#[tokio::test]
async fn a_login_leads_to_what_the_reader_may_see() {
    let cast = Cast::shared().await;
    for (name, secret, place) in [
        (cast.name("person"), PASSWORD, "/me"),
        (String::new(), &cast.key.secret, "/me"),
        (cast.name("admin"), PASSWORD, "/"),
        (String::new(), &cast.world.admin_token, "/"),
    ] {
        let reply = log_in(&cast.world, &name, secret).await;
        assert_eq!(reply.header("location"), Some(place), "{name}");
    }
    let cookie = cast.cookie(Who::Person).await.unwrap();
    for (path, status) in [("/me", 200), ("/calls", 403), ("/settings", 403)] {
        let page = Request::get(path).header("accept", "text/html").header("cookie", &cookie);
        let mut reply = page.send(cast.world.hub.address).await;
        assert_eq!(reply.status, status, "{path}");
        assert_eq!(reply.text().await.contains("This page is for administrators"), status == 403, "{path}");
    }
    let first = Request::get("/").header("accept", "text/html").header("cookie", &cookie);
    let reply = first.send(cast.world.hub.address).await;
    assert_eq!((reply.status / 100, reply.header("location")), (3, Some("/me")));
}

#[tokio::test]
async fn whoever_may_no_longer_log_in_is_out_at_once() {
    let world = World::shared().await;
    let (past, future) = ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z");
    let name = format!("{}-admin", world.tag);
    let user = world.key_with(json!({"name": name, "role": "admin"}), json!({})).await;
    set_password(&world, &user, PASSWORD).await;
    let path = format!("/admin/v1/users/{}", user.user_id);
    let by_password = cookie(&log_in(&world, &name, PASSWORD).await);
    let by_key = cookie(&log_in(&world, "", &user.secret).await);
    assert_eq!((asked(&world, &by_password, "Overview").await, asked(&world, &by_key, "Mine").await), (200, 200));
    for (no, yes) in [
        (json!({"enabled": false}), json!({"enabled": true})),
        (json!({"expires_at": past}), json!({"expires_at": future})),
    ] {
        world.patch(&path, &no).await;
        assert_eq!(
            (asked(&world, &by_password, "Overview").await, asked(&world, &by_key, "Mine").await),
            (401, 401),
            "{no}"
        );
        assert_eq!(log_in(&world.another(), &name, PASSWORD).await.status, 401, "{no}");
        assert_eq!(log_in(&world.another(), "", &user.secret).await.status, 401, "{no}");
        world.patch(&path, &yes).await;
        assert_eq!(
            (asked(&world, &by_password, "Overview").await, asked(&world, &by_key, "Mine").await),
            (200, 200),
            "{yes}"
        );
    }
    world.patch(&path, &json!({"role": "user"})).await;
    assert_eq!((asked(&world, &by_password, "Overview").await, asked(&world, &by_password, "Mine").await), (403, 200));
    world.admin("DELETE", &format!("/admin/v1/keys/{}", user.id), &Value::Null).await;
    assert_eq!((asked(&world, &by_password, "Mine").await, asked(&world, &by_key, "Mine").await), (200, 401));
    world.admin("DELETE", &path, &Value::Null).await;
    assert_eq!(asked(&world, &by_password, "Mine").await, 401);
}

#[tokio::test]
async fn a_password_is_set_changed_and_taken_away() {
    let world = World::shared().await;
    let name = format!("{}-ada", world.tag);
    let user = world.key_with(json!({"name": name}), json!({})).await;
    let path = format!("/admin/v1/users/{}", user.user_id);
    let password = format!("{path}/password");
    assert_eq!(world.get(&path).await["has_password"], false);
    for wrong in ["1234567", &"x".repeat(73), "with a\u{7}bell"] {
        let (status, answer) = world.admin("PUT", &password, &json!({"password": wrong})).await;
        assert_eq!((status, &answer["field"]), (422, &json!("password")), "{answer}");
    }
    for missing in [("PUT", json!({"password": PASSWORD})), ("DELETE", Value::Null)] {
        assert_eq!(world.admin(missing.0, "/admin/v1/users/999999999/password", &missing.1).await.0, 404);
    }
    set_password(&world, &user, PASSWORD).await;
    assert_eq!(world.get(&path).await["has_password"], true);
    let (here, there) =
        (cookie(&log_in(&world, &name, PASSWORD).await), cookie(&log_in(&world, &name, PASSWORD).await));
    let by_key = cookie(&log_in(&world, "", &user.secret).await);

    let change = |old: &str, new: &str| json!({"old_password": old, "password": new});
    let own = "/admin/v1/me/password";
    let fresh = "another good password";
    let (status, answer) = with_cookie(&world, &here, "PUT", own, &change("wrong password", fresh)).await;
    assert_eq!((status, &answer["field"]), (422, &json!("old_password")), "{answer}");
    let (status, answer) = with_cookie(&world, &here, "PUT", own, &change(PASSWORD, "short")).await;
    assert_eq!((status, &answer["field"]), (422, &json!("password")), "{answer}");
    assert_eq!(with_cookie(&world, &by_key, "PUT", own, &change(PASSWORD, fresh)).await.0, 403);
    assert_eq!(asked(&world, &there, "Mine").await, 200);
    assert_eq!(with_cookie(&world, &here, "PUT", own, &change(PASSWORD, fresh)).await.0, 204);
    // The login that asked goes on; all others of that user are over.
    assert_eq!(asked(&world, &here, "Mine").await, 200);
    assert_eq!((asked(&world, &there, "Mine").await, asked(&world, &by_key, "Mine").await), (401, 401));
    assert_eq!(log_in(&world, &name, PASSWORD).await.status, 401);
    let again = cookie(&log_in(&world, &name, fresh).await);

    assert_eq!(world.admin("DELETE", &password, &Value::Null).await.0, 204);
    assert_eq!((asked(&world, &here, "Mine").await, asked(&world, &again, "Mine").await), (401, 401));
    assert_eq!(log_in(&world, &name, fresh).await.status, 401);
    assert_eq!(world.get(&path).await["has_password"], false);

    let kept = world.rows("select row_to_json(u)::text as row from users u").await;
    let trace = world.rows("select row_to_json(a)::text as row from audit_log a").await;
    let text = format!("{kept:?}{trace:?}{}", world.hub.log());
    for secret in [PASSWORD, fresh] {
        assert!(!text.contains(secret), "{secret} is kept, or said");
    }
}

#[tokio::test]
async fn guessing_a_password_is_slowed_down_for_its_name_wherever_it_is_guessed_from() {
    let world = World::shared().await;
    let name = format!("{}-ada", world.tag);
    let user = world.key_with(json!({"name": name}), json!({})).await;
    set_password(&world, &user, PASSWORD).await;
    // Ten are free, then the next waits for a second after the last. Where a guess takes longer than that, as on a busy
    // machine, there is nothing to slow down, and it is tried again.
    let mut n_looked_at = 0;
    loop {
        let mut reply = log_in(&world.another(), &name, "a wrong guess").await;
        if reply.status != 429 {
            assert_eq!(reply.status, 401);
            n_looked_at += 1;
            assert!(n_looked_at < 60, "60 guesses in a row were looked at");
            continue;
        }
        assert!(n_looked_at >= 10, "the {n_looked_at}th guess had to wait");
        assert!(reply.text().await.contains("Too many attempts"));
        if log_in(&world.another(), &name, PASSWORD).await.status == 429 {
            break;
        }
        // The second was over: the right password was let in, and what was wrong before is forgiven.
        n_looked_at = 0;
    }
    assert_eq!(log_in(&world.another(), "somebody else", PASSWORD).await.status, 401);
}

/// The ids of logins that a list has.
fn ids(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn logins_are_listed_and_ended() {
    let cast = Cast::alone().await;
    let world = &cast.world;
    let list = |cookie: String, path: &'static str| async move {
        with_cookie(world, &cookie, "GET", path, &Value::Null).await.1
    };
    let (own, all) = ("/admin/v1/me/console-sessions", "/admin/v1/console-sessions");
    let first = cast.cookie(Who::Person).await.unwrap();
    let second = cast.cookie(Who::Person).await.unwrap();
    let by_key = cookie(&log_in(world, "", &cast.person.secret).await);
    let admin = cast.cookie(Who::AdminUser).await.unwrap();

    let mine = list(first.clone(), own).await;
    assert_eq!(ids(&mine).len(), 3, "{mine}");
    let latest = &mine["items"][0];
    assert_eq!((&latest["key_id"], &latest["key_name"]), (&json!(cast.person.id), &json!("laptop")), "{latest}");
    let oldest = &mine["items"][2];
    let expected =
        (json!(cast.person.user_id), json!(cast.name("person")), Value::Null, json!(world.address), json!(true));
    let got = ["user_id", "user_name", "key_id", "address", "is_current"].map(|field| oldest[field].clone());
    assert_eq!((got[0].clone(), got[1].clone(), got[2].clone(), got[3].clone(), got[4].clone()), expected);
    assert_eq!(ids(&list(by_key.clone(), own).await), [ids(&mine)[0].clone()], "a key knows only its own logins");
    assert_eq!(ids(&list(admin.clone(), all).await).len(), 4);
    let of_user = format!("{all}?user_id={}", cast.person.user_id);
    assert_eq!(ids(&world.get(&of_user).await), ids(&mine));
    let page = world.get(&format!("{all}?limit=3")).await;
    let rest = world.get(&format!("{all}?limit=3&cursor={}", page["next_cursor"].as_str().unwrap())).await;
    assert_eq!((ids(&page).len(), ids(&rest).len(), &rest["next_cursor"]), (3, 1, &Value::Null));

    // Nobody ends somebody else's.
    let of_admin = ids(&list(admin.clone(), own).await)[0].clone();
    let path = format!("{own}/{of_admin}");
    assert_eq!(with_cookie(world, &first, "DELETE", &path, &Value::Null).await.0, 404);
    let path = format!("{own}/{}", ids(&mine)[1]);
    assert_eq!(with_cookie(world, &by_key, "DELETE", &path, &Value::Null).await.0, 404);
    assert_eq!(with_cookie(world, &first, "DELETE", &path, &Value::Null).await.0, 204);
    assert_eq!((asked(world, &second, "Mine").await, asked(world, &first, "Mine").await), (401, 200));
    assert_eq!(with_cookie(world, &first, "DELETE", own, &Value::Null).await.1, json!({"ended": 1}));
    assert_eq!((asked(world, &by_key, "Mine").await, asked(world, &first, "Mine").await), (401, 200));
    let others = cast.cookie(Who::AdminToken).await.unwrap();
    assert_eq!(with_cookie(world, &admin, "DELETE", &of_user, &Value::Null).await.1, json!({"ended": 1}));
    assert_eq!((asked(world, &first, "Mine").await, asked(world, &others, "Overview").await), (401, 200));
    assert_eq!(with_cookie(world, &admin, "DELETE", all, &Value::Null).await.1, json!({"ended": 1}));
    assert_eq!((asked(world, &others, "Overview").await, asked(world, &admin, "Overview").await), (401, 200));
}

#[tokio::test]
async fn every_login_every_failed_one_and_every_logout_is_on_record() {
    let cast = Cast::shared().await;
    let world = cast.world.another();
    let name = cast.name("person");
    log_in(&world, &name, "a wrong guess").await;
    log_in(&world, "nobody has this name", PASSWORD).await;
    log_in(&world, "", "no token").await;
    let by_password = cookie(&log_in(&world, &name, PASSWORD).await);
    log_in(&world, "", &cast.person.secret).await;
    log_in(&world, "", &world.admin_token).await;
    call(&world, "log_out", "").header("cookie", by_password).send(world.hub.address).await;
    let sql = format!(
        "select actor, user_id, session_id, action, subject from audit_log where address = '{}' order by id",
        world.address
    );
    let trace = world.rows(&sql).await;
    let user_id: i64 = cast.person.user_id.parse().unwrap();
    let user = format!("user {name}");
    let told: Vec<_> = trace
        .iter()
        .map(|row| (row["actor"].as_str().unwrap(), row["action"].as_str().unwrap(), row["user_id"].as_i64()))
        .collect();
    assert_eq!(
        told,
        [
            ("nobody", "login.failed", None),
            ("nobody", "login.failed", None),
            ("nobody", "login.failed", None),
            (user.as_str(), "console.login", Some(user_id)),
            (&format!("key laptop of {name}"), "console.login", Some(user_id)),
            ("admin token", "console.login", None),
            (user.as_str(), "console.logout", Some(user_id)),
        ]
    );
    assert_eq!((&trace[0]["subject"], &trace[1]["subject"]), (&json!(cast.person.user_id), &json!("")));
    assert_eq!(
        (&trace[3]["session_id"], trace[3]["subject"].as_str()),
        (&trace[6]["session_id"], trace[6]["subject"].as_str())
    );
    assert!(trace[3]["session_id"].is_i64(), "{}", trace[3]);
}

#[tokio::test]
async fn what_a_user_does_with_a_password_is_on_record_under_their_name() {
    let cast = Cast::shared().await;
    let cookie = cast.cookie(Who::AdminUser).await.unwrap();
    let path = format!("/admin/v1/users/{}", cast.person.user_id);
    let (status, answer) = with_cookie(&cast.world, &cookie, "PATCH", &path, &json!({"note": "by the admin"})).await;
    assert_eq!(status, 200, "{answer}");
    let Key { user_id, .. } = &cast.person;
    let sql = format!(
        "select actor, user_id, session_id from audit_log where action = 'user.update' and subject = '{user_id}'"
    );
    let trace = cast.world.rows(&sql).await;
    assert_eq!(trace.len(), 1, "{trace:?}");
    assert_eq!(trace[0]["actor"], json!(format!("user {}", cast.name("admin"))));
    assert_eq!(trace[0]["user_id"], json!(cast.admin.user_id.parse::<i64>().unwrap()));
    assert!(trace[0]["session_id"].is_i64(), "{trace:?}");
}

#[tokio::test]
async fn the_login_page_says_so_when_the_browser_will_drop_the_cookie() {
    const WARNING: &str = "Your browser will not keep this login";
    for (variable, cases) in [
        ("true", &[("hub.example", "http", true), ("hub.example", "https", false), ("localhost:1", "http", false)][..]),
        ("auto", &[("hub.example", "http", false), ("hub.example", "https", false)][..]),
    ] {
        let hub = Setup::usual().await.set("ENABLE_SECURE_COOKIES", variable).start().await;
        for (host, proto, warns) in cases {
            let page = Request::get("/login").header("accept", "text/html").header("host", *host);
            let mut reply = page.header("x-forwarded-proto", *proto).send(hub.address).await;
            assert_eq!(reply.status, 200);
            assert_eq!(reply.text().await.contains(WARNING), *warns, "{variable} {host} {proto}");
        }
    }
}
