//! The catalogue of endpoints: (method, path) → what is asked. Anything else is not found.

use http::Method;

use crate::domain::provider::Kind;

/// What is asked of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `POST /v1/messages`: metered and recorded.
    Messages,
    /// `POST /v1/messages/count_tokens`: free, passed through.
    CountTokens,
    /// `GET /v1/models` and `GET /v1/models/{id}`: free, passed through.
    Models,
}

impl Operation {
    /// Finds the operation; the query string plays no part.
    pub fn find(method: &Method, path: &str) -> Option<Self> {
        match path {
            "/v1/messages" if method == Method::POST => Some(Self::Messages),
            "/v1/messages/count_tokens" if method == Method::POST => Some(Self::CountTokens),
            "/v1/models" if method == Method::GET => Some(Self::Models),
            _ if method == Method::GET => {
                let id = path.strip_prefix("/v1/models/")?;
                (!id.is_empty() && !id.contains('/') && id != "..").then_some(Self::Models)
            }
            _ => None,
        }
    }

    /// The protocol that it belongs to: only providers that speak it can serve it.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Messages | Self::CountTokens | Self::Models => Kind::Anthropic,
        }
    }

    /// True if its calls are recorded and paid for.
    pub const fn is_metered(self) -> bool {
        matches!(self, Self::Messages)
    }

    /// True if it has a body that names a model.
    pub const fn has_body(self) -> bool {
        matches!(self, Self::Messages | Self::CountTokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_catalogue_is_served() {
        for (method, path, found) in [
            (Method::POST, "/v1/messages", Some(Operation::Messages)),
            (Method::GET, "/v1/messages", None),
            (Method::POST, "/v1/messages/", None),
            (Method::POST, "/v1/messages/count_tokens", Some(Operation::CountTokens)),
            (Method::GET, "/v1/models", Some(Operation::Models)),
            (Method::GET, "/v1/models/claude-opus-5", Some(Operation::Models)),
            (Method::GET, "/v1/models/a/b", None),
            (Method::GET, "/v1/models/..", None),
            (Method::POST, "/v1/complete", None),
        ] {
            assert_eq!(Operation::find(&method, path), found, "{method} {path}");
        }
    }
}
