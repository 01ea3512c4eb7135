//! Everything that can go wrong at a provider, at every stage of its answer: what the client gets, and what is recorded.
//!
//! `table` says what a provider does and what must follow; `play` makes it happen. What was seen is docs/faults.md: the
//! test fails where that file says anything else, and writes it anew when `WRITE_FAULTS` is set.

mod cell;
pub mod table;

use std::fmt::Write;

use futures_util::{StreamExt, stream};
use table::{FAULTS, Fate, Fault, Form, Stage, Way};

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use self::cell::{Company, Seen, play};
use crate::{
    hub::root,
    reaper,
    world::{World, merge},
};

/// Cells that are played at the same time: they wait more than they compute.
const AT_ONCE: usize = 6;

const HEAD: &str = "\
# What a provider can do wrong

The real hub between a client and a scripted provider that always fails so; its times are short, `gate_ms` is a minute, all
other settings are the defaults. *Asked* counts the attempts at that provider, with and without another one beside it.
*Record* is the cause in the ledger, the class of the failure and whom it is charged to. *Charged* says where the counts
come from that such an attempt is settled by. *Held* is what is on hold afterwards; repeated failures open the breaker as
well.

The tests write this table: `WRITE_FAULTS=1 cargo test -p app --features ssr --test it faults`.
";

/// A part of the hub in which providers fail: there are many of them, so the other tests have another one.
pub async fn world() -> World {
    static WORLD: OnceCell<World> = OnceCell::const_new();
    let made = WORLD.get_or_init(async || {
        let world = World::alone().await;
        // What comes a byte at a time to a busy machine is held back for as long as it takes.
        world.patch("/admin/v1/settings", &json!({"gate_ms": 60_000})).await;
        world
    });
    made.await.another()
}

/// What a provider of `world` is set up with to fail so. `silence_ms` is how long it may be silent once it has begun.
pub fn fields(fault: &Fault, world: &World, silence_ms: u32) -> Value {
    // Only what has to run out is short: a busy machine must not add a fault of its own.
    let stalls = matches!(fault.way, Way::Stalls | Way::StatusThenStalls(_));
    // And it is long enough for the request to have left.
    let first_byte_ms = if stalls && fault.stage == Stage::Nothing { 2_000 } else { 20_000 };
    // Providers with the same connect time share their connections, and these break.
    let number: u32 = world.tag.trim_start_matches('t').parse().unwrap();
    let usual = json!({
        "priority": 0, "first_byte_timeout_ms": first_byte_ms, "idle_timeout_ms": if stalls { silence_ms } else { 20_000 },
        "total_timeout_ms": 60_000, "connect_timeout_ms": 5_000 + number,
    });
    match fault.way {
        Way::Refused => merge(usual, json!({"base_url": format!("http://127.0.0.1:{}", reaper::free_port())})),
        _ => usual,
    }
}

/// The table as the cells have it.
fn document(seen: &[(&Fault, Form, Seen, Seen)]) -> String {
    let mut text = HEAD.to_owned();
    for form in Form::BOTH {
        let title = if form == Form::Stream { "Streams" } else { "Whole answers" };
        write!(
            text,
            "\n## {title}\n\n| Stage | Fault | Client, another provider is healthy | Client, there is no other | Asked | \
             Record | Charged | Held |\n|---|---|---|---|---|---|---|---|\n"
        )
        .unwrap();
        for (fault, form, among, alone) in seen.iter().filter(|(_, of, ..)| *of == form) {
            let (stage, what) = (fault.stage.words(), fault.what(*form));
            let asked = format!("{} / {}", among.asked, alone.asked);
            let (record, charged, held) = (&among.record, &among.charged, &among.held);
            let (among, alone) = (&among.client, &alone.client);
            writeln!(text, "| {stage} | {what} | {among} | {alone} | {asked} | {record} | {charged} | {held} |")
                .unwrap();
        }
    }
    text
}

#[tokio::test]
async fn every_fault_at_every_stage_ends_as_the_table_says() {
    let model = world().await.priced_model().await;
    let cells = FAULTS.iter().flat_map(|fault| fault.forms().iter().map(move |form| (fault, *form)));
    let played = stream::iter(cells).map(async |(fault, form)| {
        let among = play(fault, form, Company::Healthy, &model, None).await;
        let alone = play(fault, form, Company::None, &model, None).await;
        (fault, form, among, alone)
    });
    let seen: Vec<_> = played.buffered(AT_ONCE).collect().await;
    let (path, text) = (root().join("docs/faults.md"), document(&seen));
    if std::env::var("WRITE_FAULTS").is_ok_and(|write| !write.is_empty()) {
        std::fs::write(&path, &text).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = text.lines().find(|line| !known.lines().any(|known| known == *line));
    assert!(known == text, "docs/faults.md does not say what was seen (WRITE_FAULTS=1 writes it): {differs:?}");
}

#[tokio::test]
async fn what_is_held_back_of_a_stream_does_not_depend_on_where_the_network_cuts() {
    let model = world().await.priced_model().await;
    let faults = FAULTS.iter().filter(|fault| fault.forms().contains(&Form::Stream) && fault.fate != Fate::Served);
    let in_events = faults.filter(|fault| matches!(fault.stage, Stage::Start | Stage::Middle | Stage::End));
    let cells = in_events.flat_map(|fault| [1, 3, 64, 10_000].map(|cut| (fault, cut)));
    let played = stream::iter(cells).map(async |(fault, cut)| {
        play(fault, Form::Stream, Company::Healthy, &model, Some(cut)).await;
    });
    played.buffer_unordered(AT_ONCE).collect::<()>().await;
}
