//! The hub's own log, as its operators read it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How grave a line is; the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Something is lost or broken.
    Error,
    /// Something is not as it should be.
    Warn,
    /// What happens in the course of business.
    Info,
    /// What helps to find a fault.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// All of them, the gravest first.
    pub const ALL: [Self; 5] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    /// Its name in JSON and in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct LogLine {
    /// Its number in this replica, from 1 on.
    pub number: u64,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// How grave it is.
    pub level: LogLevel,
    /// The part of the hub that wrote it: `hub::relay::trail`.
    pub target: String,
    /// What it says.
    pub message: String,
    /// What it says it of: `provider.name=fast status=529`.
    pub fields: String,
    /// The call it is about.
    pub call_id: Option<String>,
}

/// Which lines are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "server", into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct LogQuery {
    /// How many lines at most, 1 to 500; 50 if it is not said.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Lines that are as grave as this, or graver.
    pub level: Option<LogLevel>,
    /// Lines about this call.
    pub call_id: Option<String>,
    /// Lines that hold this text, in any case.
    pub search: Option<String>,
}

impl LogQuery {
    /// True if it asks for this line.
    pub fn admits(&self, line: &LogLine) -> bool {
        let holds = |text: &str, wanted: &str| text.to_lowercase().contains(wanted);
        self.level.is_none_or(|level| line.level <= level)
            && self.call_id.as_ref().is_none_or(|id| line.call_id.as_ref() == Some(id))
            && self.search.as_ref().map(|search| search.to_lowercase()).is_none_or(|wanted| {
                [&line.message, &line.fields, &line.target].into_iter().any(|text| holds(text, &wanted))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_to_meet_all_that_is_asked() {
        let line = LogLine {
            number: 1,
            at: DateTime::UNIX_EPOCH,
            level: LogLevel::Warn,
            target: "hub::jobs".to_owned(),
            message: "Postgres does not answer".to_owned(),
            fields: "error=timeout".to_owned(),
            call_id: Some("7".to_owned()),
        };
        let text = |text: &str| Some(text.to_owned());
        for (query, admits) in [
            (LogQuery::default(), true),
            (LogQuery { level: Some(LogLevel::Warn), ..LogQuery::default() }, true),
            (LogQuery { level: Some(LogLevel::Trace), ..LogQuery::default() }, true),
            (LogQuery { level: Some(LogLevel::Error), ..LogQuery::default() }, false),
            (LogQuery { call_id: text("7"), search: text("POSTGRES"), ..LogQuery::default() }, true),
            (LogQuery { call_id: text("8"), ..LogQuery::default() }, false),
            (LogQuery { search: text("timeout"), ..LogQuery::default() }, true),
            (LogQuery { search: text("jobs"), ..LogQuery::default() }, true),
            (LogQuery { search: text("redis"), ..LogQuery::default() }, false),
        ] {
            assert_eq!(query.admits(&line), admits, "{query:?}");
        }
    }
}
