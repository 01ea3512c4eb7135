//! Server functions. Each asks who acts, then calls one use case.

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

pub(crate) mod ask;
pub(crate) mod calls;
#[cfg(feature = "ssr")]
pub(crate) mod drawn;
pub(crate) mod find;
pub(crate) mod groups;
pub(crate) mod keys;
pub(crate) mod limits;
pub(crate) mod logins;
#[cfg(feature = "ssr")]
pub(crate) mod overview;
pub(crate) mod prices;
pub(crate) mod providers;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod users;
#[cfg(feature = "ssr")]
pub(crate) mod zone;

#[cfg(feature = "ssr")]
pub(crate) mod forms;
#[cfg(feature = "ssr")]
pub(crate) mod guard;

/// Why a server function gave no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Trouble {
    /// There is no such thing, or not yet.
    NotFound,
    /// The use case said no.
    Refused,
    /// The hub could not be reached, or one side did not understand the other.
    Broken,
}

/// Why a server function gave no result, in the reader's language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub(crate) struct AppError {
    /// What kind of trouble it is.
    pub(crate) trouble: Trouble,
    /// The field at fault, if there is one, as the use case names it.
    pub(crate) field: Option<String>,
    /// The same in the reader's words, if the console has a name for it.
    pub(crate) label: Option<String>,
    /// What went wrong; of a broken connection only what a programmer understands.
    pub(crate) message: String,
}

impl AppError {
    /// One side did not understand the other.
    pub(crate) fn broken(message: &impl ToString) -> Self {
        Self { trouble: Trouble::Broken, field: None, label: None, message: message.to_string() }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        // In the browser the second is an answer that cannot be read.
        #[cfg(feature = "ssr")]
        if let ServerFnErrorErr::Args(why) | ServerFnErrorErr::Deserialization(why) = &error {
            return guard::unread(why);
        }
        Self::broken(&error)
    }
}

/// What a server function sends back.
pub(crate) type Answer<T> = Result<T, AppError>;

/// Something named by an id, for a list to choose from.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// The id.
    pub(crate) id: String,
    /// The name.
    pub(crate) name: String,
}
