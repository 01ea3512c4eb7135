//! What the hub costs, as ratios to a bare pass-through in the same run (`make bench`).
//!
//! Three processes beside this one: a scripted upstream that answers at once, the bare pass-through, and the real hub
//! with its private Postgres. `scenario.rs` says what is sent, `load.rs` sends it, `report.rs` compares. With the word
//! `console` it measures the pages instead.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_arithmetic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::large_futures,
    unreachable_pub,
    missing_docs,
    reason = "a benchmark may fail loudly, reads its own environment and counts in floats"
)]

mod bare;
mod body;
mod chaos;
mod console;
mod load;
mod peer;
mod process;
mod report;
mod scenario;
mod upstream;

use peer::{Bare, HubProcess, Measured, Peer, Upstream};
use report::Report;
use scenario::{CHAOS, LIMITS, Length, SCENARIOS, Scenario};
use tokio::signal::unix::{SignalKind, signal};

fn main() {
    hub::boot::limits::prepare();
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    // cargo adds an option of its own.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["upstream"] => runtime.block_on(upstream::serve()),
        ["bare", address] => runtime.block_on(bare::serve(address)),
        ["console"] => {
            let is_good = runtime.block_on(async {
                // Whoever is dropped here stops what it has started.
                tokio::select! {
                    is_good = console::measure() => is_good,
                    () = interrupted() => false,
                }
            });
            std::process::exit(i32::from(!is_good));
        }
        _ => runtime.block_on(async {
            tokio::select! {
                () = measure(words.first().unwrap_or(&"")) => {}
                () = interrupted() => eprintln!("interrupted"),
            }
        }),
    }
}

/// Waits for Ctrl-C or a polite kill.
async fn interrupted() {
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// Runs every scenario whose name holds `wanted` on both peers in turn, prints the table and writes it to
/// `target/bench.md`.
async fn measure(wanted: &str) {
    let length = if std::env::var("QUICK").is_ok_and(|quick| quick != "0") { Length::Quick } else { Length::Full };
    let upstream = Upstream::start();
    let bare = Bare::start(&upstream);
    let hub = HubProcess::start(&upstream).await;
    let mut report = Report::new();

    tokio::time::sleep(length.settle()).await;
    let (idle_bare, idle_hub) = (bare.memory(), hub.memory());
    report.idle(idle_bare, idle_hub);
    for scenario in SCENARIOS.iter().filter(|scenario| scenario.name.contains(wanted)) {
        if scenario.name == LIMITS {
            measure_limits(scenario, &upstream, length, &mut report).await;
            continue;
        }
        if scenario.name == CHAOS {
            chaos::measure(scenario, &upstream, length, &mut report).await;
            continue;
        }
        for run in 1..=length.runs() {
            eprintln!("{}, run {run} of {}", scenario.name, length.runs());
            report.add(scenario.name, Peer::Hub, scenario.run(&hub, length, idle_hub.pss_kib).await);
            report.add(scenario.name, Peer::Bare, scenario.run(&bare, length, idle_bare.pss_kib).await);
        }
    }
    hub.stop().await;
    let text = report.markdown(length);
    println!("{text}");
    std::fs::write(process::target().join("bench.md"), &text).unwrap();
    for peer in [Peer::Hub, Peer::Unlimited, Peer::Limited, Peer::Calm, Peer::Chaos] {
        assert_eq!(report.errors(peer), 0, "the hub failed requests");
    }
}

/// What limits cost: two hubs in turn, one without any and one with all of them.
async fn measure_limits(scenario: &Scenario, upstream: &Upstream, length: Length, report: &mut Report) {
    let (unlimited, limited) = (HubProcess::start_unlimited(upstream).await, HubProcess::start_limited(upstream).await);
    for run in 1..=length.runs() {
        eprintln!("{}, run {run} of {}", scenario.name, length.runs());
        report.add(scenario.name, Peer::Limited, scenario.run(&limited, length, 0).await);
        report.add(scenario.name, Peer::Unlimited, scenario.run(&unlimited, length, 0).await);
    }
    unlimited.stop().await;
    limited.stop().await;
}
