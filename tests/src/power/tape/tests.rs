//! What a cut leaves, told by numbers that records write into blocks of their own.

use super::{Cut, Deed, Left, Record, Tape};
use crate::power::platter::Platter;
use anyhow::Result;
use std::io::Write as _;

fn disk() -> Result<Platter> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(&[0; 8 * 4096])?;
    Platter::new(file.path())
}

/// Writes the number of the record into the block of that number.
fn write(disk: usize, number: u8) -> Record {
    Record { disk, deed: Deed::Write { at: u64::from(number) * 4096, bytes: vec![number; 512] }, safe: false }
}

fn flush(disk: usize) -> Record {
    Record { disk, deed: Deed::Flush, safe: false }
}

fn tape(records: Vec<Record>) -> Result<Tape> {
    Ok(Tape { first: vec![disk()?, disk()?], records })
}

/// The numbers of the records that are on each disk after the cut.
fn left(tape: &Tape, at: usize, left: Left) -> Result<Vec<Vec<u8>>> {
    let found = |platter: &Platter| -> Result<Vec<u8>> {
        let mut numbers = Vec::new();
        for number in 1..8_u8 {
            let mut byte = [0];
            platter.read(u64::from(number) * 4096, &mut byte)?;
            numbers.extend(Some(number).filter(|_| byte[0] == number));
        }
        Ok(numbers)
    };
    tape.after(Cut { at, flush: 1, left })?.iter().map(found).collect()
}

#[test]
fn only_what_was_flushed_on_its_own_disk_is_safe() -> Result<()> {
    let tape = tape(vec![write(0, 1), write(1, 1), flush(0), write(0, 3), write(1, 4), flush(1)])?;
    assert_eq!(left(&tape, 5, Left::All)?, [vec![1, 3], vec![1, 4]]);
    assert_eq!(left(&tape, 2, Left::Nothing)?, [vec![0; 0], vec![]]);
    assert_eq!(left(&tape, 5, Left::Nothing)?, [vec![1], vec![]]);
    assert_eq!(left(&tape, 6, Left::Nothing)?, [vec![1], vec![1, 4]]);
    Ok(())
}

#[test]
fn a_write_that_asked_for_it_is_safe_without_a_flush() -> Result<()> {
    let tape = tape(vec![write(0, 1), Record { safe: true, ..write(0, 2) }])?;
    assert_eq!(left(&tape, 2, Left::Nothing)?, [vec![2], vec![]]);
    Ok(())
}

#[test]
fn chance_keeps_what_is_safe_loses_some_of_the_rest_and_repeats_itself() -> Result<()> {
    let tape = tape(vec![write(0, 1), flush(0), write(0, 2), write(0, 3), write(0, 4), write(0, 5)])?;
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let found = left(&tape, 6, Left::Some { seed })?;
        assert!(found[0].contains(&1), "{found:?}");
        assert_eq!(found, left(&tape, 6, Left::Some { seed })?);
        seen.insert(found[0].clone());
    }
    assert!(seen.contains(&vec![1]) && seen.contains(&vec![1, 2, 3, 4, 5]), "{seen:?}");
    assert!(seen.contains(&vec![1, 2, 3]), "what came first: {seen:?}");
    assert!(seen.contains(&vec![1, 5]), "what came last alone: {seen:?}");
    Ok(())
}

#[test]
fn every_flush_and_the_end_is_cut_and_each_content_is_there_once() -> Result<()> {
    let one_disk = tape(vec![flush(0), write(0, 1), flush(0), flush(0), write(0, 2), flush(0)])?;
    let cuts = one_disk.cuts(0)?;
    assert_eq!((cuts.flushes, cuts.distinct.len() + cuts.same), (4, 10));
    let mut contents: Vec<Vec<Vec<u8>>> = Vec::new();
    for cut in &cuts.distinct {
        contents.push(left(&one_disk, cut.at, cut.left)?);
    }
    contents.sort();
    assert_eq!(contents, [[vec![], vec![]], [vec![1], vec![]], [vec![1, 2], vec![]]]);
    Ok(())
}
