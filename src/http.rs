//! The edge. The only module that knows axum, beside the executable.

pub mod admin;
pub mod edge;
pub mod export;
pub mod live;
pub mod opening;
pub mod ops;
pub mod serve;
pub mod socket;
pub mod v1;

use axum::{Router, routing::get};

use crate::hub::Hub;

/// Everything but the console's pages and the relay: health, metrics, the live feed and the management API.
pub fn routes(hub: &Hub) -> Router {
    Router::new()
        .route("/health/live", get(ops::live))
        .route("/health/ready", get(ops::ready))
        .route("/metrics", get(ops::metrics))
        .route("/_live", get(live::feed))
        .with_state(hub.clone())
        .nest("/admin", admin::routes(hub.clone()))
}
