//! What is sent, and what is read off.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    body::Template,
    load::{self, Callers, Shot, Tally},
    peer::Measured,
};

/// How thorough a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Five runs of 10 s.
    Full,
    /// One run of 2 s: to see that everything works. Its figures mean little.
    Quick,
}

impl Length {
    pub fn runs(self) -> u32 {
        if self == Self::Full { 5 } else { 1 }
    }

    pub fn burst(self) -> Duration {
        Duration::from_secs(if self == Self::Full { 10 } else { 2 })
    }

    pub fn settle(self) -> Duration {
        Duration::from_secs(if self == Self::Full { 10 } else { 2 })
    }

    fn held(self) -> u32 {
        if self == Self::Full { 1_000 } else { 200 }
    }
}

/// A way to load a peer.
#[derive(Clone, Copy, Debug)]
pub enum Load {
    /// So many connections, each sends when it was answered.
    Closed { connections: u32 },
    /// So many requests a second.
    Open { per_second: u32 },
    /// So many streams, once.
    Streams { n: u32 },
    /// As many streams as the length says, while memory is watched.
    Held,
    /// So many connections, each of which sends so many requests.
    Each { connections: u32, n: u32 },
}

pub const HELD: &str = "streams held";
pub const REQUESTS: &str = "requests, 64 connections";
pub const RATE: &str = "requests, 200 a second";
pub const STREAMS: &str = "streams, 50 deltas at 20 ms";
pub const BURSTS: &str = "streams, 200 deltas at once, 32 connections";
pub const LIMITS: &str = "requests with every limit, 64 connections";
pub const CHAOS: &str = "chaos: 3 providers in trouble, 500 streams, 50 at a time";
pub const TURNS_RATE: &str = "117 KB coding turns, 20 deltas, 100 a second";
pub const TURNS: &str = "117 KB coding turns, 20 deltas, 32 connections";

/// One scenario.
#[derive(Debug)]
pub struct Scenario {
    pub name: &'static str,
    pub load: Load,
    /// Send the 117 KB of a coding tool's first turn.
    pub coding_turn: bool,
    /// Deltas and milliseconds between them; none: not streamed.
    pub plan: Option<(u32, u32)>,
}

/// All of them. Memory comes first, while both processes are fresh.
pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: HELD, load: Load::Held, coding_turn: false, plan: Some((8, 1_000)) },
    Scenario { name: REQUESTS, load: Load::Closed { connections: 64 }, coding_turn: false, plan: None },
    Scenario { name: RATE, load: Load::Open { per_second: 200 }, coding_turn: false, plan: None },
    Scenario { name: STREAMS, load: Load::Streams { n: 200 }, coding_turn: false, plan: Some((50, 20)) },
    Scenario { name: BURSTS, load: Load::Closed { connections: 32 }, coding_turn: false, plan: Some((200, 0)) },
    Scenario { name: LIMITS, load: Load::Closed { connections: 64 }, coding_turn: false, plan: None },
    Scenario { name: CHAOS, load: Load::Each { connections: 50, n: 10 }, coding_turn: false, plan: Some((20, 10)) },
    Scenario { name: TURNS_RATE, load: Load::Open { per_second: 100 }, coding_turn: true, plan: Some((20, 0)) },
    Scenario { name: TURNS, load: Load::Closed { connections: 32 }, coding_turn: true, plan: Some((20, 0)) },
];

/// What one run gave.
#[derive(Debug, Default)]
pub struct Figures {
    pub tally: Tally,
    /// Seconds of the load.
    pub seconds: f64,
    /// Seconds from the end of the load until everything was recorded.
    pub drain_seconds: f64,
    /// Processor time of the peer during the load.
    pub cpu_burst_us: u64,
    /// The same, until everything was recorded.
    pub cpu_us: u64,
    /// The most memory above that of the fresh process, for scenarios that watch it.
    pub grown_kib: u64,
}

impl Scenario {
    /// Loads `peer`, which had `idle_kib` of memory when it was fresh, and reads off the figures.
    ///
    /// Returns when everything is recorded, so that the next run is undisturbed.
    pub async fn run(&self, peer: &impl Measured, length: Length, idle_kib: u64) -> Figures {
        let shot = Arc::new(Shot {
            address: peer.address(),
            callers: Callers::new(&peer.keys()),
            body: if self.coding_turn { Template::coding_turn() } else { Template::small(self.plan.is_some()) },
            plan: self.plan,
            time_deltas: matches!(self.load, Load::Streams { .. }),
        });
        let before = peer.cpu_us();
        let started = Instant::now();
        let mut grown_kib = 0;
        let tally = match self.load {
            Load::Closed { connections } => load::closed(shot, connections, length.burst()).await,
            Load::Open { per_second } => load::open(shot, per_second, length.burst()).await,
            Load::Each { connections, n } => load::each(shot, connections, n).await,
            Load::Streams { n } => load::once_each(shot, n).await,
            Load::Held => {
                let mut watch = tokio::time::interval(Duration::from_millis(250));
                let streams = load::once_each(shot, length.held());
                tokio::pin!(streams);
                loop {
                    tokio::select! {
                        tally = &mut streams => break tally,
                        _ = watch.tick() => grown_kib = peer.memory().pss_kib.saturating_sub(idle_kib).max(grown_kib),
                    }
                }
            }
        };
        let ended = Instant::now();
        let cpu_burst_us = peer.cpu_us() - before;
        peer.settled().await;
        Figures {
            tally,
            seconds: (ended - started).as_secs_f64(),
            drain_seconds: ended.elapsed().as_secs_f64(),
            cpu_burst_us,
            cpu_us: peer.cpu_us() - before,
            grown_kib,
        }
    }
}
