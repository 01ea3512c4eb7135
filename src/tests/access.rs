//! Who may see and do what: every route and every server function, tried by everybody.

mod audit;
mod functions;
mod logins;
mod own;
mod pages;
mod routes;

use serde_json::json;

use crate::{
    client::{Reply, Request},
    world::{Key, World},
};

/// A password of these tests.
pub const PASSWORD: &str = "correct horse battery";

/// For whom something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Also for those who have not logged in.
    All,
    /// For whoever is known.
    Known,
    /// For those who run the hub: the admin token, and users with the role `admin` who have shown their password.
    Admins,
    /// For those who have something of their own: users, and keys. The admin token is nobody's.
    Users,
    /// For users who have shown their password.
    Passwords,
}

/// Who tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Nobody,
    /// A key of an administrator: the role must not matter.
    Key,
    Person,
    /// A user with the role `admin`, by password.
    AdminUser,
    AdminToken,
}

impl Who {
    pub const ALL: [Self; 5] = [Self::Nobody, Self::Key, Self::Person, Self::AdminUser, Self::AdminToken];
}

/// The status that refuses `who`; none if the way is open.
pub fn refusal(of: For, who: Who) -> Option<u16> {
    // Nobody, a key, a person, an admin by password, the admin token.
    let row = match of {
        For::All => [None, None, None, None, None],
        For::Known => [Some(401), None, None, None, None],
        For::Admins => [Some(401), Some(403), Some(403), None, None],
        For::Users => [Some(401), None, None, None, Some(404)],
        For::Passwords => [Some(401), Some(403), None, None, Some(404)],
    };
    row[Who::ALL.iter().position(|column| *column == who).unwrap()]
}

/// Checks what `who` has been answered. Where the way is open anything may follow but a refusal.
#[track_caller]
pub fn check(what: &str, of: For, who: Who, status: u16) {
    match refusal(of, who) {
        Some(expected) => assert_eq!(status, expected, "{what} for {who:?}"),
        None => assert!(status != 401 && status != 403 && status < 500, "{what} for {who:?}: {status}"),
    }
}

/// The people of these tests.
pub struct Cast {
    pub world: World,
    pub key: Key,
    pub person: Key,
    pub admin: Key,
}

impl Cast {
    /// In a hub of its own: what administrators try may end everybody's logins.
    pub async fn alone() -> Self {
        Self::of(World::alone().await).await
    }

    /// In the hub that most tests share.
    pub async fn shared() -> Self {
        Self::of(World::shared().await).await
    }

    async fn of(world: World) -> Self {
        let user = |name: &str, role: &str| json!({"name": format!("{}-{name}", world.tag), "role": role});
        let key = world.key_with(user("owner", "admin"), json!({})).await;
        let person = world.key_with(user("person", "user"), json!({})).await;
        let admin = world.key_with(user("admin", "admin"), json!({})).await;
        for user in [&person, &admin] {
            set_password(&world, user, PASSWORD).await;
        }
        Self { world, key, person, admin }
    }

    /// The name of one of them.
    pub fn name(&self, who: &str) -> String {
        format!("{}-{who}", self.world.tag)
    }

    /// A fresh cookie of somebody; none of nobody.
    pub async fn cookie(&self, who: Who) -> Option<String> {
        let token = self.world.admin_token.clone();
        let (name, secret) = match who {
            Who::Nobody => return None,
            Who::Key => (String::new(), self.key.secret.clone()),
            Who::Person => (self.name("person"), PASSWORD.to_owned()),
            Who::AdminUser => (self.name("admin"), PASSWORD.to_owned()),
            Who::AdminToken => (String::new(), token),
        };
        Some(cookie(&log_in(&self.world, &name, &secret).await))
    }
}

/// Gives the user of a key a password.
pub async fn set_password(world: &World, user: &Key, password: &str) {
    let path = format!("/admin/v1/users/{}/password", user.user_id);
    let (status, answer) = world.admin("PUT", &path, &json!({"password": password})).await;
    assert_eq!(status, 204, "{answer}");
}

/// The address of a server function: its name and a hash.
pub fn function(name: &str) -> &'static str {
    let ends = |path: &str| {
        let rest = path.strip_prefix("/_ui/").and_then(|path| path.strip_prefix(name));
        rest.is_some_and(|hash| hash.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let found = paths().into_iter().find(|path| ends(path));
    found.unwrap_or_else(|| panic!("there is no function {name}: {:?}", paths()))
}

/// The addresses of all server functions.
pub fn paths() -> Vec<&'static str> {
    // Names the console, so that it is linked with the functions that it registers.
    let _ = app::server::console;
    leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path).collect()
}

/// A request to a server function, as a page of the console sends it.
pub fn call(world: &World, name: &str, fields: &str) -> Request {
    Request::new("POST", function(name))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "application/json")
        .header("sec-fetch-site", "same-origin")
        .header("x-forwarded-for", &world.address)
        .body(fields)
}

/// Tries to log in to the console.
pub async fn log_in(world: &World, name: &str, secret: &str) -> Reply {
    let fields = format!("name={}&secret={}&next=", escape(name), escape(secret));
    call(world, "log_in", &fields).send(world.hub.address).await
}

/// The cookie that a login has given.
pub fn cookie(reply: &Reply) -> String {
    let cookie =
        reply.header("set-cookie").unwrap_or_else(|| panic!("no cookie: {} {:?}", reply.status, reply.headers));
    cookie.split(';').next().unwrap().to_owned()
}

/// A text in a form.
pub fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
