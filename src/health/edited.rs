//! What an edit of a provider puts an end to (docs/rules.md, Holds).

use crate::domain::hold::HoldReason;

/// What a new secret puts an end to.
const BY_SECRET: &[HoldReason] = &[
    HoldReason::Credential,
    HoldReason::Entitlement,
    HoldReason::RateLimit,
    HoldReason::SpendLimit,
    HoldReason::QuotaWindow,
];

/// What a new proxy puts an end to.
const BY_PROXY: &[HoldReason] = &[HoldReason::Proxy];

/// What a new address puts an end to: all but what somebody has asked for.
const BY_ADDRESS: &[HoldReason] = &[
    HoldReason::Credential,
    HoldReason::Entitlement,
    HoldReason::RateLimit,
    HoldReason::SpendLimit,
    HoldReason::QuotaWindow,
    HoldReason::Breaker,
    HoldReason::Overload,
    HoldReason::Proxy,
];

/// What is new in the way to a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edited {
    /// Its base URL.
    pub address: bool,
    /// Its secret.
    pub secret: bool,
    /// Its proxy, or the password for it.
    pub proxy: bool,
}

impl Edited {
    /// Why a hold must be there for the edit to end it; a reason may come twice.
    pub fn reasons(self) -> Vec<HoldReason> {
        let edits = [(self.address, BY_ADDRESS), (self.secret, BY_SECRET), (self.proxy, BY_PROXY)];
        edits.into_iter().filter(|(is_new, _)| *is_new).flat_map(|(_, reasons)| reasons.iter().copied()).collect()
    }
}
