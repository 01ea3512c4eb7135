//! May the call begin? Its caller's limits, before a provider is chosen.

use super::{screen::Screened, trail::Trail};
use crate::{
    domain::limit::LimitMode,
    limit::estimate::{Request, Reservation},
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
    let request = weigh(screened, peek, trail);
    let is_limited = trail.hub().config.rate_limit;
    if is_limited && is_hard && request.is_open() && trail.snapshot.settings.refuse_unbounded {
        return Err(Rejection::Unbounded);
    }
    let with_money = [&caller.key.limits, &caller.user.limits].into_iter().filter(|limits| limits.has_money());
    let least = Reservation::of(with_money, |mode| least(trail, peek, &request, mode));
    trail.account.admit(request, session, least).await
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

/// What an attempt reserves at the cheapest provider that could serve the call, in a limit of this mode. One that is
/// held until a known time counts: where only its price fits, the call waits for it or is told when to come back.
fn least(trail: &Trail, peek: &Peek, request: &Request, mode: LimitMode) -> i64 {
    let wanted = trail.wanted(Some(&peek.model), &[]);
    let holds = trail.hub().health.view();
    let amounts = eligible(&trail.snapshot, &wanted, &holds).map(|(upstream, group)| {
        let offer = trail.snapshot.offer(upstream, &[group.to_owned()], &peek.model);
        let may_cost = |other: Option<&str>| trail.snapshot.may_cost(other, upstream.model_sent(&peek.model));
        request.reservation(mode, offer.priced.price, offer.factor(), may_cost).scaled()
    });
    // With nobody to serve it, that is what is said and not a limit.
    amounts.min().unwrap_or_default()
}
