//! Errors as problem details (RFC 9457).

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::domain::fault::Fault;

/// Seconds after which an answer that the database did not give may be asked for again.
const BUSY_RETRY_S: u32 = 1;

/// What went wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    kind: Kind,
    detail: String,
    field: Option<String>,
    instance: Option<String>,
    retry_after_s: Option<u32>,
}

/// What went wrong, and what to do about it.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemBody<'a> {
    /// Identifies the kind of problem: a link into the documentation.
    #[serde(rename = "type")]
    #[schema(example = "/admin/docs#problem-invalid")]
    type_url: String,
    /// The kind of problem in words.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What happened this time.
    detail: &'a str,
    /// The field or parameter at fault, as it is named in the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    /// For an internal error: what to look for in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
}

macro_rules! kinds {
    ($( $(#[doc = $doc:literal])+ $name:ident = $status:expr, $slug:literal, $title:literal; )+) => {
        /// The kinds of problems.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind {
            $( $(#[doc = $doc])+ $name, )+
        }

        impl Kind {
            /// All of them, by status.
            pub(super) const ALL: &'static [Self] = &[$( Self::$name, )+];

            /// The HTTP status.
            pub(super) const fn status(self) -> StatusCode {
                match self {
                    $( Self::$name => $status, )+
                }
            }

            /// The end of its type's URL.
            pub(super) const fn slug(self) -> &'static str {
                match self {
                    $( Self::$name => $slug, )+
                }
            }

            /// The kind in words.
            pub(super) const fn title(self) -> &'static str {
                match self {
                    $( Self::$name => $title, )+
                }
            }

            /// What it means and what to do.
            pub(super) fn description(self) -> String {
                match self {
                    $( Self::$name => [$( $doc.trim(), )+].join(" "), )+
                }
            }
        }
    };
}

kinds! {
    /// The body is not JSON, or the query cannot be read.
    Malformed = StatusCode::BAD_REQUEST, "malformed", "Malformed request";
    /// There is no `Authorization: Bearer` header with the admin token or a key, and no console session.
    Unauthenticated = StatusCode::UNAUTHORIZED, "unauthenticated", "Not authenticated";
    /// Whoever asks is known but may not do this: it takes an administrator, or came from another site.
    NotAllowed = StatusCode::FORBIDDEN, "not-allowed", "Not allowed";
    /// There is no such thing, or no such route.
    NotFound = StatusCode::NOT_FOUND, "not-found", "Not found";
    /// The route has other methods; the header `allow` names them.
    MethodNotAllowed = StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed";
    /// The value is taken: `field` says which. Choose another one.
    Conflict = StatusCode::CONFLICT, "conflict", "Conflict";
    /// The body is larger than a megabyte.
    TooLarge = StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Body too large";
    /// A value cannot be used, or a name is unknown: `field` says which, `detail` what would be right.
    Invalid = StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Invalid value";
    /// Too many wrong tokens or passwords came from this address, or for this name; the header `retry-after` says when to try again.
    TooManyAttempts = StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", "Too many attempts";
    /// A mistake of the hub's own; the log says more under the id in `instance`.
    Internal = StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error";
    /// The database, or Redis, does not answer just now; try again.
    Busy = StatusCode::SERVICE_UNAVAILABLE, "busy", "Database busy";
}

impl Problem {
    /// A problem that no field is at fault for.
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), field: None, instance: None, retry_after_s: None }
    }

    /// A value that cannot be used, and the field it stands in, as far as that is known.
    pub(super) fn invalid(field: Option<String>, detail: impl Into<String>) -> Self {
        Self { field, ..Self::new(Kind::Invalid, detail) }
    }

    /// As it is sent.
    pub(super) fn body(&self) -> ProblemBody<'_> {
        ProblemBody {
            type_url: format!("/admin/docs#problem-{}", self.kind.slug()),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: &self.detail,
            field: self.field.as_deref(),
            instance: self.instance.as_deref(),
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let detail = fault.to_string();
        match fault {
            Fault::Unauthenticated => Self::new(
                Kind::Unauthenticated,
                "the header `authorization: Bearer …` with the admin token or a key is missing or wrong, and there is no session",
            ),
            Fault::NotAllowed => Self::new(Kind::NotAllowed, detail),
            Fault::TooManyAttempts { retry_after_s } => {
                Self { retry_after_s: Some(retry_after_s), ..Self::new(Kind::TooManyAttempts, detail) }
            }
            Fault::NotFound { .. } => Self::new(Kind::NotFound, detail),
            Fault::Invalid { field, .. } => Self::invalid(Some(field), detail),
            Fault::Conflict { field, .. } => Self { field: Some(field), ..Self::new(Kind::Conflict, detail) },
            Fault::Busy | Fault::CountersAway => {
                Self { retry_after_s: Some(BUSY_RETRY_S), ..Self::new(Kind::Busy, detail) }
            }
            Fault::Internal { id } => {
                Self { instance: Some(format!("urn:uuid:{id}")), ..Self::new(Kind::Internal, detail) }
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.kind.status();
        let mut response = (status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(retry_after_s) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, retry_after_s.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"switchyard\""));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_keeps_its_status_and_its_field() {
        for fault in [
            Fault::Unauthenticated,
            Fault::NotAllowed,
            Fault::TooManyAttempts { retry_after_s: 3 },
            Fault::not_found("user"),
            Fault::invalid("name", "too long"),
            Fault::Conflict { field: "name".to_owned(), why: "taken".to_owned() },
            Fault::Busy,
            Fault::CountersAway,
            Fault::Internal { id: "1".to_owned() },
        ] {
            let problem = Problem::from(fault.clone());
            assert_eq!((problem.body().status, problem.field.as_deref()), (fault.status(), fault.field()));
            assert_eq!(problem.into_response().headers()["content-type"], "application/problem+json");
        }
        let response = Problem::from(Fault::TooManyAttempts { retry_after_s: 3 }).into_response();
        assert_eq!(response.headers()["retry-after"], "3");
    }
}
