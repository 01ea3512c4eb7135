//! The executable: config → hub → router → serve → stop.

use std::{io::Write, process::ExitCode, time::Duration};

use anyhow::Context;
use axum::{Router, middleware};
use hub::{
    boot::{self, Started},
    config::Config,
    http::{self, edge, serve},
    hub::Hub,
    telemetry,
};
use tokio::signal::unix::{SignalKind, signal};
use tower_http::catch_panic::CatchPanicLayer;

/// Calls take and give back memory all the time, on every thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long answers that were cut may take to say so.
const FAREWELL: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line with all its causes: a backtrace helps nobody who starts a hub.
            let _ = writeln!(std::io::stderr(), "switchyard: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let telemetry = telemetry::init(&config.log_level)?;
    let started = boot::start(config, telemetry).await?;
    announce(&started)?;
    serve(started).await
}

/// Says where the hub is and how to log in.
fn announce(started: &Started) -> anyhow::Result<()> {
    let address = started.address()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "Switchyard is at http://{address}")?;
    if let Some(token) = &started.fresh_admin_token {
        let file = started.hub.config.data_dir.join("admin.token");
        writeln!(out, "Log in with the admin token {}", token.expose())?;
        writeln!(out, "(shown this once; it is kept in {})", file.display())?;
    } else if started.hub.config.admin_token.is_none() {
        let file = started.hub.config.data_dir.join("admin.token");
        writeln!(out, "Log in with the admin token in {}", file.display())?;
    } else {
        writeln!(out, "Log in with the admin token of ADMIN_TOKEN")?;
    }
    out.flush()?;
    Ok(())
}

/// Serves until a signal, lets running calls finish, and stops the rest in order.
async fn serve(mut started: Started) -> anyhow::Result<()> {
    let hub = started.hub.clone();
    let router = router(&hub)?;
    let listener = started.take_listener().context("the listener is gone")?;
    let server = serve::serve(listener, hub.clone(), router);
    let grace = async {
        told_to_stop().await;
        tracing::info!("stopping: running calls may finish");
        hub.stopping.cancel();
        let grace_ms = hub.snapshot.load().settings.shutdown_grace_ms;
        tokio::time::sleep(Duration::from_millis(grace_ms)).await;
        tracing::warn!("calls that still run are cut");
        hub.cutting.cancel();
        tokio::time::sleep(FAREWELL).await;
    };
    tokio::select! {
        () = server => {}
        () = grace => {}
    }
    started.stop().await;
    Ok(())
}

/// Everything the hub answers but the relay's calls.
fn router(hub: &Hub) -> anyhow::Result<Router> {
    let console = app::server::console(hub)?;
    Ok(http::routes(hub).merge(console.layer(middleware::from_fn(edge::harden))).layer(CatchPanicLayer::new()))
}

/// Waits for SIGTERM or SIGINT.
async fn told_to_stop() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be heard");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
