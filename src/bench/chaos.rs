//! Three providers, once well and once in trouble: how long it takes until the first content comes.
//!
//! Of those in trouble one fails every second call, one takes its time, and one dies in the middle of the run.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
    time::Duration,
};

use super::{
    peer::{HubProcess, Peer, Upstream},
    report::Report,
    scenario::{Length, Scenario},
};

/// How long the slow one waits before it answers.
const SLOW: Duration = Duration::from_millis(200);

/// Calls that the dying one serves.
const N_BEFORE_DEATH: u64 = 60;

/// What becomes of a request at the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Luck {
    Answered,
    /// An error status.
    Refused,
    /// The connection closes without an answer.
    Dropped,
}

/// Decides over a request by its path, whose first part names the provider: `/<trouble>-<run>/v1/messages`. Waits if
/// the provider is slow. Where the path names none, nothing is in trouble.
pub async fn luck(path: &str) -> Luck {
    static ASKED: LazyLock<Mutex<HashMap<String, u64>>> = LazyLock::new(Mutex::default);
    if path.starts_with("/v1/") {
        return Luck::Answered;
    }
    let provider = path.split('/').nth(1).unwrap_or_default();
    let n = {
        let mut asked = ASKED.lock().unwrap();
        let asked = asked.entry(provider.to_owned()).or_default();
        *asked += 1;
        *asked
    };
    match provider.split('-').next() {
        Some("flapping") if !n.is_multiple_of(2) => Luck::Refused,
        Some("dying") if n > N_BEFORE_DEATH => Luck::Dropped,
        Some("slow") => {
            tokio::time::sleep(SLOW).await;
            Luck::Answered
        }
        _ => Luck::Answered,
    }
}

/// Each run has a hub of its own, which knows nothing of its providers when it begins.
pub async fn measure(scenario: &Scenario, upstream: &Upstream, length: Length, report: &mut Report) {
    for run in 1..=length.runs() {
        eprintln!("{}, run {run} of {}", scenario.name, length.runs());
        for (peer, providers) in
            [(Peer::Calm, ["well", "fine", "healthy"]), (Peer::Chaos, ["flapping", "slow", "dying"])]
        {
            let providers = providers.map(|trouble| format!("{trouble}-{run}"));
            let hub = HubProcess::start_among(upstream, &providers).await;
            report.add(scenario.name, peer, scenario.run(&hub, length, 0).await);
            hub.stop().await;
        }
    }
}
