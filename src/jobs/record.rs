//! Moves entries from the journal to Postgres, in batches.

mod arrears;
mod saving;

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use anyhow::Context;

use self::{arrears::Arrears, saving::Saving};
use crate::{
    clock,
    hub::Hub,
    ledger::{
        entry::{Closed, Entry},
        reader::{Batch, Reader},
        record::Opening,
    },
};

/// Entries in one transaction.
const ENTRIES_MAX: usize = 1_000;

/// The first pause after a failure, and the longest.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Entries that come together in this time go in one transaction.
const GATHER: Duration = Duration::from_millis(100);

/// How long Redis may take to be told the last news before the last checkpoint.
const TOLD_WITHIN: Duration = Duration::from_secs(1);

/// How often it is looked whether Redis was told what the checkpoint waits for.
const CHECKPOINT_LOOK: Duration = Duration::from_secs(1);

/// While a batch comes out full, the hub is busy with callers: the writer rests this many times as long as it worked.
const REST_FACTOR: u32 = 49;

/// The longest rest: what took long because Postgres was away is no reason for more, and people wait for lists.
const REST_MAX: Duration = Duration::from_secs(10);

/// How often it is looked whether there is a reason to rest any longer.
const REST_LOOK: Duration = Duration::from_millis(100);

/// The backlog from which on the writer no longer rests.
const REST_BYTES_MAX: u64 = 1 << 30;

/// Moves entries until `hub.recorder_may_stop` is told and nothing is left. A journal that cannot be read is tried again.
pub async fn run(hub: Hub) -> anyhow::Result<()> {
    let journal = hub.ledger.journal();
    let mut reader = Reader::open(journal.dir(), journal.first_own_segment()).context("the journal cannot be read")?;
    // What stands before the checkpoint is done.
    let skipped = reader.bytes_before();
    hub.ledger.bytes_done.fetch_add(skipped, Ordering::Relaxed);
    if reader.is_lost() {
        hub.state.lose();
    }
    let (mut arrears, mut saving) = (Arrears::default(), Saving::default());
    loop {
        let began = clock::instant();
        let (returned, batch) = read(&hub, reader).await?;
        reader = returned;
        let n_entries = batch.entries.len();
        if n_entries > 0 {
            write(&hub, &batch.entries).await;
            arrears.settle(&hub, &batch);
        }
        arrears.expect(&batch.orphans);
        close_orphans(&hub, batch.orphans);
        hub.ledger.bytes_done.fetch_add(batch.n_bytes, Ordering::Relaxed);
        hub.ledger.n_damaged.fetch_add(batch.n_damaged, Ordering::Relaxed);
        saving.look(&hub, &mut reader, batch.n_bytes > 0);
        if n_entries < ENTRIES_MAX && reader.position() >= hub.ledger.journal().end() {
            hub.ledger.caught_up.cancel();
            if hub.recorder_may_stop.is_cancelled() {
                hub.state.flush(TOLD_WITHIN).await;
                saving.look(&hub, &mut reader, false);
                return Ok(());
            }
            wait_for_news(&hub, saving.is_saved()).await;
        } else {
            rest(&hub, began).await;
        }
    }
}

async fn wait_for_news(hub: &Hub, is_saved: bool) {
    tokio::select! {
        () = hub.ledger.news.notified() => {
            tokio::select! {
                () = tokio::time::sleep(GATHER) => {}
                () = hub.recorder_may_stop.cancelled() => {}
            }
        }
        () = tokio::time::sleep(CHECKPOINT_LOOK), if !is_saved => {}
        () = hub.recorder_may_stop.cancelled() => {}
    }
}

/// Leaves the processor to callers while there is a burst of them. `began` is when the last batch was begun.
async fn rest(hub: &Hub, began: Instant) {
    let until = clock::instant() + (began.elapsed() * REST_FACTOR).min(REST_MAX);
    let may_rest = || {
        let is_hurried = hub.ledger.is_hurried.load(Ordering::Relaxed);
        !is_hurried && hub.ledger.backlog_bytes() < REST_BYTES_MAX && hub.live.n_active() > 0
    };
    while may_rest() {
        let left = until.saturating_duration_since(clock::instant());
        if left.is_zero() {
            break;
        }
        tokio::time::sleep(left.min(REST_LOOK)).await;
    }
}

/// Reads a batch away from the runtime's threads, however often the disk fails.
async fn read(hub: &Hub, mut reader: Reader) -> anyhow::Result<(Reader, Batch)> {
    let mut pause = PAUSE;
    loop {
        let end = hub.ledger.journal().end();
        let read = move || {
            let batch = reader.read(end, ENTRIES_MAX);
            (reader, batch)
        };
        let (returned, batch) = tokio::task::spawn_blocking(read).await.context("reading the journal")?;
        reader = returned;
        match batch {
            Ok(batch) => {
                hub.ledger.is_unreadable.store(false, Ordering::Relaxed);
                return Ok((reader, batch));
            }
            Err(error) => {
                if !hub.ledger.is_unreadable.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, at = ?reader.position(), "the journal cannot be read: entries wait in it");
                }
                anyhow::ensure!(!hub.recorder_may_stop.is_cancelled(), "the journal cannot be read: {error}");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

/// Calls that a crash cut are closed through the journal like any other.
fn close_orphans(hub: &Hub, orphans: Vec<Opening>) {
    if !orphans.is_empty() {
        tracing::warn!(n = orphans.len(), "calls were cut when the hub last stopped");
    }
    for opening in orphans {
        hub.ledger.close_call(&Entry::cut_by_crash(opening));
    }
}

/// Writes entries until Postgres has them. What it rejects is set aside one by one.
async fn write(hub: &Hub, entries: &[Closed]) {
    let mut pause = PAUSE;
    while let Err(error) = hub.store.insert_entries(entries).await {
        if error.as_database_error().is_some_and(|error| is_about_the_data(error.code().as_deref())) {
            write_one_by_one(hub, entries).await;
            break;
        }
        if !hub.ledger.is_database_away.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, "Postgres does not take entries: they wait in the journal");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
    if hub.ledger.is_database_away.swap(false, Ordering::Relaxed) {
        tracing::info!("Postgres takes entries again");
    }
    let n_entries = u64::try_from(entries.len()).unwrap_or_default();
    hub.ledger.n_recorded.fetch_add(n_entries, Ordering::Relaxed);
}

/// True for errors that the same data would meet again: classes 22 (data) and 23 (constraints) of SQLSTATE.
fn is_about_the_data(code: Option<&str>) -> bool {
    code.is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
}

async fn write_one_by_one(hub: &Hub, entries: &[Closed]) {
    for entry in entries {
        let mut pause = PAUSE;
        while let Err(error) = write_alone(hub, entry).await {
            tracing::warn!(%error, "Postgres does not take an entry: it waits in the journal");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }
}

/// Writes one entry, or sets it aside.
async fn write_alone(hub: &Hub, entry: &Closed) -> Result<(), sqlx::Error> {
    match hub.store.insert_entries(std::slice::from_ref(entry)).await {
        Err(sqlx::Error::Database(error)) if is_about_the_data(error.code().as_deref()) => {
            tracing::error!(call.id = %entry.call.id, %error, "an entry is set aside");
            hub.ledger.n_quarantined.fetch_add(1, Ordering::Relaxed);
            hub.store.quarantine(entry, &error.to_string()).await
        }
        other => other,
    }
}
