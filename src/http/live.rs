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
    admin::login::{self, COOKIE},
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
    if login::actor_of_cookie(&hub, &cookie, client.address).await.is_err() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let over = session_over(hub.clone(), cookie, client);
    let last_id = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let reading = hub.live.feed.read(last_id.or(from.after).as_deref());
    let mut first = Bundle { number: reading.newest, ..Bundle::default() };
    match reading.missed {
        Some(missed) => missed.iter().for_each(|told| first.add(&told.event)),
        None => first.add(&Event::Missed),
    }
    let first = first.close(&hub);
    let logged = hub.telemetry.lines.watch();
    let n_logged = *logged.borrow();
    let sources = Sources { told: reading.receiver, logged, number: reading.newest, n_logged };
    let bundles = stream::unfold((hub, sources, Some(first)), |(hub, mut sources, first)| async move {
        let messages = match first {
            Some(first) => first,
            None => sources.gather(&hub).await?,
        };
        Some((stream::iter(messages.into_iter().map(Ok::<_, Infallible>)), (hub, sources, None)))
    });
    let messages = bundles.flatten().take_until(over);
    let mut response = Sse::new(messages).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

/// Waits until the session has ended. A database that does not answer ends none.
async fn session_over(hub: Hub, cookie: String, client: ClientInfo) {
    loop {
        tokio::time::sleep(SESSION_CHECK).await;
        if login::actor_of_cookie(&hub, &cookie, client.address).await == Err(Fault::Unauthenticated) {
            return;
        }
    }
}

/// Where news come from.
struct Sources {
    told: Receiver<Told>,
    logged: watch::Receiver<u64>,
    /// The number of what was told last.
    number: u64,
    /// The number of the line of the log that is known to be there.
    n_logged: u64,
}

impl Sources {
    /// Waits for something to happen and gathers what follows at once. None when the hub stops.
    async fn gather(&mut self, hub: &Hub) -> Option<Vec<Message>> {
        let mut bundle = Bundle { number: self.number, ..Bundle::default() };
        tokio::select! {
            told = self.told.recv() => bundle.take(told)?,
            changed = self.logged.changed() => changed.ok()?,
            () = hub.stopping.cancelled() => return None,
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
        Some(bundle.close(hub))
    }
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

    /// The messages of it. Only the last one has an id: who has taken in that one has taken in all.
    fn close(self, hub: &Hub) -> Vec<Message> {
        let last = message(&Event::Active { n_calls: hub.live.n_active() }).id(hub.live.feed.place(self.number));
        self.events.iter().map(message).chain([last]).collect()
    }
}

fn message(event: &Event) -> Message {
    // Plain data with string keys: it can always be written.
    Message::default().json_data(event).unwrap_or_default()
}
