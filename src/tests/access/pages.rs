//! Every page of the console, and every address that is neither a page nor a route of the management API.

use std::collections::BTreeSet;

use futures_util::future::{join, join_all};
use serde_json::json;

use super::{Cast, For, Who, check, function, refusal};
use crate::{client::Request, hub::root};

/// Every page, as the router names it, and for whom it is.
const PAGES: &[(&str, For)] = &[
    ("/", For::Admins),
    ("/audit", For::Admins),
    ("/availability", For::Admins),
    ("/calls", For::Admins),
    ("/calls/:id", For::Admins),
    ("/calls/:id/messages", For::Admins),
    ("/keys", For::Admins),
    ("/keys/:id/use", For::Admins),
    ("/keys/bulk", For::Admins),
    ("/leaderboard", For::Admins),
    ("/log", For::Admins),
    ("/login", For::All),
    ("/logins", For::Admins),
    ("/me", For::Users),
    ("/me/calls", For::Users),
    ("/me/calls/:id", For::Users),
    ("/me/logins", For::Users),
    ("/me/setup", For::Users),
    ("/models/:name", For::Admins),
    ("/prices", For::Admins),
    ("/providers", For::Admins),
    ("/providers/:id", For::Admins),
    ("/providers/:id/use", For::Admins),
    ("/providers/bulk", For::Admins),
    ("/providers/new", For::Admins),
    ("/quotas", For::Admins),
    ("/routing", For::Admins),
    ("/sessions", For::Admins),
    ("/sessions/:id", For::Admins),
    ("/settings", For::Admins),
    ("/users", For::Admins),
    ("/users/:id", For::Admins),
    ("/users/:id/use", For::Admins),
    ("/users/bulk", For::Admins),
    ("/users/new", For::Admins),
];

/// Every other address, and for whom it is. What metrics ask for is a test of its own.
const OTHERS: &[(&str, For)] = &[
    ("/_live", For::Known),
    ("/admin/docs", For::All),
    ("/admin/docs/style.css", For::All),
    ("/admin/v1/openapi.json", For::All),
    ("/calls/export", For::Admins),
    ("/health/live", For::All),
    ("/health/ready", For::All),
];

/// The address that only a bearer opens.
const METRICS: &str = "/metrics";

/// An address of something that is not there.
fn concrete(page: &str) -> String {
    let id = match page.split('/').find(|part| !["", "me"].contains(part)) {
        Some("calls") => "00000000-0000-7000-8000-000000000000",
        Some("sessions") => "OTk5OTk5OTk5OnRoZXJl",
        _ => "999999999",
    };
    page.replace(":id", id).replace(":name", "no-such-model")
}

/// Asks for a document as a browser does.
fn document(cast: &Cast, cookie: &str, path: &str) -> Request {
    Request::get(path)
        .header("accept", "text/html")
        .header("x-forwarded-for", &cast.world.address)
        .header("cookie", cookie)
}

#[tokio::test]
async fn every_page_is_shown_to_those_it_is_for_and_to_nobody_else() {
    let cast = Cast::shared().await;
    for who in Who::ALL {
        let cookie = cast.cookie(who).await.unwrap_or_default();
        for (page, of) in PAGES {
            let reply = document(&cast, &cookie, &concrete(page)).send(cast.world.hub.address).await;
            let (status, to) = (reply.status, reply.header("location").unwrap_or_default());
            match refusal(*of, who) {
                None => assert!(matches!(status, 200 | 404), "{page} for {who:?}: {status} {to}"),
                Some(401) => {
                    assert!(status / 100 == 3 && to.starts_with("/login"), "{page} for {who:?}: {status} {to}");
                }
                // Whoever does not run the hub is led on from its first page.
                Some(_) if *page == "/" => assert_eq!((status / 100, to), (3, "/me"), "{who:?}"),
                Some(_) => assert!(matches!(status, 403 | 404), "{page} for {who:?}: {status} {to}"),
            }
        }
    }
}

/// Two requests that share a thread of the hub share what the framework keeps for it, unless they are kept apart.
#[tokio::test]
async fn pages_and_questions_that_come_at_once_do_not_disturb_each_other() {
    let cast = Cast::shared().await;
    let hub = cast.world.hub.address;
    let cookie = cast.cookie(Who::AdminToken).await.unwrap();
    let reader = async |n: usize| {
        for page in ["/calls", "/quotas", "/", "/quotas", "/calls"].iter().cycle().skip(n).take(25) {
            let mut reply = document(&cast, &cookie, page).send(hub).await;
            let said = reply.text().await;
            assert_eq!(reply.status, 200, "{page}: {said}{}", cast.world.hub.log_tail());
        }
    };
    let asker = async |n: usize| {
        for page in ["Overview", "Settings", "Leaderboard", "Prices"].iter().cycle().skip(n).take(25) {
            let question = json!({ "question": { "Drawn": [page, ""] } });
            let request = Request::post(function("ask"), question.to_string()).header("cookie", &cookie);
            let request = request.header("accept", "application/json").header("x-forwarded-for", &cast.world.address);
            let mut reply = request.send(hub).await;
            let said = reply.text().await;
            assert_eq!(reply.status, 200, "{page}: {said}{}", cast.world.hub.log_tail());
        }
    };
    join(join_all((0..12).map(reader)), join_all((0..12).map(asker))).await;
}

#[tokio::test]
async fn every_other_address_is_open_to_those_it_is_for_and_to_nobody_else() {
    let cast = Cast::shared().await;
    let hub = cast.world.hub.address;
    for who in Who::ALL {
        let cookie = cast.cookie(who).await.unwrap_or_default();
        for (path, of) in OTHERS {
            let query = if *path == "/calls/export" { "?format=csv&session=no-such-session" } else { "" };
            let reply = document(&cast, &cookie, &format!("{path}{query}")).send(hub).await;
            let is_led = reply.header("location").is_some_and(|to| to.starts_with("/login"));
            // A link to a file leads whoever is not logged in to where that is done.
            let status = if is_led { 401 } else { reply.status };
            check(path, *of, who, status);
        }
        // A cookie does not open what a machine reads.
        assert_eq!(document(&cast, &cookie, METRICS).send(hub).await.status, 401, "{who:?}");
    }
}

#[test]
fn no_page_and_no_address_is_left_out() {
    let tried: BTreeSet<String> = PAGES.iter().map(|(page, _)| (*page).to_owned()).collect();
    assert_eq!(tried, quoted("app/src/lib.rs", "path!(\""), "those that are tried, and those that the router knows");
    let tried: BTreeSet<String> = OTHERS.iter().map(|(path, _)| *path).chain([METRICS]).map(str::to_owned).collect();
    let mut there = BTreeSet::new();
    for file in ["app/src/main.rs", "app/src/server.rs", "src/http.rs"] {
        there.extend(quoted(file, ".route(\""));
    }
    // Of the management API's module only what is no part of the API; that is listed with it.
    for path in quoted("src/http/admin.rs", ".route(\"") {
        match path.as_str() {
            "/openapi.json" => _ = there.insert("/admin/v1/openapi.json".to_owned()),
            path if path.starts_with("/docs") => _ = there.insert(format!("/admin{path}")),
            _ => {}
        }
    }
    assert_eq!(tried, there, "those that are tried, and those that there are");
}

/// What stands in quotes behind each `mark` of a source, empty ones aside.
fn quoted(file: &str, mark: &str) -> BTreeSet<String> {
    let source = std::fs::read_to_string(root().join(file)).unwrap();
    let paths = source.split(mark).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    paths.filter(|path| !path.is_empty()).collect()
}
