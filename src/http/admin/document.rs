//! The API's description (`OpenAPI` 3.1), made from the types.

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses, Modify, OpenApi, PartialSchema,
    openapi::{
        self, ContentBuilder, Ref, RefOr, ResponseBuilder,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{
    audit, calls, console_sessions, find, groups, holds, keys, limits, log, me, prices,
    problem::{Kind, ProblemBody},
    providers, quotas, routing, sessions, settings, storage, usage, users,
};
use crate::admin::login::COOKIE;

/// The description. Its version is that of the crate.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Switchyard management API",
        description = "Everything the console does, for scripts. Ids and money are strings; money is an exact decimal \
            in US dollars; times are RFC 3339. Unknown fields and parameters are refused. Errors are problem details \
            (RFC 9457) that name the field at fault. Lists are pages: pass `next_cursor` as `cursor` to get the next one, of `limit` items.",
        license(name = "MIT", identifier = "MIT")
    ),
    paths(
        users::list, users::create, users::find, users::update, users::delete, users::set_password, users::clear_password,
        users::bulk, users::tags, users::renew,
        keys::list_all, keys::list, keys::create, keys::find, keys::update, keys::delete, keys::rotate, keys::bulk,
        providers::list, providers::create, providers::find, providers::update, providers::delete, providers::test,
        providers::bulk, providers::clone, providers::test_proxy, providers::test_new_proxy,
        providers::traffic,
        limits::of_user, limits::reset_user, limits::of_key, limits::reset_key, limits::of_provider,
        limits::reset_provider,
        quotas::list,
        sessions::list, sessions::find, sessions::end, sessions::bulk,
        prices::list, prices::put, prices::delete, prices::history, prices::import, prices::sync,
        holds::list, holds::end, holds::pause_provider, holds::resume_provider, holds::pause_group, holds::resume_group,
        groups::list, groups::create, groups::find, groups::update, groups::delete,
        routing::explain, find::search,
        calls::list, calls::export, calls::find, calls::messages, usage::overview, usage::sum, usage::errors, usage::leaderboard, usage::availability,
        settings::list, settings::update, settings::environment, storage::show, log::list,
        console_sessions::list, console_sessions::end, console_sessions::end_others, audit::list,
        me::find, me::usage, me::calls, me::call, me::change_password, me::list_sessions, me::end_session, me::end_other_sessions,
    ),
    security(("admin_token" = []), ("console_session" = [])),
    modifiers(&Common),
    tags(
        (name = "users", description = "People."),
        (name = "me", description = "What is one's own, for whoever shows a relay key, or a user who has logged in."),
        (name = "console", description = "Who is logged in to the console, and who has changed what."),
        (name = "keys", description = "What people's tools authenticate with."),
        (name = "providers", description = "Configured places to send calls."),
        (name = "limits", description = "How much users, keys and providers may use, and have used."),
        (name = "sessions", description = "Conversations of clients."),
        (name = "prices", description = "What models cost, in US dollars per million tokens."),
        (name = "groups", description = "Groups of providers."),
        (name = "holds", description = "What may not be used just now, why, and until when."),
        (name = "routing", description = "Where calls go."),
        (name = "calls", description = "Client requests and their answers, as they were recorded."),
        (name = "usage", description = "Sums over calls."),
        (name = "settings", description = "What can be changed while the hub runs, what the environment says, and what is kept."),
    )
)]
struct Document;

/// The description, whole.
pub(super) fn document() -> openapi::OpenApi {
    Document::openapi()
}

/// What every route shares: how to say who asks, and problems.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = |what| HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(what)).build();
        components.add_security_scheme("admin_token", SecurityScheme::Http(bearer("The variable `ADMIN_TOKEN`.")));
        components.add_security_scheme("relay_key", SecurityScheme::Http(bearer("A key that the hub has issued.")));
        let what =
            "The cookie of a login to the console. Changes that another site makes the browser send are refused.";
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(COOKIE, what)));
        components.add_security_scheme("console_session", cookie);
        components.schemas.insert("Problem".to_owned(), ProblemBody::schema());
    }
}

/// The problems that any route may answer with, and `more`.
fn responses(more: &[Kind]) -> BTreeMap<String, RefOr<openapi::Response>> {
    let common =
        [Kind::Unauthenticated, Kind::NotAllowed, Kind::TooManyAttempts, Kind::Invalid, Kind::Internal, Kind::Busy];
    let described = |kind: &Kind| {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response =
            ResponseBuilder::new().description(kind.description()).content("application/problem+json", content);
        (kind.status().as_str().to_owned(), RefOr::T(response.build()))
    };
    common.iter().chain(more).map(described).collect()
}

macro_rules! problems {
    ($( $(#[$doc:meta])* $name:ident: $($kind:ident),*; )+) => {
        $(
            $(#[$doc])*
            pub(super) struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
                    responses(&[$( Kind::$kind ),*])
                }
            }
        )+
    };
}

problems! {
    /// Problems of a list.
    ListProblems: ;
    /// Problems of changing something that is always there.
    SetProblems: Malformed, TooLarge;
    /// Problems of setting something of what may not be there.
    SetOneProblems: Malformed, TooLarge, NotFound;
    /// Problems of reading or deleting one thing.
    FindProblems: NotFound;
    /// Problems of deleting what others may need.
    DeleteProblems: Conflict, NotFound;
    /// Problems of a question about something that may not be there.
    ExplainProblems: Malformed, TooLarge, NotFound;
    /// Problems of making something.
    CreateProblems: Malformed, TooLarge, Conflict;
    /// Problems of changing something, or of what belongs to it.
    ChangeProblems: Malformed, TooLarge, Conflict, NotFound;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_says_what_it_answers_and_every_reference_leads_somewhere() {
        let document = serde_json::to_value(document()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let mut n_operations = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                n_operations += 1;
                assert!(path.starts_with("/admin/v1/"), "{path}");
                assert!(operation["summary"].is_string(), "{method} {path}");
                for status in ["401", "403", "429", "500", "503"] {
                    assert!(operation["responses"][status].is_object(), "{method} {path} {status}");
                }
            }
        }
        assert!(n_operations > 50, "{n_operations}");
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }
}
