//! The table of how long pages take, written as it grows: whoever stops the bench has what was measured so far.

use std::{fmt::Write, time::Duration};

use super::{
    fill::{N_KEYS, N_PROVIDERS, N_USERS},
    found::Filled,
    process::target,
};

/// The most milliseconds that a page's median may take.
const MEDIAN_MAX_MS: f64 = 100.0;

/// A page that was measured.
struct Line {
    name: String,
    p50: f64,
    p95: f64,
    first: f64,
    kib: f64,
}

/// All of them.
pub struct Table {
    /// What stands above it.
    head: String,
    n_pages: usize,
    lines: Vec<Line>,
}

impl Table {
    /// An empty one, for so many pages, each asked for `n_times`. `filled_at` is when the hub was filled, and `start` how
    /// long it took to start.
    pub fn new(filled: &Filled, filled_at: &str, start: Duration, (n_pages, n_times): (usize, usize)) -> Self {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let head = format!(
            "{} calls, {} attempts over 90 days, filled at {filled_at}; {N_USERS} users, {N_KEYS} keys, {N_PROVIDERS} \
             providers; {} rows of sums by quarter of an hour. The hub was ready after {:.1} s. {cores} cores for everything. \
             Each page asked for {n_times} times after a first one that was not compressed, one at a time, in milliseconds \
             from the request to the last byte; KiB are those of the first one.",
            filled.n_calls,
            filled.n_attempts,
            filled.n_sums,
            start.as_secs_f64(),
        );
        Self { head, n_pages, lines: Vec::new() }
    }

    /// Takes in a page: how long it took the first time, how many bytes it had, and how long it took later. Writes the
    /// table.
    pub fn add(&mut self, name: String, (first, n_bytes): (Duration, usize), mut times: Vec<Duration>) {
        times.sort_unstable();
        let [p50, p95] = [50, 95].map(|percent| ms(times[(times.len() - 1) * percent / 100]));
        let (first, kib) = (ms(first), n_bytes as f64 / 1_024.0);
        eprintln!("{p50:7.1} {p95:7.1} {first:7.1} {kib:7.1}  {name}");
        self.lines.push(Line { name, p50, p95, first, kib });
        self.lines.sort_by(|one, other| other.p50.total_cmp(&one.p50));
        std::fs::write(target().join("bench-console.md"), self.markdown()).unwrap();
    }

    /// True if all pages are in it, and each is fast enough.
    pub fn is_good(&self) -> bool {
        self.lines.len() == self.n_pages && self.n_slow() == 0
    }

    fn n_slow(&self) -> usize {
        self.lines.iter().filter(|line| line.p50 > MEDIAN_MAX_MS).count()
    }

    /// The slowest first.
    pub fn markdown(&self) -> String {
        let Self { head, n_pages, lines } = self;
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load: Vec<&str> = load.split(' ').take(3).collect();
        let mut text = format!(
            "{head} Load average {}. {} of {n_pages} pages, {} of them above {MEDIAN_MAX_MS} ms.\n\n\
             | Page | p50 | p95 | first | KiB |\n|---|---:|---:|---:|---:|\n",
            load.join(" "),
            lines.len(),
            self.n_slow(),
        );
        for Line { name, p50, p95, first, kib } in lines {
            writeln!(text, "| {name} | {p50:.1} | {p95:.1} | {first:.1} | {kib:.1} |").unwrap();
        }
        text
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
