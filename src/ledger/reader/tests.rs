use std::os::unix::fs::FileExt;

use super::*;
use crate::{
    clock,
    domain::{
        attempt::Attempt,
        call::{Call, Outcome},
        decision::Decision,
    },
    ledger::{entry::Entry, journal::Journal, record::RecordRef},
};

fn call() -> Call {
    Call { id: CallId::fresh(), created_at: clock::now(), model: "m".to_owned(), ..Call::default() }
}

fn closed(call: &Call) -> Vec<u8> {
    let Some(Record::Opened(opening)) = Record::decode(&opened(call)[HEADER_BYTES..]) else { panic!("no opening") };
    RecordRef::closed(&Entry::cut_by_crash(*opening), "{}").encode(HEADER_BYTES, Vec::new())
}

fn opened(call: &Call) -> Vec<u8> {
    let story = Entry::of(call.clone(), Decision::default());
    RecordRef::opened(&story, Some(&Attempt::default())).encode(HEADER_BYTES, Vec::new())
}

fn dir(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("switchyard-journal-{name}-{}", CallId::fresh()));
    fs::create_dir_all(&dir).unwrap();
    dir
}

#[test]
fn what_is_appended_is_read_once_and_in_order() {
    let dir = dir("order");
    let journal = Journal::open(&dir).unwrap();
    let mut reader = Reader::open(&dir, journal.first_own_segment()).unwrap();
    let calls: Vec<Call> = (0..50).map(|_| call()).collect();
    for (n, call) in calls.iter().enumerate() {
        journal.append(&mut opened(call)).unwrap();
        journal.append(&mut closed(call)).unwrap();
        let batch = reader.read(journal.end(), 10).unwrap();
        assert_eq!(batch.entries.iter().map(|entry| entry.call.id).collect::<Vec<_>>(), [calls[n].id]);
    }
    assert_eq!(reader.read(journal.end(), 10).unwrap().entries.len(), 0);
    let checkpoint = reader.checkpoint(u64::MAX);
    reader.save(checkpoint, false).unwrap();
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn a_dead_process_leaves_orphans_and_a_torn_record_harms_nothing() {
    let dir = dir("crash");
    let (done, cut, late) = (call(), call(), call());
    let journal = Journal::open(&dir).unwrap();
    for mut record in [opened(&done), opened(&cut), closed(&done)] {
        journal.append(&mut record).unwrap();
    }
    let torn = fs::OpenOptions::new().write(true).open(path(&dir, journal.first_own_segment())).unwrap();
    torn.write_all_at(&[9, 0, 0, 0, 1, 2], journal.end().offset).unwrap();
    drop(journal);

    let journal = Journal::open(&dir).unwrap();
    journal.append(&mut opened(&late)).unwrap();
    let mut reader = Reader::open(&dir, journal.first_own_segment()).unwrap();
    let batch = reader.read(journal.end(), 100).unwrap();
    assert_eq!(batch.entries.iter().map(|entry| entry.call.id).collect::<Vec<_>>(), [done.id]);
    assert_eq!(batch.entries[0].call.outcome, Some(Outcome::Interrupted));
    assert_eq!(batch.orphans.iter().map(Opening::id).collect::<Vec<_>>(), [cut.id]);
    assert_eq!(batch.n_bytes, journal.bytes_total());
    let checkpoint = reader.checkpoint(u64::MAX);
    reader.save(checkpoint, false).unwrap();
    assert_eq!(segments(&dir).unwrap(), [journal.first_own_segment()], "the old segment is let go");

    // An open call of this process keeps its place across a restart of the reader.
    let mut again = Reader::open(&dir, journal.first_own_segment() + 1).unwrap();
    let batch = again.read(Position { segment: journal.first_own_segment() + 1, offset: 0 }, 100).unwrap();
    assert_eq!(batch.orphans.iter().map(Opening::id).collect::<Vec<_>>(), [late.id]);
    fs::remove_dir_all(dir).unwrap();
}

/// The calls that are over, in the order of their entries.
fn over(batch: &Batch) -> Vec<CallId> {
    batch.entries.iter().map(|entry| entry.call.id).collect()
}

#[test]
fn damage_costs_what_stands_there_and_nothing_else() {
    for n_hidden in [0, 1, 9] {
        let dir = dir("damage");
        let journal = Journal::open(&dir).unwrap();
        let calls: Vec<Call> = (0..30).map(|_| call()).collect();
        let places: Vec<Position> = calls.iter().map(|call| journal.append(&mut closed(call)).unwrap()).collect();
        let file = fs::OpenOptions::new().write(true).open(path(&dir, journal.first_own_segment())).unwrap();
        // A byte of a payload; a length; a hole in which several records stood, and in the end one that is torn.
        file.write_all_at(b"!", places[3].offset + 40).unwrap();
        file.write_all_at(&[0xff; 4], places[7].offset).unwrap();
        let hole = usize::try_from(places[12 + n_hidden].offset - places[12].offset).unwrap();
        file.write_all_at(&vec![0; hole + 9], places[12].offset).unwrap();
        file.write_all_at(&[9, 0, 0, 0, 1, 2], journal.end().offset).unwrap();
        let mut lost = vec![calls[3].id, calls[7].id];
        lost.extend(calls[12..=12 + n_hidden].iter().map(|call| call.id));
        let left: Vec<CallId> = calls.iter().map(|call| call.id).filter(|id| !lost.contains(id)).collect();

        // As the process itself reads it, and as the next one does.
        let mut own = Reader::open(&dir, journal.first_own_segment()).unwrap();
        let batch = own.read(journal.end(), 100).unwrap();
        assert_eq!((over(&batch), batch.n_damaged), (left.clone(), 3));
        drop(journal);
        let journal = Journal::open(&dir).unwrap();
        let mut reader = Reader::open(&dir, journal.first_own_segment()).unwrap();
        let batch = reader.read(journal.end(), 100).unwrap();
        assert_eq!((over(&batch), batch.n_damaged, batch.n_bytes), (left, 3, journal.bytes_total()));
        fs::remove_dir_all(dir).unwrap();
    }
}

#[test]
fn what_comes_behind_a_damaged_end_is_read() {
    let dir = dir("end");
    let journal = Journal::open(&dir).unwrap();
    let (first, broken, late) = (call(), call(), call());
    journal.append(&mut closed(&first)).unwrap();
    let at = journal.append(&mut closed(&broken)).unwrap();
    let file = fs::OpenOptions::new().write(true).open(path(&dir, at.segment)).unwrap();
    file.write_all_at(b"!", at.offset + 40).unwrap();
    let mut reader = Reader::open(&dir, journal.first_own_segment()).unwrap();
    let batch = reader.read(journal.end(), 100).unwrap();
    assert_eq!((over(&batch), batch.n_damaged, batch.n_bytes), (vec![first.id], 1, journal.bytes_total()));
    journal.append(&mut closed(&late)).unwrap();
    assert_eq!(over(&reader.read(journal.end(), 100).unwrap()), [late.id]);
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn an_error_of_the_disk_loses_nothing() {
    let dir = dir("unreadable");
    let earlier = Journal::open(&dir).unwrap();
    let (first, second) = (call(), call());
    earlier.append(&mut closed(&first)).unwrap();
    drop(earlier);
    let middle = Journal::open(&dir).unwrap();
    middle.append(&mut closed(&second)).unwrap();
    let number = middle.first_own_segment();
    drop(middle);
    let journal = Journal::open(&dir).unwrap();
    let mut reader = Reader::open(&dir, journal.first_own_segment()).unwrap();
    // A folder can be opened and not be read.
    let (file, aside) = (path(&dir, number), dir.join("aside"));
    fs::rename(&file, &aside).unwrap();
    fs::create_dir(&file).unwrap();
    assert_eq!(over(&reader.read(journal.end(), 100).unwrap()), [first.id]);
    for _ in 0..2 {
        reader.read(journal.end(), 100).unwrap_err();
    }
    fs::remove_dir(&file).unwrap();
    fs::rename(&aside, &file).unwrap();
    // The folder is still open; whoever tries again opens the file.
    assert_eq!(over(&reader.read(journal.end(), 100).unwrap()), [second.id]);
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn checkpoints_carry_calls_that_run_for_long() {
    let dir = dir("carried");
    let (long, short, again) = (call(), call(), call());
    let journal = Journal::open(&dir).unwrap();
    journal.append(&mut opened(&long)).unwrap();
    journal.append(&mut opened(&again)).unwrap();
    for _ in 0..200 {
        journal.append(&mut closed(&call())).unwrap();
    }
    let mut reader = Reader::open(&dir, journal.first_own_segment()).unwrap();
    assert_eq!(reader.read(journal.end(), 1_000).unwrap().entries.len(), 200);
    assert_eq!(reader.checkpoint(u64::MAX).place.offset, 0, "it waits for the long one");
    let end = journal.end();
    let checkpoint = reader.checkpoint(1_000);
    assert_eq!((checkpoint.place, checkpoint.carried.len()), (end, 2));
    reader.save(checkpoint, true).unwrap();
    assert_eq!(reader.bytes_held(), 0);

    // One of the two ends, and one is opened and does not end; then the process dies.
    journal.append(&mut opened(&short)).unwrap();
    journal.append(&mut closed(&again)).unwrap();
    drop(journal);
    let journal = Journal::open(&dir).unwrap();
    let mut reader = Reader::open(&dir, journal.first_own_segment()).unwrap();
    assert_eq!((reader.position(), reader.is_lost()), (end, true));
    let batch = reader.read(journal.end(), 1_000).unwrap();
    assert_eq!(over(&batch), [again.id]);
    let mut orphans: Vec<CallId> = batch.orphans.iter().map(Opening::id).collect();
    orphans.sort();
    let mut expected = [long.id, short.id];
    expected.sort();
    assert_eq!(orphans, expected);

    // Even if nothing but the checkpoint is left.
    let checkpoint = Checkpoint { place: journal.end(), is_lost: false, carried: vec![with_header(opened(&long))] };
    checkpoint.write(&dir).unwrap();
    let mut reader = Reader::open(&dir, journal.first_own_segment()).unwrap();
    let batch = reader.read(journal.end(), 1_000).unwrap();
    assert_eq!(batch.orphans.iter().map(Opening::id).collect::<Vec<_>>(), [long.id]);
    fs::remove_dir_all(dir).unwrap();
}

/// A record as the journal writes it.
fn with_header(mut record: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(record.len() - HEADER_BYTES).unwrap();
    let checksum = crc32fast::hash(&record[HEADER_BYTES..]);
    record[..4].copy_from_slice(&length.to_le_bytes());
    record[4..HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
    record
}
