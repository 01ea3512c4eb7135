//! The executable: config → hub → router → serve → stop; and another master key.

use std::{io::Write, process::ExitCode, time::Duration};

use anyhow::Context;
use axum::{Router, middleware};
use hub::{
    boot::{self, Started, rotate::Rotated},
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

/// What `--help` says.
const HELP: &str = "\
Switchyard, a hub in front of AI coding tools.

  switchyard                      Start the hub. Its variables are explained in .env.example
  switchyard rotate-master-key    Seal all secrets anew under NEW_MASTER_KEY, while no hub runs
  switchyard --version            Print the version
  switchyard --help               Print this";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [] => run().await,
        ["rotate-master-key"] => rotate_master_key().await,
        ["--version" | "-V"] => say(concat!("switchyard ", env!("CARGO_PKG_VERSION"))),
        ["--help" | "-h"] => say(HELP),
        _ => Err(anyhow::anyhow!("`{}` is not known\n{HELP}", words.join(" "))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line with all its causes: a backtrace helps nobody who starts a hub.
            let _ = writeln!(std::io::stderr(), "switchyard: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}

async fn rotate_master_key() -> anyhow::Result<()> {
    let Rotated { resealed, file } = boot::rotate::rotate_master_key(&Config::from_env()?).await?;
    say(&format!("Sealed anew: {} secrets and {} proxies of providers.", resealed.n_secrets, resealed.n_proxies))?;
    match file {
        Some(file) => say(&format!("The new key is in {}: back it up.", file.display())),
        None => say("From now on MASTER_KEY has to be what NEW_MASTER_KEY was."),
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
