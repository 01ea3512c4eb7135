//! How long every page of the console takes the hub when there is much to look at (`make bench-console`).
//!
//! The hub as it is shipped gets users, keys and providers over the management API, and `CALLS` calls over 90 days with
//! their sums straight into its database. Then every page is asked for as a browser asks for it, again and again. Fails
//! if the median of a page is above 100 ms. The table is written to `target/bench-console.md`.
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

mod fill;
mod pages;
#[path = "../process.rs"]
mod process;
mod reader;

use std::{fmt::Write, time::Duration};

use process::Process;
use reader::Reader;
use tokio::signal::unix::{SignalKind, signal};

/// The most milliseconds that a page's median may take.
const MEDIAN_MAX_MS: f64 = 100.0;

fn main() {
    hub::boot::limits::prepare();
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let is_fast = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).unwrap();
        // Whoever is dropped here stops what it has started.
        tokio::select! {
            is_fast = measure() => is_fast,
            _ = tokio::signal::ctrl_c() => false,
            _ = terminate.recv() => false,
        }
    });
    std::process::exit(i32::from(!is_fast));
}

/// A number from the environment.
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.replace('_', "").parse().expect(name))
}

/// Fills a hub and asks it for every page. True if all are fast enough.
async fn measure() -> bool {
    let (n_calls, n_times) = (number("CALLS", 200_000), number("TIMES", 20));
    let mut process = Process::start("console", &[]).await;
    let filled = fill::fill(&process, n_calls).await;
    let (admin, user) = (Reader::admin(&process).await, Reader::user(&process, &filled.user_name).await);
    let mut lines = Vec::new();
    for page in pages::all(&filled) {
        let reader = if page.is_own { &user } else { &admin };
        // The first one is the planner's and the caches'; a reader waits for it too, but not again.
        let first = reader.ask(&page.ask).await;
        let mut times = Vec::new();
        for _ in 0..n_times {
            times.push(reader.ask(&page.ask).await);
        }
        times.sort_unstable();
        let [p50, p95] = [50, 95].map(|percent| ms(times[(times.len() - 1) * percent / 100]));
        eprintln!("{p50:7.1} {p95:7.1} {:7.1}  {}", ms(first), page.name());
        lines.push((page.name(), p50, p95, ms(first)));
    }
    let text = markdown(&filled, n_times, &lines);
    println!("{text}");
    std::fs::write(process::target().join("bench-console.md"), &text).unwrap();
    process.end().await;
    lines.iter().all(|(_, p50, ..)| *p50 <= MEDIAN_MAX_MS)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// The table, the slowest first.
fn markdown(filled: &fill::Filled, n_times: u64, lines: &[(String, f64, f64, f64)]) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split(' ').take(3).collect();
    let n_slow = lines.iter().filter(|(_, p50, ..)| *p50 > MEDIAN_MAX_MS).count();
    let mut text = format!(
        "{} calls, {} attempts over 90 days; {} users, {} keys, {} providers; {} rows of sums by quarter of an hour. \
         {cores} cores for everything, load average {}. Each page asked for {n_times} times after a first one, one at a \
         time, in milliseconds from the request to the last byte. {} pages, {n_slow} of them above {MEDIAN_MAX_MS} ms.\n\n\
         | Page | p50 | p95 | first |\n|---|---:|---:|---:|\n",
        filled.n_calls,
        filled.n_attempts,
        fill::N_USERS,
        fill::N_KEYS,
        fill::N_PROVIDERS,
        filled.n_sums,
        load.join(" "),
        lines.len(),
    );
    let mut lines: Vec<_> = lines.iter().collect();
    lines.sort_by(|one, other| other.1.total_cmp(&one.1));
    for (name, p50, p95, first) in lines {
        writeln!(text, "| {name} | {p50:.1} | {p95:.1} | {first:.1} |").unwrap();
    }
    text
}
