//! Every route of the management API.

use std::collections::BTreeSet;

use super::{Cast, For, Who, check};
use crate::{client::Request, hub::root};

/// Every route, and for whom it is.
const ROUTES: &[(&str, &str, For)] = &[
    ("GET", "/audit", For::Admins),
    ("GET", "/availability", For::Admins),
    ("GET", "/calls", For::Admins),
    ("GET", "/calls/export", For::Admins),
    ("GET", "/calls/{id}", For::Admins),
    ("GET", "/calls/{id}/messages", For::Admins),
    ("GET", "/console-sessions", For::Admins),
    ("DELETE", "/console-sessions", For::Admins),
    ("DELETE", "/console-sessions/{id}", For::Admins),
    ("GET", "/environment", For::Admins),
    ("GET", "/groups", For::Admins),
    ("POST", "/groups", For::Admins),
    ("GET", "/groups/{name}", For::Admins),
    ("PATCH", "/groups/{name}", For::Admins),
    ("DELETE", "/groups/{name}", For::Admins),
    ("POST", "/groups/{name}/pause", For::Admins),
    ("POST", "/groups/{name}/resume", For::Admins),
    ("GET", "/holds", For::Admins),
    ("DELETE", "/holds/{id}", For::Admins),
    ("GET", "/keys", For::Admins),
    ("GET", "/keys/{id}", For::Admins),
    ("PATCH", "/keys/{id}", For::Admins),
    ("DELETE", "/keys/{id}", For::Admins),
    ("GET", "/keys/{id}/limits", For::Admins),
    ("POST", "/keys/{id}/reset", For::Admins),
    ("GET", "/leaderboard", For::Admins),
    ("GET", "/log", For::Admins),
    ("POST", "/keys/{id}/rotate", For::Admins),
    ("POST", "/keys/bulk", For::Admins),
    ("GET", "/me", For::Users),
    ("GET", "/me/calls", For::Users),
    ("GET", "/me/calls/{id}", For::Users),
    ("GET", "/me/console-sessions", For::Users),
    ("DELETE", "/me/console-sessions", For::Users),
    ("DELETE", "/me/console-sessions/{id}", For::Users),
    ("PUT", "/me/password", For::Passwords),
    ("GET", "/me/usage", For::Users),
    ("GET", "/overview", For::Admins),
    ("GET", "/prices", For::Admins),
    ("POST", "/prices/import", For::Admins),
    ("POST", "/prices/sync", For::Admins),
    ("PUT", "/prices/{model}", For::Admins),
    ("DELETE", "/prices/{model}", For::Admins),
    ("GET", "/prices/{model}/history", For::Admins),
    ("GET", "/providers", For::Admins),
    ("POST", "/providers", For::Admins),
    ("GET", "/providers/{id}", For::Admins),
    ("PATCH", "/providers/{id}", For::Admins),
    ("DELETE", "/providers/{id}", For::Admins),
    ("GET", "/providers/{id}/limits", For::Admins),
    ("POST", "/providers/{id}/pause", For::Admins),
    ("POST", "/providers/{id}/reset", For::Admins),
    ("POST", "/providers/{id}/resume", For::Admins),
    ("POST", "/providers/{id}/test", For::Admins),
    ("POST", "/providers/{id}/test-proxy", For::Admins),
    ("POST", "/providers/test-proxy", For::Admins),
    ("POST", "/providers/{id}/clone", For::Admins),
    ("POST", "/providers/bulk", For::Admins),
    ("GET", "/providers/traffic", For::Admins),
    ("GET", "/quotas", For::Admins),
    ("POST", "/routing/explain", For::Admins),
    ("GET", "/search", For::Admins),
    ("GET", "/sessions", For::Admins),
    ("GET", "/sessions/{id}", For::Admins),
    ("DELETE", "/sessions/{id}", For::Admins),
    ("POST", "/sessions/bulk", For::Admins),
    ("GET", "/settings", For::Admins),
    ("PATCH", "/settings", For::Admins),
    ("GET", "/storage", For::Admins),
    ("GET", "/usage", For::Admins),
    ("GET", "/usage/errors", For::Admins),
    ("GET", "/users", For::Admins),
    ("POST", "/users", For::Admins),
    ("GET", "/users/{id}", For::Admins),
    ("PATCH", "/users/{id}", For::Admins),
    ("DELETE", "/users/{id}", For::Admins),
    ("GET", "/users/{id}/keys", For::Admins),
    ("POST", "/users/{id}/keys", For::Admins),
    ("GET", "/users/{id}/limits", For::Admins),
    ("PUT", "/users/{id}/password", For::Admins),
    ("DELETE", "/users/{id}/password", For::Admins),
    ("POST", "/users/{id}/reset", For::Admins),
    ("POST", "/users/{id}/renew", For::Admins),
    ("POST", "/users/bulk", For::Admins),
    ("GET", "/users/tags", For::Admins),
];

/// A request that changes nothing, whoever sends it: what it asks to be changed is nonsense.
fn harmless(cast: &Cast, method: &str, path: &str) -> Request {
    let path = path.replace("{id}", "999999999").replace("{name}", "no-such-group").replace("{model}", "no-such-model");
    let query = if method == "DELETE" { "?nonsense=1" } else { "" };
    let request = Request::new(method, &format!("/admin/v1{path}{query}"))
        .header("x-forwarded-for", &cast.world.address)
        .header("sec-fetch-site", "same-origin");
    if ["POST", "PUT", "PATCH"].contains(&method) {
        // Of a password only a whole request shows for whom it is.
        let body = if path == "/me/password" {
            r#"{"old_password":"not the right one","password":"whatever it is"}"#
        } else {
            r#"{"nonsense":1}"#
        };
        request.header("content-type", "application/json").body(body)
    } else {
        request
    }
}

#[tokio::test]
async fn every_route_is_open_to_those_it_is_for_and_to_nobody_else() {
    let cast = Cast::alone().await;
    for who in Who::ALL {
        let cookie = cast.cookie(who).await;
        let bearer = match who {
            Who::Key => Some(&cast.key.secret),
            Who::AdminToken => Some(&cast.world.admin_token),
            _ => None,
        };
        for (method, path, of) in ROUTES {
            let request = harmless(&cast, method, path);
            let with_cookie = match &cookie {
                Some(cookie) => request.clone().header("cookie", cookie),
                None => request.clone(),
            };
            let status = with_cookie.send(cast.world.hub.address).await.status;
            check(&format!("{method} {path} with a cookie"), *of, who, status);
            if let Some(bearer) = bearer {
                let with_bearer = request.header("authorization", format!("Bearer {bearer}"));
                let status = with_bearer.send(cast.world.hub.address).await.status;
                check(&format!("{method} {path} with a bearer"), *of, who, status);
            }
        }
    }
}

#[tokio::test]
async fn another_site_changes_nothing_with_a_readers_cookie() {
    let cast = Cast::shared().await;
    let hub = cast.world.hub.address;
    for who in [Who::Person, Who::AdminUser] {
        let cookie = cast.cookie(who).await.unwrap();
        for (method, path, _) in ROUTES.iter().filter(|(method, ..)| *method != "GET") {
            for foreign in
                [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "http://evil.example")]
            {
                let path = path.replace("{id}", "999999999");
                let request = Request::new(method, &format!("/admin/v1{path}"))
                    .header("x-forwarded-for", &cast.world.address)
                    .header("cookie", &cookie)
                    .header(foreign.0, foreign.1);
                assert_eq!(request.send(hub).await.status, 403, "{method} {path} for {who:?} with {foreign:?}");
            }
        }
    }
}

#[tokio::test]
async fn no_route_is_left_out() {
    let cast = Cast::shared().await;
    let mut described = BTreeSet::new();
    let description = cast.world.get("/admin/v1/openapi.json").await;
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            described.insert((method.to_uppercase(), path.strip_prefix("/admin/v1").unwrap().to_owned()));
        }
    }
    let tried: BTreeSet<_> =
        ROUTES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(tried, described, "those that are tried, and those that are described");
    assert_eq!(routed(), described, "those that there are, and those that are described");
}

/// The routes as they stand in the source: the description does not know of one that it was not told of.
fn routed() -> BTreeSet<(String, String)> {
    let source = std::fs::read_to_string(root().join("src/http/admin.rs")).unwrap();
    let mut routed = BTreeSet::new();
    for line in source.split(".route(\"").skip(1) {
        let (path, rest) = line.split_once('"').unwrap();
        // Outside the API, or open to all, or nowhere.
        if path.starts_with("/docs")
            || path.starts_with("/v1")
            || path == "/openapi.json"
            || rest.contains("any(nowhere)") && !rest.contains("get(")
        {
            continue;
        }
        let handlers = rest.split('\n').next().unwrap();
        for method in ["get", "post", "put", "patch", "delete"] {
            let is_there = [format!(" {method}("), format!(".{method}(")].iter().any(|call| handlers.contains(call));
            if is_there {
                routed.insert((method.to_uppercase(), path.to_owned()));
            }
        }
    }
    routed
}
