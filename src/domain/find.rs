//! What somebody looks for by a piece of its name.

use serde::{Deserialize, Serialize};

/// What kind of thing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FoundKind {
    /// A user.
    User,
    /// A key; its detail is its user.
    Key,
    /// A provider.
    Provider,
    /// A model that has a price.
    Model,
    /// A group of providers.
    Group,
    /// A client's conversation with recorded calls, by the beginning of the client's name for it; its detail is its key.
    Session,
    /// A call, by its whole id.
    Call,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Found {
    /// What kind of thing it is.
    pub kind: FoundKind,
    /// Its id; of a model and a group its name.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What tells it from others of that name.
    pub detail: Option<String>,
}

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "server", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct FindQuery {
    /// A piece of a name, of a key's beginning or of its last four characters, in any case; the beginning of a session's
    /// name; or the id of a call.
    pub search: String,
}
