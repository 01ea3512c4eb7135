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
    admin::login::{self, COOKIE},
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
    if login::actor_of_cookie(&hub, &cookie, client.address).await.is_err() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let over = session_over(hub.clone(), cookie, client);
    let receiver = hub.live.subscribe();
    let first = vec![Event::Active { n_calls: hub.live.n_active() }];
    let bundles = stream::unfold((hub, receiver, Some(first)), |(hub, mut receiver, first)| async move {
        let events = match first {
            Some(first) => first,
            None => gather(&hub, &mut receiver).await?,
        };
        Some((stream::iter(events.into_iter().map(|event| Ok::<_, Infallible>(message(event)))), (hub, receiver, None)))
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

/// Waits for something to happen and gathers what follows at once. None when the hub stops.
async fn gather(hub: &Hub, receiver: &mut Receiver<Arc<Event>>) -> Option<Vec<Event>> {
    let mut bundle = Bundle::default();
    tokio::select! {
        event = receiver.recv() => bundle.take(event)?,
        () = hub.stopping.cancelled() => return None,
    }
    let until = (clock::instant() + GATHER).into();
    while let Ok(event) = tokio::time::timeout_at(until, receiver.recv()).await {
        bundle.take(event)?;
    }
    Some(bundle.close(hub.live.n_active()))
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

    fn close(mut self, n_calls: u32) -> Vec<Event> {
        self.events.push(Event::Active { n_calls });
        self.events
    }
}

fn message(event: Event) -> Message {
    // Plain data with string keys: it can always be written.
    Message::default().json_data(event).unwrap_or_default()
}
