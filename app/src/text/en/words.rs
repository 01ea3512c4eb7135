//! Words for the values of the shared vocabulary, and what is wrong, in English.

use hub::domain::{
    attempt::AttemptResult,
    call::Outcome,
    decision::{Blame, Next, Skip},
    hold::HoldReason,
    usage::TokenSource,
};
#[cfg(feature = "ssr")]
use {
    crate::{format::whole, pages::limits},
    hub::domain::{fault::Fault, report::Attention},
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

pub(super) fn result(result: AttemptResult) -> &'static str {
    match result {
        AttemptResult::Completed => "completed",
        AttemptResult::Delivered => "its error was passed on",
        AttemptResult::Failed => "failed",
        AttemptResult::Interrupted => "cut off",
        AttemptResult::Abandoned => "client left",
    }
}

/// What went wrong, by the machine's word for it.
pub(super) fn cause(cause: &str) -> Option<&'static str> {
    Some(match cause {
        "connect" => "no connection",
        "proxy" => "the proxy failed",
        "reset" => "connection lost",
        "status" => "an error status",
        "stream_error" => "an error inside the stream",
        "truncated" => "the answer broke off",
        "malformed" => "not understandable",
        "connect_timeout" => "no connection in time",
        "first_byte_timeout" => "no first byte in time",
        "idle_timeout" => "silence for too long",
        "total_timeout" => "not done in time",
        "crash" => "the hub stopped",
        "client_gone" => "the client left",
        "no_provider" => "no provider",
        "providers_limited" => "every provider at its limit",
        "messages_queued" => "too many messages queued",
        "model_not_allowed" => "model not allowed",
        "client_not_allowed" => "client not allowed",
        "address_not_allowed" => "address not allowed",
        _ => return None,
    })
}

pub(super) fn token_source(source: TokenSource) -> &'static str {
    match source {
        TokenSource::None => "nothing used",
        TokenSource::Reported => "reported by the provider",
        TokenSource::Partial => "prompt reported, output estimated",
        TokenSource::Estimated => "estimated",
    }
}

pub(super) fn skip(skip: Skip) -> &'static str {
    match skip {
        Skip::Disabled => "switched off",
        Skip::Protocol => "speaks another protocol",
        Skip::Group => "in none of the key's groups",
        Skip::Model => "its rules do not admit the model",
        Skip::Prefix => "reached by another prefix, or by none",
        Skip::Hours => "not active at this time of day",
        Skip::Held => "held back",
        Skip::LowerGroup => "another of the key's groups goes first",
        Skip::Secret => "its stored secret cannot be opened",
        Skip::Tried => "tried already",
        Skip::Limit => "at a limit of its own",
    }
}

pub(super) fn blame(blame: Blame) -> &'static str {
    match blame {
        Blame::Caller => "the request",
        Blame::Credential => "the provider's key or its limits",
        Blame::Provider => "the provider",
        Blame::Network => "the way there",
    }
}

pub(super) fn next(next: Next) -> &'static str {
    match next {
        Next::Retry => "tried there again",
        Next::Repair => "repaired and tried again",
        Next::Switch => "switched",
        Next::Deliver => "passed on as it is",
    }
}

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
        Attention::RedisAway => {
            ("Redis does not answer", "Counters live in this replica's memory until it is back.".into())
        }
        Attention::JournalFull => {
            ("The journal cannot be written", "New calls are refused. Free some disk space.".into())
        }
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
            "A limit is nearly used up",
            format!("{name}: {} at {} %.", limits::name(&super::TEXT, *window), share_permille / 10),
        ),
        Attention::SecretUnreadable { provider } => {
            ("A stored secret cannot be opened", format!("Enter the key of {provider} again."))
        }
    };
    (title.to_owned(), advice)
}

#[cfg(feature = "ssr")]
pub(super) fn fault(fault: &Fault) -> String {
    match fault {
        Fault::Unauthenticated => "That is not right, or may not log in now.".into(),
        Fault::NotAllowed => "You may not do this.".into(),
        Fault::TooManyAttempts { retry_after_s } => {
            format!("Too many attempts. Try again in {retry_after_s} second{}.", s(*retry_after_s))
        }
        Fault::NotFound { what } => format!("There is no such {what}. It may have been deleted."),
        Fault::Invalid { why: reason, .. } | Fault::Conflict { why: reason, .. } => {
            why(reason).unwrap_or_else(|| reason.clone())
        }
        Fault::CountersAway => "Redis does not answer just now. Nothing was changed; try again in a moment.".into(),
        Fault::Busy => "The database does not answer just now. Nothing was changed; try again in a moment.".into(),
        Fault::Internal { id } => format!("Something went wrong on our side. The log says more under {id}."),
    }
}

/// A reason as the beginning of a sentence.
#[cfg(feature = "ssr")]
pub(super) fn why(reason: &str) -> Option<String> {
    let mut letters = reason.chars();
    let first = letters.next()?;
    Some(first.to_uppercase().chain(letters).collect())
}
