//! Calls as lines of a table (RFC 4180), which a spreadsheet can open without harm (docs/rules.md, Exports).

use std::io::Write;

use chrono::SecondsFormat;

use crate::domain::call::{Call, Outcome};

/// What stands in a cell.
enum Cell<'a> {
    /// Words, of which some come from clients.
    Text(Option<&'a str>),
    /// Something of the hub's own that no spreadsheet takes for a formula: a number, a time, an id, one of few words.
    Plain(String),
}

/// Begins of a text that a spreadsheet takes for a formula, or that hide one from a check of the first character.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// The name of a column, and what a call has in it.
type Column = (&'static str, fn(&Call) -> Cell<'_>);

/// The columns, in their order.
const COLUMNS: [Column; 35] = [
    ("id", |call| plain(Some(call.id))),
    ("created_at", |call| Cell::Plain(call.created_at.to_rfc3339_opts(SecondsFormat::Micros, true))),
    ("kind", |call| plain(Some(call.kind.as_str()))),
    ("user_id", |call| plain(call.user_id)),
    ("user_name", |call| Cell::Text(call.user_name.as_deref())),
    ("key_id", |call| plain(call.key_id)),
    ("key_name", |call| Cell::Text(call.key_name.as_deref())),
    ("provider_id", |call| plain(call.provider_id)),
    ("provider_name", |call| Cell::Text(call.provider_name.as_deref())),
    ("session_id", |call| Cell::Text(call.session_id.as_deref())),
    ("model", |call| Cell::Text(Some(&call.model))),
    ("model_sent", |call| Cell::Text(call.model_sent.as_deref())),
    ("model_served", |call| Cell::Text(call.model_served.as_deref())),
    ("stream", |call| plain(Some(call.stream))),
    ("status", |call| plain(call.status)),
    ("outcome", |call| plain(call.outcome.map(Outcome::as_str))),
    ("input", |call| plain(Some(call.usage.input))),
    ("output", |call| plain(Some(call.usage.output))),
    ("cache_write_5m", |call| plain(Some(call.usage.cache_write_5m))),
    ("cache_write_1h", |call| plain(Some(call.usage.cache_write_1h))),
    ("cache_read", |call| plain(Some(call.usage.cache_read))),
    ("web_searches", |call| plain(Some(call.usage.web_searches))),
    ("web_fetches", |call| plain(Some(call.usage.web_fetches))),
    ("code_executions", |call| plain(Some(call.usage.code_executions))),
    ("token_source", |call| plain(Some(call.token_source.as_str()))),
    ("cost_usd", |call| plain(Some(call.cost_usd))),
    ("unpriced", |call| plain(Some(call.unpriced))),
    ("n_attempts", |call| plain(Some(call.n_attempts))),
    ("first_byte_ms", |call| plain(call.first_byte_ms)),
    ("first_token_ms", |call| plain(call.first_token_ms)),
    ("duration_ms", |call| plain(call.duration_ms)),
    ("error_cause", |call| Cell::Text(call.error.as_ref().map(|error| error.cause.as_str()))),
    ("error_message", |call| Cell::Text(call.error.as_ref().map(|error| error.message.as_str()))),
    ("user_agent", |call| Cell::Text(call.client.user_agent.as_deref())),
    ("address", |call| Cell::Text(call.client.address.as_deref())),
];

fn plain(value: Option<impl ToString>) -> Cell<'static> {
    Cell::Plain(value.map(|value| value.to_string()).unwrap_or_default())
}

/// The line of names.
pub(super) fn head(out: &mut Vec<u8>) {
    let names = COLUMNS.map(|(name, _)| name);
    out.extend_from_slice(names.join(",").as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// A call's line.
pub(super) fn line(out: &mut Vec<u8>, call: &Call) {
    for (place, (_, cell)) in COLUMNS.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        match cell(call) {
            Cell::Plain(value) => out.extend_from_slice(value.as_bytes()),
            Cell::Text(value) => text(out, value.unwrap_or_default()),
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes a text: with an apostrophe before what could be a formula, in quotes where it has to be.
fn text(out: &mut Vec<u8>, text: &str) {
    let mark = if text.starts_with(FORMULA) { "'" } else { "" };
    // Writing to memory cannot fail.
    let _ = if text.contains([',', '"', '\r', '\n']) {
        write!(out, "\"{mark}{}\"", text.replace('"', "\"\""))
    } else {
        write!(out, "{mark}{text}")
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{call::CallError, id::UserId};

    fn written(of: &str) -> String {
        let mut out = Vec::new();
        text(&mut out, of);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_text_is_quoted_where_it_must_be_and_never_a_formula() {
        for (of, expected) in [
            ("", ""),
            ("plain text", "plain text"),
            ("a,b", "\"a,b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("\n=1", "\"'\n=1\""),
            ("=cmd|' /c calc'!A0,\"x\"", "\"'=cmd|' /c calc'!A0,\"\"x\"\"\""),
            ("1-1", "1-1"),
            ("名称", "名称"),
        ] {
            assert_eq!(written(of), expected, "{of:?}");
        }
    }

    #[test]
    fn a_line_has_a_cell_for_each_name_and_numbers_stay_numbers() {
        let call = Call {
            user_id: Some(UserId(7)),
            user_name: Some("=evil()".to_owned()),
            cost_usd: "0.0125".parse().unwrap(),
            error: Some(CallError::new("status", "no, \"never\"")),
            ..Call::default()
        };
        let (mut names, mut out) = (Vec::new(), Vec::new());
        head(&mut names);
        line(&mut out, &call);
        let (names, out) = (String::from_utf8(names).unwrap(), String::from_utf8(out).unwrap());
        assert_eq!(names.trim_end().split(',').count(), COLUMNS.len());
        assert_eq!(out.replace("no, ", "").matches(',').count() + 1, COLUMNS.len(), "{out}");
        assert!(out.contains(",7,'=evil(),,"), "{out}");
        assert!(out.contains(",0.0125,false,"), "{out}");
        assert!(out.contains(",status,\"no, \"\"never\"\"\","), "{out}");
        assert!(out.ends_with("\r\n"));
    }
}
