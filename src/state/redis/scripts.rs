//! The scripts: each is one round trip, and one step that nobody else can interrupt.

use redis::Script;

/// A script behind what all of them begin with.
macro_rules! script {
    ($file:literal) => {
        Script::new(concat!(include_str!("book.lua"), include_str!($file)))
    };
}

/// All of them.
#[derive(Debug)]
pub(super) struct Scripts {
    pub(super) take: Script,
    pub(super) tell: Script,
    pub(super) renew: Script,
    pub(super) usage: Script,
    pub(super) sessions: Script,
    pub(super) end: Script,
    pub(super) reset: Script,
    pub(super) load: Script,
    pub(super) mark: Script,
    pub(super) ready: Script,
    pub(super) touch: Script,
    pub(super) lock: Script,
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            take: script!("take.lua"),
            tell: script!("tell.lua"),
            renew: script!("renew.lua"),
            usage: script!("usage.lua"),
            sessions: script!("sessions.lua"),
            end: script!("end.lua"),
            reset: script!("reset.lua"),
            load: script!("load.lua"),
            mark: script!("mark.lua"),
            ready: script!("ready.lua"),
            touch: script!("touch.lua"),
            lock: script!("lock.lua"),
        }
    }
}
