//! The path of a call. Read [`relay`] and you have read the product.
//!
//! Each step takes what the one before it proved and returns what it proves itself. What must be settled or given back
//! is owned by the [`Trail`] and moves with it into the answer's body, so it ends with the last byte, never before.

pub mod account;
pub mod admit;
pub mod answer;
pub mod attended;
pub mod authenticate;
pub mod capture;
pub mod course;
pub mod deliver;
pub mod feed;
pub mod inbound;
pub mod left_out;
pub mod live;
pub mod over;
pub mod probe;
pub mod rates;
pub mod screen;
pub mod session;
pub mod stream;
pub mod trail;
pub mod wait;

use http::{Response, header};

use self::{
    admit::admit,
    answer::{Answer, refuse},
    attended::attend,
    authenticate::authenticate,
    deliver::deliver,
    inbound::Inbound,
    screen::screen,
    trail::Trail,
};
use crate::{
    domain::call::Outcome,
    hub::Hub,
    wire::{operation::Operation, rejection::Rejection},
};

/// Serves one request, from its head to the beginning of its answer; the answer's body sees to the rest.
pub async fn relay(hub: &Hub, inbound: Inbound<'_>) -> Response<Answer> {
    let call_id = inbound.call_id;
    let Some(operation) = Operation::find(&inbound.method, inbound.target.path()) else {
        return turn_away(hub, &inbound, &Rejection::NotFound);
    };
    let snapshot = hub.snapshot.load_full();
    let caller = match authenticate(hub, &snapshot, &inbound) {
        Ok(caller) => caller,
        Err(rejection) => return turn_away(hub, &inbound, &rejection),
    };
    // Large, and on its way through every stage: it is not copied there.
    let mut trail = Box::new(Trail::begin(hub, snapshot, caller.clone(), operation, &inbound));
    let user_agent = inbound.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let admitted = caller.restrictions.admit_address(inbound.address);
    if let Err(rejection) = admitted.and_then(|()| caller.restrictions.admit_client(user_agent)) {
        return trail.reject(&rejection, Outcome::Rejected);
    }
    let screened = match screen(hub, operation, &caller, inbound, &mut trail).await {
        Ok(screened) => screened,
        Err(rejection) => return trail.reject(&rejection, Outcome::Rejected),
    };
    if let Err(rejection) = trail.open(&screened.body) {
        return trail.reject(&rejection, Outcome::Rejected);
    }
    if let Err(rejection) = admit(&screened, &mut trail).await {
        return trail.reject(&rejection, Outcome::Rejected);
    }
    let capture = hub.captures.begin(call_id, operation, &screened.body);
    let place = trail.account.place();
    let work = attend(hub, call_id, place, |left, keep_alive| deliver(Box::new(screened), trail, left, keep_alive));
    capture::over(work.await, capture)
}

/// Refuses what is no call: a counter and a line in the log (docs/rules.md, Words).
fn turn_away(hub: &Hub, inbound: &Inbound<'_>, rejection: &Rejection) -> Response<Answer> {
    hub.counters.refusal();
    tracing::info!(call.id = %inbound.call_id, address = %inbound.address, error = rejection.cause(), "refused");
    refuse(rejection, inbound.call_id)
}
