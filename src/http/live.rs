//! The live feed of the console: one stream of server-sent events for everything that changes.

use std::{collections::HashMap, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{
        IntoResponse, Response,
        sse::{Event as Message, KeepAlive, Sse},
    },
};
use futures_util::{StreamExt, stream};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::edge::{self, ClientInfo};
use crate::{
    admin::{
        actor::{Person, Visitor},
        calls,
        login::{self, COOKIE},
    },
    clock,
    domain::{event::Event, fault::Fault, id::CallId},
    hub::Hub,
};

/// Events are gathered for this long, so that a busy hub sends at most four bundles a second.
const GATHER: Duration = Duration::from_millis(250);

/// A sign of life for what stands between.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How often it is asked whether the reader's session goes on (docs/rules.md, Edge and security).
const SESSION_CHECK: Duration = Duration::from_secs(10);

/// The feed, for whoever has a console session, and for as long as it lasts.
pub async fn feed(State(hub): State<Hub>, Extension(client): Extension<ClientInfo>, headers: HeaderMap) -> Response {
    let cookie = edge::cookie(&headers, COOKIE).unwrap_or_default().to_owned();
    let Ok(visitor) = login::of_cookie(&hub, &cookie, client.address).await else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let first = vec![Event::Active { n_calls: calls::n_active(&hub, &visitor) }];
    let over = session_over(hub.clone(), cookie, client, visitor.clone());
    let listener = Listener { receiver: hub.live.subscribe(), hub, visitor, n_nudges: 0 };
    let bundles = stream::unfold((listener, Some(first)), |(mut listener, first)| async move {
        let events = match first {
            Some(first) => first,
            None => listener.gather().await?,
        };
        let messages = events.into_iter().map(|event| Ok::<_, Infallible>(message(event)));
        Some((stream::iter(messages), (listener, None)))
    });
    let messages = bundles.flatten().take_until(over);
    let mut response = Sse::new(messages).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

/// Waits until the session has ended, or is somebody else's to see: an admin who no longer is one. A database that does not
/// answer ends none.
async fn session_over(hub: Hub, cookie: String, client: ClientInfo, visitor: Visitor) {
    loop {
        tokio::time::sleep(SESSION_CHECK).await;
        match login::of_cookie(&hub, &cookie, client.address).await {
            Err(Fault::Unauthenticated) => return,
            Ok(now) if now != visitor => return,
            _ => {}
        }
    }
}

/// Somebody who listens.
struct Listener {
    hub: Hub,
    receiver: Receiver<Arc<Event>>,
    visitor: Visitor,
    /// How often a person is still to be told that their lists have news.
    n_nudges: u8,
}

impl Listener {
    /// Waits for something to happen and gathers what follows at once. None when the hub stops.
    async fn gather(&mut self) -> Option<Vec<Event>> {
        let mut bundle = Bundle::default();
        tokio::select! {
            event = self.receiver.recv() => bundle.take(event)?,
            () = self.hub.stopping.cancelled() => return None,
        }
        let until = (clock::instant() + GATHER).into();
        while let Ok(event) = tokio::time::timeout_at(until, self.receiver.recv()).await {
            bundle.take(event)?;
        }
        let n_active = calls::n_active(&self.hub, &self.visitor);
        let events = match &self.visitor {
            Visitor::Admin(_) => bundle.events,
            Visitor::Person(person) => own(&bundle.events, person, &mut self.n_nudges),
        };
        Some(close(events, n_active))
    }
}

/// What a person hears of it: that lists have to be read again once calls of their own are recorded, and nothing of what
/// is in them (docs/rules.md, Access).
fn own(events: &[Event], person: &Person, n_nudges: &mut u8) -> Vec<Event> {
    let mut heard = Vec::new();
    for event in events {
        match event {
            // Twice: the next batch may have been closed before this call was over.
            Event::Call { call } if call.outcome.is_some() && person.owns(call) => *n_nudges = 2,
            Event::Recorded { .. } if *n_nudges > 0 => {
                *n_nudges -= 1;
                heard.push(Event::Missed);
            }
            Event::Missed => heard.push(Event::Missed),
            _ => {}
        }
    }
    heard.dedup();
    heard
}

fn close(mut events: Vec<Event>, n_calls: u32) -> Vec<Event> {
    events.push(Event::Active { n_calls });
    events
}

/// Events of a quarter of a second: of each call only the newest.
#[derive(Default)]
struct Bundle {
    events: Vec<Event>,
    calls: HashMap<CallId, usize>,
}

impl Bundle {
    fn take(&mut self, event: Result<Arc<Event>, RecvError>) -> Option<()> {
        let event = match event {
            Ok(event) => Event::clone(&event),
            Err(RecvError::Lagged(_)) => Event::Missed,
            Err(RecvError::Closed) => return None,
        };
        if let Event::Call { call } = &event {
            let place = *self.calls.entry(call.id).or_insert(self.events.len());
            if let Some(older) = self.events.get_mut(place) {
                *older = event;
                return Some(());
            }
        }
        if !matches!(event, Event::Call { .. }) && self.events.contains(&event) {
            return Some(());
        }
        self.events.push(event);
        Some(())
    }
}

fn message(event: Event) -> Message {
    // Plain data with string keys: it can always be written.
    Message::default().json_data(event).unwrap_or_default()
}
