//! Words for the values of the shared vocabulary, and what is wrong, in English.

use hub::domain::call::Outcome;
#[cfg(feature = "ssr")]
use {
    crate::{
        format::{begun_large, share_of_permille, whole},
        pages::limits,
    },
    hub::domain::{
        attempt::AttemptResult,
        decision::{Blame, Next, Skip},
        fault::Fault,
        hold::HoldReason,
        report::Attention,
        usage::TokenSource,
    },
};

/// "s" unless there is exactly one.
pub(super) fn s(count: impl Into<u64>) -> &'static str {
    if count.into() == 1 { "" } else { "s" }
}

pub(super) fn outcome(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        None => "Running",
        Some(Outcome::Completed) => "Completed",
        Some(Outcome::Rejected) => "Rejected",
        Some(Outcome::Refused) => "Refused",
        Some(Outcome::Failed) => "Failed",
        Some(Outcome::Interrupted) => "Interrupted",
        Some(Outcome::Abandoned) => "Abandoned",
    }
}

#[cfg(feature = "ssr")]
pub(super) fn result(result: AttemptResult) -> &'static str {
    match result {
        AttemptResult::Completed => "completed",
        AttemptResult::Delivered => "its error was passed on",
        AttemptResult::Failed => "failed",
        AttemptResult::Interrupted => "cut off",
        AttemptResult::Abandoned => "client left",
    }
}

/// What went wrong, by the machine's word for it: words that fit into brackets and behind a colon.
#[cfg(feature = "ssr")]
pub(super) fn cause(cause: &str) -> Option<&'static str> {
    Some(match cause {
        "connect" => "no connection",
        "proxy" => "the proxy failed",
        "reset" => "connection lost",
        "status" => "error status from the provider",
        "stream_error" => "an error inside the stream",
        "truncated" => "the answer broke off",
        "malformed" => "an answer that makes no sense",
        "connect_timeout" => "no connection in time",
        "first_byte_timeout" => "no first byte in time",
        "idle_timeout" => "silence for too long",
        "total_timeout" => "not done in time",
        "call_deadline" => "the time of the whole call was up",
        "shutdown" => "the hub was stopped",
        "panic" => "a mistake of the hub",
        "crash" => "the hub broke down",
        _ => return refusal(cause),
    })
}

/// The hub's own no, by the machine's word for it.
#[cfg(feature = "ssr")]
fn refusal(cause: &str) -> Option<&'static str> {
    Some(match cause {
        "unauthenticated" => "no valid key",
        "two_keys" => "two different keys",
        "key_disabled" => "the key is disabled",
        "key_expired" => "the key has expired",
        "user_disabled" => "the user is disabled",
        "user_expired" => "the user has expired",
        "address_not_allowed" => "address not allowed",
        "client_not_allowed" => "client not allowed",
        "model_not_allowed" => "model not allowed",
        "locked" => "too many wrong keys",
        "bad_request" => "the request cannot be read",
        "too_large" => "the request is too large",
        "body_cut" => "the request did not arrive whole",
        "not_found" => "no such endpoint",
        "unbounded" => "no bound on what it may cost",
        "limit_total" => "limit in all used up",
        "limit_concurrent_requests" => "too many calls at the same time",
        "limit_concurrent_sessions" => "too many sessions at the same time",
        "limit_rpm" => "too many calls a minute",
        "limit_tpm" => "too many tokens a minute",
        "limit_5h" => "limit of 5 hours used up",
        "limit_daily" => "limit of the day used up",
        "limit_weekly" => "limit of the week used up",
        "limit_monthly" => "limit of the month used up",
        "limits_away" => "limits cannot be counted",
        "no_provider" => "no provider",
        "exhausted" => "no provider gave an answer",
        "providers_limited" => "every provider at its limit",
        "providers_held" => "every provider on hold",
        "messages_queued" => "too many messages queued",
        "crowded" => "too many requests at once",
        "ledger_full" => "calls cannot be recorded",
        "shutting_down" => "the hub is stopping",
        "internal" => "a mistake of the hub",
        _ => return None,
    })
}

#[cfg(feature = "ssr")]
pub(super) fn token_source(source: TokenSource) -> &'static str {
    match source {
        TokenSource::None => "nothing used",
        TokenSource::Reported => "reported by the provider",
        TokenSource::Partial => "prompt reported, output estimated",
        TokenSource::Estimated => "estimated",
    }
}

#[cfg(feature = "ssr")]
pub(super) fn skip(skip: Skip) -> &'static str {
    match skip {
        Skip::Disabled => "disabled",
        Skip::Protocol => "speaks another protocol",
        Skip::Group => "in none of the key's groups",
        Skip::Model => "its rules do not admit the model",
        Skip::Prefix => "reached by another prefix, or by none",
        Skip::Hours => "not active at this time of day",
        Skip::Held => "on hold",
        Skip::LowerGroup => "another of the key's groups goes first",
        Skip::Secret => "its stored secret cannot be opened",
        Skip::Tried => "tried already",
        Skip::Limit => "at a limit of its own",
        Skip::Awaited => "its next free place is kept for calls that wait",
        Skip::MessagesQueued => "its queue of messages took too long",
        Skip::Unbounded => "its limit is hard, and what the request asks for has no bound",
        Skip::LimitsAway => "its limits cannot be counted just now",
        Skip::CallerLimit => "dearer than a limit of the caller allows",
    }
}

#[cfg(feature = "ssr")]
pub(super) fn blame(blame: Blame) -> &'static str {
    match blame {
        Blame::Caller => "the request",
        Blame::Credential => "the provider's key or its limits",
        Blame::Provider => "the provider",
        Blame::Network => "the way there",
    }
}

#[cfg(feature = "ssr")]
pub(super) fn next(next: Next) -> &'static str {
    match next {
        Next::Retry => "tried there again",
        Next::Repair => "repaired and tried again",
        Next::Switch => "switched",
        Next::Deliver => "passed on as it is",
    }
}

#[cfg(feature = "ssr")]
pub(super) fn hold(reason: HoldReason) -> &'static str {
    match reason {
        HoldReason::Breaker => "too many failures",
        HoldReason::Overload => "overloaded",
        HoldReason::RateLimit => "at its rate limit",
        HoldReason::SpendLimit => "its money is used up",
        HoldReason::QuotaWindow => "its quota is used up",
        HoldReason::Credential => "its secret is refused",
        HoldReason::Entitlement => "the account may not do what was asked",
        HoldReason::Proxy => "its proxy cannot be used",
        HoldReason::Pause => "paused",
    }
}

#[cfg(feature = "ssr")]
fn at_bound(waiting: u64) -> String {
    format!(
        "New calls are refused until the database has taken some of its {} MB. Look after Postgres, or raise \
         journal_bytes_max.",
        whole(waiting / 1_000_000)
    )
}

#[cfg(feature = "ssr")]
pub(super) fn attention(attention: &Attention) -> (String, String) {
    let (title, advice) = match attention {
        Attention::NoProvider => {
            ("No provider is ready", "Calls are refused until one is configured and enabled.".into())
        }
        Attention::NoKey => ("Nobody has a key", "Create a user and a key, then point a client at this hub.".into()),
        Attention::Unpriced { models } => (
            "Models without a price",
            format!("{}: charged at the cautious default. Set their prices.", models.join(", ")),
        ),
        Attention::DatabaseAway { waiting } => (
            "The database does not answer",
            format!("{} kB of entries wait in the journal; calls go on.", whole(waiting / 1_000 + 1)),
        ),
        Attention::RedisAway => (
            "Redis does not answer",
            "Limits cannot be looked at until it is back: hard ones refuse calls, soft ones let them pass, unless \
             limits_when_away refuses those too. What calls cost is counted then."
                .into(),
        ),
        Attention::NotAlone => (
            "Another hub works on this database",
            "Nothing is counted here until it stops, and hard limits refuse calls. Set REDIS_URL for both.".into(),
        ),
        Attention::JournalFull => {
            ("The journal cannot be written", "New calls are refused. Look after the disk of the data folder.".into())
        }
        Attention::JournalAtBound { waiting } => ("The journal is full", at_bound(*waiting)),
        Attention::JournalUnreadable => (
            "The journal cannot be read",
            "Calls go on, but are not recorded until it can. Look after the disk of the data folder.".into(),
        ),
        Attention::JournalDamaged { n_places } => (
            "The journal was damaged",
            format!(
                "Entries were lost in {} place{}. Look after the disk of the data folder.",
                whole(*n_places),
                if *n_places == 1 { "" } else { "s" }
            ),
        ),
        Attention::Quarantined { n_entries } => (
            "Entries were set aside",
            format!(
                "The database rejected {} entr{}; look in quarantine.",
                whole(*n_entries),
                if *n_entries == 1 { "y" } else { "ies" }
            ),
        ),
        Attention::Held { name, reason, is_absolute, until, .. } => {
            let then = if *is_absolute { "It gets no calls" } else { "Others are used first" };
            let long = if until.is_none() { " until it is ended" } else { "" };
            ("On hold", format!("{name}: {}. {then}{long}.", hold(*reason)))
        }
        Attention::Backlog { waiting } => (
            "Entries wait in the journal",
            format!(
                "{} MB; the database takes them more slowly than they come. Lists are late.",
                whole(waiting / 1_000_000)
            ),
        ),
        Attention::LimitNear { name, window, share_permille } => (
            if *share_permille < 1_000 { "A limit is nearly used up" } else { "A limit is used up" },
            format!("{name}: {} at {}.", limits::name(&super::TEXT, *window), share_of_permille(*share_permille)),
        ),
        Attention::SecretUnreadable { provider } => {
            ("A stored secret cannot be opened", format!("Enter the key of {provider} again."))
        }
    };
    (title.to_owned(), advice)
}

/// A request of another form than the hub reads: of an older page, or of no page at all.
#[cfg(feature = "ssr")]
pub(super) fn unread(why: &str) -> String {
    format!("This was sent in a form that the hub does not read ({why}). Load the page again; it may be an older one.")
}

#[cfg(feature = "ssr")]
pub(super) fn fault(fault: &Fault) -> String {
    match fault {
        Fault::Unauthenticated => "That is not right, or may not log in now.".into(),
        Fault::NotAllowed => "You may not do this.".into(),
        Fault::TooManyAttempts { retry_after_s } => {
            format!("Too many attempts. Try again in {retry_after_s} second{}.", s(*retry_after_s))
        }
        Fault::NotFound { what } if what == "messages" => {
            "Nothing that was asked or answered is kept of this call.".into()
        }
        Fault::NotFound { what } => format!("There is no such {what}. It may have been deleted."),
        Fault::Invalid { why: reason, .. } | Fault::Conflict { why: reason, .. } => {
            why(reason).unwrap_or_else(|| reason.clone())
        }
        Fault::CountersAway => {
            "The counters do not answer just now. Nothing was changed; try again in a moment.".into()
        }
        Fault::Busy => "The database does not answer just now. Nothing was changed; try again in a moment.".into(),
        Fault::Internal { id } => format!("Something went wrong on our side. The log says more under {id}."),
    }
}

/// A reason as the beginning of a sentence.
#[cfg(feature = "ssr")]
pub(super) fn why(reason: &str) -> Option<String> {
    (!reason.is_empty()).then(|| begun_large(reason))
}
