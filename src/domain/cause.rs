//! What can go wrong with a call, each as one word for machines: the `error.cause` of calls and of attempts.

/// All of them. A test holds that the engine names no other one, and another that the console has words for each.
pub const ALL: &[&str] = &[
    // Attempts, as rules on failures name them too.
    "connect",
    "proxy",
    "reset",
    "first_byte_timeout",
    "idle_timeout",
    "total_timeout",
    "call_deadline",
    "status",
    "malformed",
    // Answers that were cut.
    "stream_error",
    "truncated",
    "shutdown",
    "panic",
    "crash",
    // The hub's own no: who asks, and what.
    "unauthenticated",
    "two_keys",
    "key_disabled",
    "key_expired",
    "user_disabled",
    "user_expired",
    "address_not_allowed",
    "client_not_allowed",
    "model_not_allowed",
    "locked",
    "bad_request",
    "too_large",
    "body_cut",
    "not_found",
    "unbounded",
    // Limits.
    "limit_total",
    "limit_concurrent_requests",
    "limit_concurrent_sessions",
    "limit_rpm",
    "limit_tpm",
    "limit_5h",
    "limit_daily",
    "limit_weekly",
    "limit_monthly",
    "limits_away",
    // Providers, and the hub itself.
    "no_provider",
    "exhausted",
    "providers_limited",
    "providers_held",
    "messages_queued",
    "crowded",
    "ledger_full",
    "shutting_down",
    "internal",
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::domain::rule::CAUSES;

    /// All sources below a folder, each without its tests.
    fn sources(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.file_stem().unwrap().to_str().unwrap();
            if ["tests", "bench"].contains(&name) {
                continue;
            }
            if path.is_dir() {
                found.extend(sources(&path));
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                found.push(source.split("\n#[cfg(test)]\nmod tests").next().unwrap().to_owned());
            }
        }
        found
    }

    /// What stands in quotes.
    fn quoted(code: &str) -> impl Iterator<Item = &str> {
        code.split('"').skip(1).step_by(2)
    }

    #[test]
    fn the_engine_names_no_cause_that_is_not_listed() {
        let mut found = Vec::new();
        for source in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            // What the types say of themselves, and what is said at once.
            for body in source.split("const fn cause(").skip(1) {
                found.extend(quoted(body.split("\n    }\n").next().unwrap()).map(str::to_owned));
            }
            for call in source.split("CallError::new(\"").skip(1) {
                found.push(call.split('"').next().unwrap().to_owned());
            }
        }
        assert!(found.len() > 40, "only {} causes were found", found.len());
        found.retain(|cause| !ALL.contains(&cause.as_str()));
        assert_eq!(found, [""; 0], "these are not listed");
        assert!(CAUSES.iter().all(|cause| ALL.contains(cause)));
    }
}
