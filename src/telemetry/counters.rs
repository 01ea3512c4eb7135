//! What is counted for Prometheus.

use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::domain::{call::Call, call::Outcome, report::TIME_BUCKETS, report::TIME_EDGES_MS, report::time_bucket};

/// Counters of this process.
#[derive(Debug, Default)]
pub struct Counters {
    outcomes: [AtomicU64; Outcome::ALL.len()],
    attempts: AtomicU64,
    input_tokens: AtomicU64,
    output_tokens: AtomicU64,
    cost_nano_usd: AtomicU64,
    refused_before_authentication: AtomicU64,
    over_reservation: AtomicU64,
    first_byte: [AtomicU64; TIME_BUCKETS],
    first_byte_ms_sum: AtomicU64,
}

impl Counters {
    /// A recorded call is over.
    pub fn call(&self, call: &Call) {
        let add = |counter: &AtomicU64, n: u64| {
            counter.fetch_add(n, Ordering::Relaxed);
        };
        let place = Outcome::ALL.iter().position(|outcome| call.outcome == Some(*outcome));
        if let Some(counter) = place.and_then(|place| self.outcomes.get(place)) {
            add(counter, 1);
        }
        add(&self.attempts, call.n_attempts.into());
        add(&self.input_tokens, call.usage.prompt());
        add(&self.output_tokens, call.usage.output);
        add(&self.cost_nano_usd, u64::try_from(call.cost_usd.scaled()).unwrap_or_default());
        if let Some(ms) = call.first_byte_ms {
            add(&self.first_byte_ms_sum, ms.into());
            if let Some(bucket) = self.first_byte.get(time_bucket(ms)) {
                add(bucket, 1);
            }
        }
    }

    /// A request was refused before anybody knew whose it was: it is no call.
    pub fn refusal(&self) {
        self.refused_before_authentication.fetch_add(1, Ordering::Relaxed);
    }

    /// An attempt cost more than was reserved for it under a hard limit.
    pub fn over_reservation(&self) {
        self.over_reservation.fetch_add(1, Ordering::Relaxed);
    }

    /// As Prometheus reads it.
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        writeln!(
            text,
            "# HELP switchyard_calls_total Recorded calls by outcome\n# TYPE switchyard_calls_total counter"
        )?;
        for (outcome, counter) in Outcome::ALL.iter().zip(&self.outcomes) {
            writeln!(text, "switchyard_calls_total{{outcome=\"{}\"}} {}", outcome.as_str(), read(counter))?;
        }
        for (name, help, counter) in [
            ("switchyard_attempts_total", "Attempts at providers", &self.attempts),
            ("switchyard_prompt_tokens_total", "Prompt tokens, cached ones too", &self.input_tokens),
            ("switchyard_output_tokens_total", "Generated tokens", &self.output_tokens),
            ("switchyard_cost_nano_usd_total", "Cost in billionths of a dollar", &self.cost_nano_usd),
            (
                "switchyard_refused_before_authentication_total",
                "Requests refused before their key was known",
                &self.refused_before_authentication,
            ),
            (
                "switchyard_over_reservation_total",
                "Attempts that cost more than was reserved under a hard limit",
                &self.over_reservation,
            ),
        ] {
            writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {}", read(counter))?;
        }
        let name = "switchyard_first_byte_ms";
        writeln!(text, "# HELP {name} Milliseconds until the client's first byte\n# TYPE {name} histogram")?;
        let mut total = 0;
        for (edge, counter) in TIME_EDGES_MS.iter().zip(&self.first_byte) {
            total += read(counter);
            writeln!(text, "{name}_bucket{{le=\"{edge}\"}} {total}")?;
        }
        total += self.first_byte.last().map_or(0, read);
        writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {total}\n{name}_count {total}")?;
        writeln!(text, "{name}_sum {}", read(&self.first_byte_ms_sum))
    }
}
