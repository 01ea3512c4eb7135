//! What arrives, parsed at the door; what cannot be parsed is a problem that names its field.

use std::{error::Error, str::FromStr};

use axum::{
    Json,
    body::{Bytes, to_bytes},
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::JsonRejection},
};
use http::request::Parts;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use super::problem::{Kind, Problem};
use crate::domain::page::PartQuery;

/// Bytes of a body.
const BODY_BYTES_MAX: usize = 1 << 20;

/// Fields that carry secrets.
const SECRET_FIELDS: [&str; 4] = ["secret", "proxy_url", "password", "old_password"];

/// A JSON body. No body at all is an empty object. These routes have no query parameters.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let Params(NoParams {}) = params(request.uri())?;
        let bytes =
            to_bytes(request.into_body(), BODY_BYTES_MAX).await.map_err(|error| unread(&error, BODY_BYTES_MAX))?;
        parse(if bytes.trim_ascii().is_empty() { b"{}" } else { &bytes }).map(Self)
    }
}

/// A body that is a file, at most `BYTES_MAX` long.
pub(super) struct File<const BYTES_MAX: usize>(pub(super) Bytes);

impl<const BYTES_MAX: usize, S: Send + Sync> FromRequest<S> for File<BYTES_MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        to_bytes(request.into_body(), BYTES_MAX).await.map(Self).map_err(|error| unread(&error, BYTES_MAX))
    }
}

/// Why a body was not read: it is too large, or it did not arrive.
fn unread(error: &axum::Error, bytes_max: usize) -> Problem {
    if error.source().is_some_and(<dyn Error>::is::<http_body_util::LengthLimitError>) {
        Problem::new(Kind::TooLarge, format!("the body must have at most {bytes_max} bytes"))
    } else {
        Problem::new(Kind::Malformed, "the body did not arrive")
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // serde would read an array too, field by field.
    if bytes.trim_ascii_start().first() != Some(&b'{') && serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
        return Err(Problem::invalid(None, "the body must be a JSON object"));
    }
    let rejection = match Json::from_bytes(bytes) {
        Ok(Json(value)) => return Ok(value),
        Err(rejection) => rejection,
    };
    let detail = innermost(&rejection);
    Err(match rejection {
        JsonRejection::JsonDataError(_) => wrong_data(field(&detail), detail),
        // serde_json calls it a mistake of syntax if a number stands where one of several words should.
        _ if serde_json::from_slice::<IgnoredAny>(bytes).is_ok() => wrong_data(field(&detail), detail),
        _ => Problem::new(Kind::Malformed, format!("the body is not JSON: {detail}")),
    })
}

/// A value of the wrong form. serde quotes it, which is no way to treat a secret.
fn wrong_data(field: Option<String>, detail: String) -> Problem {
    match field.as_deref() {
        Some(name) if SECRET_FIELDS.contains(&name) && detail.contains("invalid type") => {
            let detail = format!("{name}: must be a string");
            Problem::invalid(field, detail)
        }
        _ => Problem::invalid(field, detail),
    }
}

/// Query parameters.
pub(super) struct Params<T>(pub(super) T);

/// No query parameters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoParams {}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        params(&parts.uri)
    }
}

/// Query parameters of a list that is made as a whole, and which part of it is asked for.
pub(super) struct Listed<T> {
    /// What else is asked.
    pub(super) query: T,
    /// The part.
    pub(super) part: PartQuery,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Listed<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        listed(&parts.uri)
    }
}

fn listed<T: DeserializeOwned>(uri: &http::Uri) -> Result<Listed<T>, Problem> {
    let is_of_the_part = |pair: &&str| matches!(pair.split('=').next(), Some("limit" | "cursor"));
    let (of_the_part, others): (Vec<&str>, Vec<&str>) =
        uri.query().unwrap_or_default().split('&').partition(is_of_the_part);
    let with = |pairs: &[&str]| {
        // A part of a valid query is one.
        http::Uri::try_from(format!("/?{}", pairs.join("&"))).unwrap_or_default()
    };
    let (Params(query), Params(part)) = (params(&with(&others))?, params(&with(&of_the_part))?);
    Ok(Listed { query, part })
}

fn params<T: DeserializeOwned>(uri: &http::Uri) -> Result<Params<T>, Problem> {
    match Query::try_from_uri(uri) {
        Ok(Query(params)) => Ok(Params(params)),
        Err(rejection) => {
            let detail = innermost(&rejection);
            let in_words = detail.replace(" field `", " parameter `").replace("no fields", "none here");
            Err(Problem::invalid(field(&detail), in_words))
        }
    }
}

/// The one parameter of a path: an id. What has not the form of one is not there.
pub(super) struct Id<T>(pub(super) T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await.ok();
        let id = path.and_then(|Path(text)| text.parse().ok());
        id.map(Self).ok_or_else(|| Problem::new(Kind::NotFound, "the path does not have an id of the expected form"))
    }
}

/// The text of the first cause, without what was wrapped around it: the path to the field and what serde says.
fn innermost(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

/// The field that a message of serde speaks of: named by the path before it, or quoted in it.
fn field(message: &str) -> Option<String> {
    for known in ["unknown field `", "missing field `", "duplicate field `"] {
        if let Some((path, rest)) = message.split_once(known)
            && !path.contains(['[', '.'])
        {
            return rest.split_once('`').map(|(field, _)| field.to_owned());
        }
    }
    let (path, _) = message.split_once(": ")?;
    let field = path.split(['.', '[']).next()?;
    let is_name = !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then(|| field.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        hold::HoldQuery, id::ProviderId, provider::ProviderCreate, report::CallQuery, user::UserPatch,
    };

    #[track_caller]
    fn check_body<T: DeserializeOwned>(body: &str, kind: Kind, field: Option<&str>) {
        let problem = parse::<T>(body.as_bytes()).err().unwrap();
        let json = serde_json::to_value(problem.body()).unwrap();
        assert_eq!(json["status"], kind.status().as_u16(), "{body}: {json}");
        assert_eq!(json.get("field").and_then(|field| field.as_str()), field, "{body}: {json}");
    }

    #[test]
    fn a_body_that_cannot_be_used_names_its_field() {
        check_body::<UserPatch>("{\"name\":", Kind::Malformed, None);
        check_body::<UserPatch>("[]", Kind::Invalid, None);
        check_body::<UserPatch>("{\"nme\":1}", Kind::Invalid, Some("nme"));
        check_body::<UserPatch>("{\"enabled\":\"yes\"}", Kind::Invalid, Some("enabled"));
        check_body::<UserPatch>("{\"role\":1}", Kind::Invalid, Some("role"));
        check_body::<UserPatch>("{\"group\":[\"a\",1]}", Kind::Invalid, Some("group"));
        check_body::<UserPatch>("{\"expires_at\":\"tomorrow\"}", Kind::Invalid, Some("expires_at"));
        check_body::<UserPatch>("{\"name\":\"a\"} x", Kind::Malformed, None);
        check_body::<ProviderCreate>("{}", Kind::Invalid, Some("name"));
        let with = |more: &str| format!("{{\"name\":\"a\",\"base_url\":\"b\",\"secret\":\"c\",{more}}}");
        check_body::<ProviderCreate>(&with("\"kind\":\"openai\""), Kind::Invalid, Some("kind"));
        check_body::<ProviderCreate>(&with("\"cost_multiplier\":\"x\""), Kind::Invalid, Some("cost_multiplier"));
        check_body::<ProviderCreate>(
            &with("\"models\":[{\"kind\":\"no\",\"value\":\"a\"}]"),
            Kind::Invalid,
            Some("models"),
        );
        check_body::<ProviderCreate>(&with("\"redirects\":[{\"to\":\"a\"}]"), Kind::Invalid, Some("redirects"));
        check_body::<ProviderCreate>(&with("\"weight\":-1"), Kind::Invalid, Some("weight"));
    }

    #[test]
    fn a_secret_of_the_wrong_form_is_not_quoted() {
        let body = r#"{"name":"a","base_url":"b","secret":31415926}"#;
        let problem = parse::<ProviderCreate>(body.as_bytes()).err().unwrap();
        let json = serde_json::to_value(problem.body()).unwrap();
        assert_eq!((&json["detail"], &json["field"]), (&"secret: must be a string".into(), &"secret".into()));
    }

    #[test]
    fn a_list_that_is_made_whole_takes_limit_and_cursor_beside_its_own_parameters() {
        let Listed { query: NoParams {}, part } = listed(&"/groups?cursor=NQ&limit=7".parse().unwrap()).ok().unwrap();
        assert_eq!((part.limit, part.cursor.as_deref()), (Some(7), Some("NQ")));
        let listed = |query: &str| listed::<HoldQuery>(&format!("/holds{query}").parse().unwrap());
        let both = listed("?limit=7&provider_id=3").ok().unwrap();
        assert_eq!((both.query.provider_id, both.part.limit), (Some(ProviderId(3)), Some(7)));
        assert!(listed("").is_ok() && listed("?provider_id=3").is_ok());
        for wrong in
            ["?limits=7", "?limit=7&limit=8", "?limit=many", "?cursor=a&cursor=b", "?provider_id=3&provider_id=4"]
        {
            assert!(listed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_query_that_cannot_be_used_names_its_parameter() {
        for (query, field) in [
            ("limit=many", "limit"),
            ("limits=1", "limits"),
            ("user_id=a", "user_id"),
            ("outcome=good", "outcome"),
            ("from=yesterday", "from"),
            ("limit=1&limit=2", "limit"),
        ] {
            let problem = params::<CallQuery>(&format!("/calls?{query}").parse().unwrap()).err().unwrap();
            let json = serde_json::to_value(problem.body()).unwrap();
            assert_eq!((&json["status"], &json["field"]), (&422.into(), &field.into()), "{query}: {json}");
        }
        assert!(params::<CallQuery>(&"/calls?limit=1&status=200&stream".parse().unwrap()).is_err());
        assert!(params::<CallQuery>(&"/calls?limit=1&status=200&outcome=completed&user_id=3".parse().unwrap()).is_ok());
        assert!(params::<NoParams>(&"/calls".parse().unwrap()).is_ok());
        assert!(params::<NoParams>(&"/calls?a=1".parse().unwrap()).is_err());
    }
}
