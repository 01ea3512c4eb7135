//! May the call begin? Its caller's limits, before a provider is chosen.

use super::{screen::Screened, trail::Trail};
use crate::{
    domain::limit::LimitMode,
    limit::estimate::Request,
    route::choose::eligible,
    wire::{bound::Bound, peek::Peek, rejection::Rejection},
};

/// Takes the call's place among those of its caller. Calls that cost nothing are not limited.
///
/// # Errors
/// The first limit that the call does not fit into (docs/rules.md, Limits).
pub async fn admit(screened: &Screened, trail: &mut Trail) -> Result<(), Rejection> {
    let (Some(peek), Some(session)) = (&screened.peek, screened.session.clone()) else { return Ok(()) };
    let Some(caller) = trail.account.caller() else { return Ok(()) };
    let is_hard = caller.key.limits.is_hard() || caller.user.limits.is_hard();
    let has_money = caller.key.limits.has_money() || caller.user.limits.has_money();
    let request = weigh(screened, peek, trail);
    let is_limited = trail.hub().config.rate_limit;
    if is_limited && is_hard && request.is_open() && trail.snapshot.settings.refuse_unbounded {
        return Err(Rejection::Unbounded);
    }
    let least = if has_money { least(trail, peek, &request) } else { [0, 0] };
    let of_mode = |mode| if mode == LimitMode::Hard { least[1] } else { least[0] };
    trail.account.admit(request, session, of_mode).await
}

/// What is known of the request's cost. What it can cost at most is read only where that matters.
fn weigh(screened: &Screened, peek: &Peek, trail: &Trail) -> Request {
    let is_hard = trail.snapshot.has_hard_limits;
    Request {
        body_bytes: u64::try_from(screened.body.len()).unwrap_or(u64::MAX),
        max_tokens: peek.max_tokens,
        recent_output: trail.hub().recent_output.of(&peek.model),
        bound: is_hard.then(|| Bound::read(&screened.body)),
    }
}

/// What an attempt reserves at the cheapest provider that could serve the call, in a soft limit and in a hard one.
fn least(trail: &Trail, peek: &Peek, request: &Request) -> [i64; 2] {
    let mut least = [i64::MAX; 2];
    let wanted = trail.wanted(Some(&peek.model), &[]);
    for (upstream, group) in eligible(&trail.snapshot, &wanted, &trail.hub().health.view()) {
        let offer = trail.snapshot.offer(upstream, &[group.to_owned()], &peek.model);
        for (least, mode) in least.iter_mut().zip([LimitMode::Soft, LimitMode::Hard]) {
            *least = (*least).min(request.reservation(mode, offer.priced.price, offer.factor()).scaled());
        }
    }
    // With nobody to serve it, that is what is said and not a limit.
    least.map(|amount| if amount == i64::MAX { 0 } else { amount })
}
