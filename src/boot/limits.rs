//! What the process asks of the operating system before anything else.

use rustix::{
    fs::Mode,
    process::{Resource, Rlimit, getrlimit, setrlimit, umask},
};

/// Descriptors the hub would like to have: a running call holds two, so this is room for some 30,000 calls.
const DESCRIPTORS: u64 = 65_536;

/// Raises the limit of open descriptors as far as the system allows, and makes whatever the hub creates private.
///
/// The usual soft limit of 1,024 would refuse the five hundredth call.
pub fn prepare() {
    umask(Mode::from_raw_mode(0o077));
    let before = getrlimit(Resource::Nofile);
    let Some(current) = before.current.filter(|current| *current < DESCRIPTORS) else { return };
    let wanted = before.maximum.map_or(DESCRIPTORS, |maximum| maximum.min(DESCRIPTORS)).max(current);
    match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: before.maximum }) {
        Ok(()) => tracing::debug!(descriptors = wanted, "raised the limit of open descriptors"),
        Err(error) => tracing::warn!(%error, descriptors = current, "cannot raise the limit of open descriptors"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_to_what_is_allowed() {
        prepare();
        let now = getrlimit(Resource::Nofile);
        let allowed = now.maximum.unwrap_or(DESCRIPTORS).min(DESCRIPTORS);
        assert!(now.current.is_none_or(|current| current >= allowed));
    }
}
