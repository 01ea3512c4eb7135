//! The hub's time zone in the browser: how far its clocks are ahead of UTC, and when that changes. The document carries
//! it, so that all pages say the same time, whoever draws them.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::zone::written;
use crate::format::Moment;

/// The attribute of `<html>` that it stands in: `60 1774746000:120 1792890000:60`, minutes ahead of UTC, with the second
/// since 1970 from which on they hold.
#[cfg(not(feature = "ssr"))]
const ATTRIBUTE: &str = "data-zone";

/// How far the hub's clocks are ahead of UTC.
#[derive(Clone, Copy)]
pub(crate) struct Zone(StoredValue<Vec<(i64, i32)>>);

impl Zone {
    /// Reads it: on the server from the settings, in the browser from the document.
    pub(crate) fn read() -> Self {
        Self(StoredValue::new(parsed(&written())))
    }

    /// `at` as the hub's clocks show it.
    pub(crate) fn moment(self, at: DateTime<Utc>) -> Moment {
        let second = at.timestamp();
        let offset_min = self.0.try_with_value(|changes| {
            changes.iter().rev().find(|(from, _)| *from <= second).or(changes.first()).map(|(_, offset)| *offset)
        });
        Moment::new(at, offset_min.flatten().unwrap_or_default())
    }
}

/// The hub's zone.
pub(crate) fn use_zone() -> Zone {
    use_context().unwrap_or_else(Zone::read)
}

fn parsed(written: &str) -> Vec<(i64, i32)> {
    let change = |word: &str| match word.split_once(':') {
        Some((from, offset)) => Some((from.parse().ok()?, offset.parse().ok()?)),
        None => Some((i64::MIN, word.parse().ok()?)),
    };
    written.split(' ').filter_map(change).collect()
}

#[cfg(not(feature = "ssr"))]
fn written() -> String {
    crate::browser::root_attribute(ATTRIBUTE).unwrap_or_default()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::api::zone::changes;

    #[test]
    fn the_browser_knows_when_the_hubs_clocks_change() {
        let _owner = Owner::new_root(None);
        let written = changes(chrono_tz::Europe::Berlin, "2026-01-10T12:00:00Z".parse().unwrap());
        assert!(written.starts_with("60 1711846800:120 1729990800:60 "), "{written}");
        let zone = Zone(StoredValue::new(parsed(&written)));
        let shown = |at: &str| zone.moment(at.parse().unwrap()).full();
        assert_eq!(shown("2026-03-29T00:59:59Z"), "2026-03-29 01:59:59 UTC+1");
        assert_eq!(shown("2026-03-29T01:00:00Z"), "2026-03-29 03:00:00 UTC+2");
        assert_eq!(shown("2001-01-01T00:00:00Z"), "2001-01-01 01:00:00 UTC+1");
        assert_eq!(changes(chrono_tz::UTC, "2026-01-10T12:00:00Z".parse().unwrap()), "0");
        assert!(parsed("").is_empty());
    }
}
