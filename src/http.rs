//! The edge. The only module that knows axum, beside the executable.

pub mod admin;
pub mod edge;
pub mod live;
pub mod ops;
pub mod v1;

use axum::{Router, routing::get};

use crate::hub::Hub;

/// Everything but the console's pages: the relay, health, metrics and the live feed.
pub fn routes(hub: &Hub) -> Router {
    Router::new()
        .route("/health/live", get(ops::live))
        .route("/health/ready", get(ops::ready))
        .route("/metrics", get(ops::metrics))
        .route("/_live", get(live::feed))
        .route("/v1", axum::routing::any(v1::relay))
        .route("/v1/{*path}", axum::routing::any(v1::relay))
        .with_state(hub.clone())
        .nest("/admin", admin::routes(hub.clone()))
}
