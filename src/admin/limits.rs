//! Limits: what may be set.

use super::check::within;
use crate::domain::{fault::Fault, limit::Limits, money::Usd};

/// The highest limit of calls in a minute, and of calls and sessions at the same time.
const COUNT_MAX: u32 = 1_000_000;

/// The highest limit of tokens in a minute.
const TOKENS_MAX: u64 = 1_000_000_000_000;

/// The highest limit of money: nine million dollars. Counters in Redis are exact up to 2^53 nano-dollars.
const USD_MAX: Usd = Usd::from_scaled(9_000_000 * 1_000_000_000);

/// Checks limits that are to be kept.
pub(super) fn check(limits: &Limits) -> Result<(), Fault> {
    within("limit_rpm", limits.limit_rpm, 0, COUNT_MAX)?;
    within("limit_tpm", limits.limit_tpm, 0, TOKENS_MAX)?;
    within("limit_5h_usd", limits.limit_5h_usd, Usd::ZERO, USD_MAX)?;
    within("limit_daily_usd", limits.limit_daily_usd, Usd::ZERO, USD_MAX)?;
    within("limit_weekly_usd", limits.limit_weekly_usd, Usd::ZERO, USD_MAX)?;
    within("limit_monthly_usd", limits.limit_monthly_usd, Usd::ZERO, USD_MAX)?;
    within("limit_total_usd", limits.limit_total_usd, Usd::ZERO, USD_MAX)?;
    within("limit_concurrent_requests", limits.limit_concurrent_requests, 0, COUNT_MAX)?;
    within("limit_concurrent_sessions", limits.limit_concurrent_sessions, 0, COUNT_MAX)
}
