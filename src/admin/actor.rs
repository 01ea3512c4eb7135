//! Who acts.

/// Somebody who may run the hub. Only [`super::login`] makes one, so a use case that has one has a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// How the audit log names the actor: `admin token`, `console session 12`.
    pub(crate) name: String,
    /// The address the request came from.
    pub(crate) address: String,
}
