//! Writers, and a stop-watch, for what is measured inside a guest: pushed there by `tests::pool`.
//!
//! `fill DEVICE MIB`: writes so much at full speed; says how long all of it and the longest write took.
//! `drip DEVICE FROM MIB PAUSE`: one MiB at a time with a pause of so many milliseconds, from the MiB FROM on; says when each began.
//! `time COUNT PROGRAM...`: runs it so often; says how long each run took. Each answer is one line of JSON, times in microseconds.
//! Writes go past the page cache, so that a stall of the device is a stall of the write.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Result, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const MIB: usize = 1 << 20;
/// The kernel takes buffers for direct writes only from whole pages.
const PAGE: usize = 4096;
const O_DIRECT: i32 = 0o40000;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["fill", device, count] => fill(device, number(count)?),
        ["drip", device, from, count, pause] => drip(device, number(from)?, number(count)?, Duration::from_millis(number(pause)?)),
        ["time", count, program, rest @ ..] => time(number(count)?, program, rest),
        _ => Err(usage()),
    }
}

fn usage() -> Error {
    Error::new(ErrorKind::InvalidInput, "usage: writer fill DEVICE MIB | drip DEVICE FROM MIB PAUSE | time COUNT PROGRAM...")
}

fn number(text: &str) -> Result<u64> {
    text.parse().map_err(|_| usage())
}

/// A MiB at a whole page within more memory than that.
fn aligned(memory: &[u8]) -> Result<&[u8]> {
    let start = memory.as_ptr().align_offset(PAGE);
    memory.get(start..start + MIB).ok_or_else(usage)
}

fn open(device: &str) -> Result<File> {
    OpenOptions::new().write(true).custom_flags(O_DIRECT).open(device)
}

fn fill(device: &str, count: u64) -> Result<()> {
    let memory = vec![0x5a; MIB + PAGE];
    let (mut file, buffer) = (open(device)?, aligned(&memory)?);
    let begun = Instant::now();
    let mut longest = Duration::ZERO;
    for _ in 0..count {
        let one = Instant::now();
        file.write_all(buffer)?;
        longest = longest.max(one.elapsed());
    }
    println!("{{\"mib\":{count},\"took\":{},\"longest\":{}}}", begun.elapsed().as_micros(), longest.as_micros());
    Ok(())
}

fn drip(device: &str, from: u64, count: u64, pause: Duration) -> Result<()> {
    let memory = vec![0x5a; MIB + PAGE];
    let (mut file, buffer) = (open(device)?, aligned(&memory)?);
    file.seek(SeekFrom::Start(from * MIB as u64))?;
    let mut began = Vec::new();
    for _ in 0..count {
        began.push(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros());
        file.write_all(buffer)?;
        std::thread::sleep(pause);
    }
    println!("{began:?}");
    Ok(())
}

fn time(count: u64, program: &str, arguments: &[&str]) -> Result<()> {
    let mut took = Vec::new();
    for _ in 0..count {
        let begun = Instant::now();
        let status = Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).status()?;
        took.push(begun.elapsed().as_micros());
        if !status.success() {
            return Err(Error::other(format!("{program}: {status}")));
        }
    }
    println!("{took:?}");
    Ok(())
}
