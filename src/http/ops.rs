//! Liveness, readiness and metrics.

use std::fmt::Write;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::edge::ClientInfo;
use crate::{
    admin::{actor::Visitor, login},
    domain::fault::Fault,
    hub::Hub,
};

/// The process answers.
pub async fn live() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// New calls are welcome. Stays so while Postgres is away: calls go on, their entries wait in the journal. Not while
/// another hub counts on the same database.
pub async fn ready(State(hub): State<Hub>) -> Response {
    let (is_database_there, state) = tokio::join!(hub.store.answers(), hub.state.status());
    let ledger = hub.ledger.status();
    let is_full = hub.is_journal_full();
    let is_journal_well = !ledger.is_journal_failing && !is_full;
    let is_ready = !hub.stopping.is_cancelled() && is_journal_well && !hub.state.is_shared();
    let body = json!({
        "status": if is_ready { "ok" } else { "unavailable" },
        "stopping": hub.stopping.is_cancelled(),
        "postgres": if is_database_there { "ok" } else { "away" },
        "state": {"backend": state.backend, "status": if state.ok { "ok" } else { "away" }, "detail": state.detail},
        "journal": {
            "status": match (ledger.is_journal_failing, is_full, ledger.is_journal_unreadable) {
                (true, ..) => "failing",
                (_, true, _) => "full",
                (.., true) => "unreadable",
                _ => "ok",
            },
            "backlog_bytes": ledger.backlog_bytes,
            "held_bytes": ledger.held_bytes,
            "damaged": ledger.n_damaged,
        },
    });
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(body)).into_response()
}

/// Prometheus text, for the admin token; for everyone by the setting `metrics_open`.
pub async fn metrics(State(hub): State<Hub>, Extension(client): Extension<ClientInfo>, headers: HeaderMap) -> Response {
    if !hub.snapshot.load().settings.metrics_open {
        let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if let Err(fault) = login::of_bearer(&hub, token, client.address).await.and_then(Visitor::admin) {
            return refuse(&fault);
        }
    }
    let state = hub.state.status().await;
    let mut text = hub.counters.render();
    let ledger = hub.ledger.status();
    let is_full = hub.is_journal_full();
    for (name, kind, help, value) in [
        ("switchyard_calls_active", "gauge", "Calls that run now", u64::from(hub.live.n_active())),
        ("switchyard_calls_waiting", "gauge", "Calls that wait for a provider", count(hub.parking.len())),
        ("switchyard_draining", "gauge", "Answers read on after their client left", count(hub.drain.len())),
        ("switchyard_body_bytes", "gauge", "Bytes of request bodies in memory", hub.bodies.held()),
        ("switchyard_journal_backlog_bytes", "gauge", "Bytes that Postgres has not taken yet", ledger.backlog_bytes),
        (
            "switchyard_journal_held_bytes",
            "gauge",
            "Bytes that are kept for calls that run and until Redis is told",
            ledger.held_bytes,
        ),
        (
            "switchyard_journal_unreadable",
            "gauge",
            "1 if the journal cannot be read",
            ledger.is_journal_unreadable.into(),
        ),
        ("switchyard_journal_damaged_total", "counter", "Places of the journal that were damaged", ledger.n_damaged),
        ("switchyard_journal_failing", "gauge", "1 if the journal cannot be written", ledger.is_journal_failing.into()),
        ("switchyard_journal_full", "gauge", "1 if the journal holds as much as it may", is_full.into()),
        ("switchyard_database_away", "gauge", "1 if Postgres takes no entries", ledger.is_database_away.into()),
        (
            "switchyard_state_away",
            "gauge",
            "1 if Redis is configured and does not answer, or if another hub counts on the same database",
            (!state.ok).into(),
        ),
        (
            "switchyard_state_waiting",
            "gauge",
            "Settlements and releases that Redis is to be told",
            count(state.waiting),
        ),
        ("switchyard_state_dropped_total", "counter", "Those that were too many to wait", state.dropped),
        (
            "switchyard_state_steps_total",
            "counter",
            "Steps, and questions for a turn, with which calls have asked Redis",
            hub.state.round_trips(),
        ),
        ("switchyard_database_uses_total", "counter", "Connections to Postgres that were taken", hub.store.n_uses()),
        (
            "switchyard_messages_lost_total",
            "counter",
            "Calls whose messages were to be captured and were given up",
            hub.captures.n_lost(),
        ),
        ("switchyard_recorded_total", "counter", "Calls that Postgres has taken", ledger.n_recorded),
        ("switchyard_quarantined_total", "counter", "Calls that Postgres has rejected", ledger.n_quarantined),
    ] {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn refuse(fault: &Fault) -> Response {
    let status = StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, fault.to_string()).into_response();
    if let Fault::TooManyAttempts { retry_after_s } = fault {
        response.headers_mut().insert(header::RETRY_AFTER, (*retry_after_s).into());
    }
    response
}
