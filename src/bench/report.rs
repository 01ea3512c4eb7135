//! Medians, ratios and the table.

use std::fmt::Write;

use super::{
    peer::{Memory, Peer},
    scenario::{BURSTS, CHAOS, Figures, HELD, LIMITS, Length, RATE, REQUESTS, STREAMS, TURNS, TURNS_RATE},
};

/// How a figure of the hub is held against the bare one's.
#[derive(Clone, Copy, Debug)]
enum Compare {
    Ratio,
    /// In milliseconds.
    Added,
    No,
}

/// A figure that is read off every run of a scenario.
struct Column {
    scenario: &'static str,
    name: &'static str,
    read: fn(&Figures) -> f64,
    compare: Compare,
    /// What the hub is to reach, in words.
    aim: &'static str,
}

const fn column(
    scenario: &'static str,
    name: &'static str,
    read: fn(&Figures) -> f64,
    compare: Compare,
    aim: &'static str,
) -> Column {
    Column { scenario, name, read, compare, aim }
}

const COLUMNS: &[Column] = &[
    column(REQUESTS, "requests/s in the burst", per_second, Compare::Ratio, "≥ 0.7, later 0.9"),
    column(REQUESTS, "p50 ms", |f| ms(&f.tally.whole, 50), Compare::Ratio, ""),
    column(REQUESTS, "p99 ms", |f| ms(&f.tally.whole, 99), Compare::Ratio, ""),
    column(REQUESTS, "CPU µs/request in the burst", cpu_burst, Compare::Ratio, ""),
    column(REQUESTS, "CPU µs/request, recorded", cpu, Compare::Ratio, "later ≤ 1.5"),
    column(REQUESTS, "drain after the burst, s", |f| f.drain_seconds, Compare::No, ""),
    column(REQUESTS, "sustained, recorded/s", sustained, Compare::No, ""),
    column(RATE, "p50 ms", |f| ms(&f.tally.whole, 50), Compare::Added, "≤ 0.3, later 0.15"),
    column(RATE, "p99 ms", |f| ms(&f.tally.whole, 99), Compare::Added, "later ≤ 0.5"),
    column(RATE, "CPU µs/request", cpu, Compare::Ratio, ""),
    column(STREAMS, "first delta p50 ms", |f| ms(&f.tally.first_delta, 50), Compare::Added, ""),
    column(STREAMS, "relay delay p50 ms", |f| ms(&f.tally.relay, 50), Compare::Added, ""),
    column(STREAMS, "relay delay p99 ms", |f| ms(&f.tally.relay, 99), Compare::Added, ""),
    column(STREAMS, "CPU µs/delta", |f| cpu(f) / 50.0, Compare::Ratio, "later ≤ 1.25"),
    column(BURSTS, "streams/s", per_second, Compare::Ratio, "later ≥ 0.9"),
    column(BURSTS, "first delta p50 ms", |f| ms(&f.tally.first_delta, 50), Compare::Added, ""),
    column(BURSTS, "CPU µs/delta", |f| cpu(f) / 200.0, Compare::Ratio, ""),
    column(LIMITS, "requests/s in the burst", per_second, Compare::Ratio, "≥ 0.9 of a hub without limits"),
    column(LIMITS, "CPU µs/request in the burst", cpu_burst, Compare::Ratio, "the same"),
    column(CHAOS, "first content p50 ms", |f| ms(&f.tally.first_delta, 50), Compare::Added, ""),
    column(CHAOS, "first content p95 ms", |f| ms(&f.tally.first_delta, 95), Compare::Added, ""),
    column(CHAOS, "first content p99 ms", |f| ms(&f.tally.first_delta, 99), Compare::Added, ""),
    column(TURNS_RATE, "first delta p50 ms", |f| ms(&f.tally.first_delta, 50), Compare::Added, "≤ 0.3, later 0.15"),
    column(TURNS_RATE, "first delta p99 ms", |f| ms(&f.tally.first_delta, 99), Compare::Added, ""),
    column(TURNS_RATE, "whole answer p50 ms", |f| ms(&f.tally.whole, 50), Compare::Added, ""),
    column(TURNS_RATE, "CPU µs/request", cpu, Compare::Ratio, ""),
    column(TURNS_RATE, "drain after it, s", |f| f.drain_seconds, Compare::No, ""),
    column(TURNS_RATE, "sustained, recorded/s", sustained, Compare::No, ""),
    column(TURNS, "requests/s in the burst", per_second, Compare::Ratio, "≥ 0.7, later 0.9"),
    column(TURNS, "first delta p50 ms", |f| ms(&f.tally.first_delta, 50), Compare::Ratio, ""),
    column(TURNS, "CPU µs/request", cpu, Compare::Ratio, ""),
    column(TURNS, "drain after the burst, s", |f| f.drain_seconds, Compare::No, ""),
    column(TURNS, "sustained, recorded/s", sustained, Compare::No, ""),
    column(HELD, "streams at a time", |f| f.tally.n as f64, Compare::No, ""),
    column(HELD, "KiB/stream", |f| f.grown_kib as f64 / f.tally.n as f64, Compare::Ratio, "later ≤ 40"),
    column(HELD, "first delta p50 ms", |f| ms(&f.tally.first_delta, 50), Compare::Added, ""),
];

fn per_second(figures: &Figures) -> f64 {
    figures.tally.n as f64 / figures.seconds
}

fn cpu_burst(figures: &Figures) -> f64 {
    figures.cpu_burst_us as f64 / figures.tally.n as f64
}

fn cpu(figures: &Figures) -> f64 {
    figures.cpu_us as f64 / figures.tally.n as f64
}

/// What could go on for ever: everything sent, over the time until everything was recorded.
fn sustained(figures: &Figures) -> f64 {
    figures.tally.n as f64 / (figures.seconds + figures.drain_seconds)
}

/// A percentile, in milliseconds.
fn ms(times: &[u32], percent: usize) -> f64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(times.len() * percent / 100).map_or(f64::NAN, |us| f64::from(*us) / 1_000.0)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// All runs.
pub struct Report {
    runs: Vec<(&'static str, Peer, Figures)>,
    idle: [Memory; 2],
}

impl Report {
    pub fn new() -> Self {
        Self { runs: Vec::new(), idle: [Memory::default(); 2] }
    }

    pub fn idle(&mut self, bare: Memory, hub: Memory) {
        self.idle = [bare, hub];
    }

    pub fn add(&mut self, scenario: &'static str, peer: Peer, figures: Figures) {
        self.runs.push((scenario, peer, figures));
    }

    /// How many requests to `peer` failed.
    pub fn errors(&self, peer: Peer) -> u64 {
        self.runs.iter().filter(|(_, of, _)| *of == peer).map(|(.., figures)| figures.tally.errors).sum()
    }

    fn median_of(&self, column: &Column, peer: Peer) -> f64 {
        let runs = self.runs.iter().filter(|(scenario, of, _)| *scenario == column.scenario && *of == peer);
        median(runs.map(|(.., figures)| (column.read)(figures)).collect())
    }

    /// The table.
    pub fn markdown(&self, length: Length) -> String {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load: Vec<&str> = load.split(' ').take(3).collect();
        let [bare, hub] = self.idle.map(|memory| memory.rss_kib as f64 / 1_024.0);
        let mut text = format!(
            "The hub against a bare pass-through (axum and reqwest) in the same run: medians of {} alternating runs of {} s. \
             {cores} cores for everything, load generator, upstream and Postgres included; load average at the end {}.\n\n\
             | Scenario | Figure | bare | hub | hub : bare | aim |\n|---|---|---:|---:|---:|---|\n",
            length.runs(),
            length.burst().as_secs(),
            load.join(" "),
        );
        for column in COLUMNS {
            // Limits are held against a hub without them, providers in trouble against providers that are well.
            let peers = match column.scenario {
                LIMITS => [Peer::Unlimited, Peer::Limited],
                CHAOS => [Peer::Calm, Peer::Chaos],
                _ => [Peer::Bare, Peer::Hub],
            };
            let [bare, hub] = peers.map(|peer| self.median_of(column, peer));
            if hub.is_nan() {
                continue;
            }
            let compared = match column.compare {
                Compare::Ratio => format!("{:.2}×", hub / bare),
                Compare::Added => format!("{:+.2} ms", hub - bare),
                Compare::No => String::new(),
            };
            let bare = if matches!(column.compare, Compare::No) { "—".to_owned() } else { figure(bare) };
            let (scenario, name, aim) = (column.scenario, column.name, column.aim);
            writeln!(text, "| {scenario} | {name} | {bare} | {} | {compared} | {aim} |", figure(hub)).unwrap();
        }
        writeln!(
            text,
            "| idle | resident MiB | {} | {} | {:.2}× | later ≤ 60 |",
            figure(bare),
            figure(hub),
            hub / bare
        )
        .unwrap();
        let n: u64 = self.runs.iter().map(|(.., figures)| figures.tally.n).sum();
        let hub: u64 = [Peer::Hub, Peer::Unlimited, Peer::Limited, Peer::Calm, Peer::Chaos]
            .map(|peer| self.errors(peer))
            .iter()
            .sum();
        let bare = self.errors(Peer::Bare);
        writeln!(text, "\n{n} requests; failed: {bare} of the bare pass-through, {hub} of the hub.").unwrap();
        for (scenario, peer, figures) in &self.runs {
            if let Some(error) = &figures.tally.error {
                writeln!(text, "* {scenario}, {peer:?}: {error}").unwrap();
            }
        }
        text
    }
}

/// Three digits that matter.
fn figure(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}
