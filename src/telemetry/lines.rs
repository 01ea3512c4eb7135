//! The last lines of the log, kept for the console.

use std::{
    collections::VecDeque,
    fmt::{Debug, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

use crate::{
    clock,
    domain::log::{LogLevel, LogLine},
};

/// Lines that are kept.
const LINES_MAX: usize = 2_000;

/// Bytes of a line's message, and of its fields.
const TEXT_BYTES_MAX: usize = 2_048;

/// The last lines. Cheap to clone.
#[derive(Clone)]
pub struct Lines(Arc<Shared>);

struct Shared {
    kept: Mutex<VecDeque<LogLine>>,
    /// The number of the newest line.
    newest: watch::Sender<u64>,
}

impl Default for Lines {
    fn default() -> Self {
        Self(Arc::new(Shared { kept: Mutex::default(), newest: watch::Sender::new(0) }))
    }
}

impl Lines {
    fn kept(&self) -> MutexGuard<'_, VecDeque<LogLine>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// At most `n_max` lines that `admits` lets pass, newest first, all older than number `before` if that is given.
    pub fn newest(&self, before: Option<u64>, n_max: usize, admits: impl Fn(&LogLine) -> bool) -> Vec<LogLine> {
        let kept = self.kept();
        let older = kept.iter().rev().filter(|line| before.is_none_or(|before| line.number < before));
        older.filter(|line| admits(line)).take(n_max).cloned().collect()
    }

    /// Tells when there are new lines.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.0.newest.subscribe()
    }

    fn keep(&self, mut line: LogLine) {
        let number = {
            let mut kept = self.kept();
            line.number = kept.back().map_or(1, |line| line.number + 1);
            let number = line.number;
            if kept.len() >= LINES_MAX {
                kept.pop_front();
            }
            kept.push_back(line);
            number
        };
        self.0.newest.send_replace(number);
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        let metadata = event.metadata();
        self.keep(LogLine {
            number: 0,
            at: clock::now(),
            level: level(*metadata.level()),
            target: metadata.target().to_owned(),
            message: cut(said.message),
            fields: cut(said.fields),
            call_id: said.call_id,
        });
    }
}

fn level(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    }
}

fn cut(mut text: String) -> String {
    if text.len() > TEXT_BYTES_MAX {
        text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
        text.push('…');
    }
    text
}

/// What an event says.
#[derive(Default)]
struct Said {
    message: String,
    fields: String,
    call_id: Option<String>,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a text cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            "call.id" => write!(self.call_id.insert(String::new()), "{value:?}"),
            name => {
                let gap = if self.fields.is_empty() { "" } else { " " };
                write!(self.fields, "{gap}{name}={value:?}")
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn the_last_lines_are_kept() {
        let lines = Lines::default();
        let watch = lines.watch();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines.clone()), || {
            for n in 1..=LINES_MAX + 2 {
                tracing::info!(n, "line");
            }
        });
        assert_eq!(*watch.borrow(), 2_002);
        let all = lines.newest(None, usize::MAX, |_| true);
        assert_eq!((all.len(), all.first().map(|line| line.number)), (LINES_MAX, Some(2_002)));
        let older = lines.newest(Some(5), 9, |line| line.number % 2 == 0);
        assert_eq!(older.first().map(|line| (line.number, line.fields.as_str())), Some((4, "n=4")));
    }

    #[test]
    fn a_line_says_which_call_it_is_about() {
        let lines = Lines::default();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines.clone()), || {
            tracing::warn!(call.id = %"0193", provider.name = "fast", status = 529, "no luck");
            tracing::debug!("{}", "x".repeat(TEXT_BYTES_MAX - 1) + "äöü");
        });
        let [long, line] = lines.newest(None, 9, |_| true).try_into().unwrap();
        assert_eq!(line.call_id.as_deref(), Some("0193"));
        assert_eq!((line.message.as_str(), line.fields.as_str()), ("no luck", "provider.name=\"fast\" status=529"));
        assert!(long.message.ends_with("xx…") && long.message.len() < TEXT_BYTES_MAX + 3);
    }
}
