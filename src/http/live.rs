//! The live feed of the console: one stream of server-sent events for everything that changes.

use std::{collections::HashMap, convert::Infallible, time::Duration};

use axum::{
    Extension,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{
        IntoResponse, Response,
        sse::{Event as Message, KeepAlive, Sse},
    },
};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use tokio::sync::{
    broadcast::{Receiver, error::RecvError},
    watch,
};

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
    relay::feed::Told,
};

/// Events are gathered for this long, so that a busy hub sends at most four bundles a second.
const GATHER: Duration = Duration::from_millis(250);

/// A sign of life for what stands between.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How often it is asked whether the reader's session goes on (docs/rules.md, Edge and security).
const SESSION_CHECK: Duration = Duration::from_secs(10);

/// What a reader may say of itself in the address: an event source that the page opens anew has no other way.
#[derive(Debug, Default, Deserialize)]
pub struct From {
    /// The id of the last event that it has taken in.
    after: Option<String>,
}

/// The feed, for whoever has a console session, and for as long as it lasts. A reader that names the last event it has
/// taken in, in `last-event-id` or `after`, is told what came since, or that this is not known any more.
pub async fn feed(
    State(hub): State<Hub>,
    Extension(client): Extension<ClientInfo>,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> Response {
    let cookie = edge::cookie(&headers, COOKIE).unwrap_or_default().to_owned();
    let Ok(visitor) = login::of_cookie(&hub, &cookie, client.address).await else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let over = session_over(hub.clone(), cookie, client, visitor.clone());
    let last_id = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let reading = hub.live.feed.read(last_id.or(from.after).as_deref());
    let logged = hub.telemetry.lines.watch();
    let n_logged = *logged.borrow();
    let mut listener =
        Listener { told: reading.receiver, logged, number: reading.newest, n_logged, hub, visitor, n_nudges: 0 };
    let mut first = Bundle { number: reading.newest, ..Bundle::default() };
    match reading.missed {
        Some(missed) => missed.iter().for_each(|told| first.add(&told.event)),
        None => first.add(&Event::Missed),
    }
    let first = listener.close(first);
    let bundles = stream::unfold((listener, Some(first)), |(mut listener, first)| async move {
        let messages = match first {
            Some(first) => first,
            None => listener.gather().await?,
        };
        Some((stream::iter(messages.into_iter().map(Ok::<_, Infallible>)), (listener, None)))
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
    told: Receiver<Told>,
    logged: watch::Receiver<u64>,
    /// The number of what was told last.
    number: u64,
    /// The number of the line of the log that is known to be there.
    n_logged: u64,
    visitor: Visitor,
    /// How often a person is still to be told that their lists have news.
    n_nudges: u8,
}

impl Listener {
    /// Waits for something to happen and gathers what follows at once. None when the hub stops.
    async fn gather(&mut self) -> Option<Vec<Message>> {
        let mut bundle = Bundle { number: self.number, ..Bundle::default() };
        tokio::select! {
            told = self.told.recv() => bundle.take(told)?,
            changed = self.logged.changed() => changed.ok()?,
            () = self.hub.stopping.cancelled() => return None,
        }
        let until = (clock::instant() + GATHER).into();
        while let Ok(told) = tokio::time::timeout_at(until, self.told.recv()).await {
            bundle.take(told)?;
        }
        let n_logged = *self.logged.borrow_and_update();
        if n_logged > self.n_logged {
            self.n_logged = n_logged;
            bundle.add(&Event::Logged);
        }
        self.number = bundle.number;
        Some(self.close(bundle))
    }

    /// The messages of a bundle. Only the last one has an id: who has taken in that one has taken in all.
    fn close(&mut self, bundle: Bundle) -> Vec<Message> {
        let events = match &self.visitor {
            Visitor::Admin(_) => bundle.events,
            Visitor::Person(person) => own(&bundle.events, person, &mut self.n_nudges),
        };
        let n_calls = calls::n_active(&self.hub, &self.visitor);
        let last = message(&Event::Active { n_calls }).id(self.hub.live.feed.place(bundle.number));
        events.iter().map(message).chain([last]).collect()
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

/// Events of a quarter of a second: of each call only the newest.
#[derive(Default)]
struct Bundle {
    events: Vec<Event>,
    calls: HashMap<CallId, usize>,
    /// The number of the last thing told in it.
    number: u64,
}

impl Bundle {
    fn take(&mut self, told: Result<Told, RecvError>) -> Option<()> {
        match told {
            Ok(told) => {
                self.number = told.number;
                self.add(&told.event);
            }
            Err(RecvError::Lagged(_)) => self.add(&Event::Missed),
            Err(RecvError::Closed) => return None,
        }
        Some(())
    }

    fn add(&mut self, event: &Event) {
        if let Event::Call { call } = event {
            let place = *self.calls.entry(call.id).or_insert(self.events.len());
            if let Some(older) = self.events.get_mut(place) {
                older.clone_from(event);
                return;
            }
        } else if self.events.contains(event) {
            return;
        }
        self.events.push(event.clone());
    }
}

fn message(event: &Event) -> Message {
    // Plain data with string keys: it can always be written.
    Message::default().json_data(event).unwrap_or_default()
}
