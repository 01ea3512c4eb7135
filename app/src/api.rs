//! Server functions. Each asks who acts, then calls one use case.

use hub::domain::fault::Fault;
use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

pub(crate) mod ask;
pub(crate) mod calls;
pub(crate) mod keys;
pub(crate) mod overview;
pub(crate) mod prices;
pub(crate) mod providers;
pub(crate) mod session;
pub(crate) mod users;

#[cfg(feature = "ssr")]
mod forms;
#[cfg(feature = "ssr")]
pub(crate) mod guard;

/// Why a server function gave no result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum AppError {
    /// The use case said no.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The hub could not be reached, or one side did not understand the other.
    #[error("{0}")]
    Broken(String),
}

impl AppError {
    /// What the use case said, if it was asked.
    pub(crate) const fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            Self::Broken(_) => None,
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self::Broken(error.to_string())
    }
}

/// What a server function sends back.
pub(crate) type Answer<T> = Result<T, AppError>;

/// Something named by an id, for a list to choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Named {
    /// The id.
    pub(crate) id: String,
    /// The name.
    pub(crate) name: String,
}
