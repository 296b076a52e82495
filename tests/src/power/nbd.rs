//! The network block device protocol, as much of it as qemu uses: fixed newstyle handshake, simple replies.
//! In: a connected stream, and disks by name. Out: each request carried out, one after the other, in the order in which they came.
//!
//! <https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md> has the numbers.

use anyhow::{Context, Result, bail, ensure};
use std::io::{Read, Write};

/// What the protocol serves. A method fails for what the client did wrong; it is told so and goes on.
pub(super) trait Store {
    /// Bytes of the disk of that name, if there is one.
    fn size(&self, name: &str) -> Option<u64>;
    /// Fills the buffer.
    fn read(&self, name: &str, at: u64, bytes: &mut [u8]) -> Result<()>;
    /// Puts bytes there; safe when it returns if asked for.
    fn write(&self, name: &str, at: u64, bytes: Vec<u8>, safe: bool) -> Result<()>;
    /// Puts zeros there; likewise.
    fn zero(&self, name: &str, at: u64, length: u64, safe: bool) -> Result<()>;
    /// Makes safe what was written before.
    fn flush(&self, name: &str) -> Result<()>;
}

const SERVER: u64 = u64::from_be_bytes(*b"NBDMAGIC");
const OPTION: u64 = u64::from_be_bytes(*b"IHAVEOPT");
const OPTION_REPLY: u64 = 0x0003_e889_0455_65a9;
const REQUEST: u32 = 0x2560_9513;
const REPLY: u32 = 0x6744_6698;

/// Fixed newstyle, and no padding of zeros.
const HANDSHAKE: u16 = 1 | 2;
/// Flags are there; flush, force unit access, discard and write zeroes are understood.
const ABILITIES: u16 = 1 | 4 | 8 | 32 | 64;
/// Of one request; qemu sends no more than 32 MiB.
const LONGEST: u32 = 64 << 20;

const ACKNOWLEDGED: u32 = 1;
const INFORMATION: u32 = 3;
const NOT_SUPPORTED: u32 = 1 << 31 | 1;
const UNKNOWN_NAME: u32 = 1 << 31 | 6;
const INVALID: u32 = 22;

/// Serves one connection until the client has gone.
pub(super) fn serve(stream: &mut (impl Read + Write), store: &impl Store) -> Result<()> {
    let Some(name) = negotiate(stream, store).context("handshake")? else { return Ok(()) };
    while let Some(request) = Request::receive(stream)? {
        if request.kind == Kind::Disconnect {
            break;
        }
        let answer = carry_out(&request, stream, store, &name)?;
        let (error, data) = answer.map_or((INVALID, Vec::new()), |data| (0, data));
        let mut reply = Vec::with_capacity(16 + data.len());
        reply.extend(REPLY.to_be_bytes());
        reply.extend(error.to_be_bytes());
        reply.extend(request.cookie);
        reply.extend(data);
        stream.write_all(&reply)?;
    }
    Ok(())
}

/// Agrees on a disk; none when the client gives up.
fn negotiate(stream: &mut (impl Read + Write), store: &impl Store) -> Result<Option<String>> {
    stream.write_all(&[&SERVER.to_be_bytes()[..], &OPTION.to_be_bytes(), &HANDSHAKE.to_be_bytes()].concat())?;
    let flags = u32::from_be_bytes(receive(stream)?);
    ensure!(flags == u32::from(HANDSHAKE), "the client does not talk fixed newstyle without padding: {flags:#x}");
    loop {
        ensure!(u64::from_be_bytes(receive(stream)?) == OPTION, "no option");
        let option = u32::from_be_bytes(receive(stream)?);
        let length = u32::from_be_bytes(receive(stream)?);
        ensure!(length <= 4096, "an option of {length} bytes");
        let mut data = vec![0; length as usize];
        stream.read_exact(&mut data)?;
        let mut answer = |kind: u32, data: &[u8]| {
            let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
            let words = [&OPTION_REPLY.to_be_bytes()[..], &option.to_be_bytes(), &kind.to_be_bytes(), &length.to_be_bytes(), data];
            stream.write_all(&words.concat())
        };
        match option {
            // Abort.
            2 => return answer(ACKNOWLEDGED, &[]).map(|()| None).context("abort"),
            // Information, and information with which the transmission begins.
            6 | 7 => {
                let name = export_name(&data).context("an export's name")?;
                let Some(size) = store.size(&name) else {
                    answer(UNKNOWN_NAME, &[])?;
                    continue;
                };
                answer(INFORMATION, &[&0_u16.to_be_bytes()[..], &size.to_be_bytes(), &ABILITIES.to_be_bytes()].concat())?;
                answer(ACKNOWLEDGED, &[])?;
                if option == 7 {
                    return Ok(Some(name));
                }
            }
            _ => answer(NOT_SUPPORTED, &[])?,
        }
    }
}

fn export_name(data: &[u8]) -> Option<String> {
    let (length, rest) = data.split_first_chunk::<4>()?;
    let name = rest.get(..u32::from_be_bytes(*length) as usize)?;
    String::from_utf8(name.to_vec()).ok()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
    Disconnect,
    Flush,
    Discard,
    Zero,
}

#[derive(Debug)]
struct Request {
    kind: Kind,
    safe: bool,
    cookie: [u8; 8],
    at: u64,
    length: u32,
}

impl Request {
    /// The next one; none when the client has gone, which it may do between requests.
    fn receive(stream: &mut impl Read) -> Result<Option<Request>> {
        let mut first = [0];
        if stream.read(&mut first)? == 0 {
            return Ok(None);
        }
        let rest: [u8; 3] = receive(stream)?;
        ensure!([first[0], rest[0], rest[1], rest[2]] == REQUEST.to_be_bytes(), "no request");
        let flags = u16::from_be_bytes(receive(stream)?);
        let kind = match u16::from_be_bytes(receive(stream)?) {
            0 => Kind::Read,
            1 => Kind::Write,
            2 => Kind::Disconnect,
            3 => Kind::Flush,
            4 => Kind::Discard,
            6 => Kind::Zero,
            other => bail!("a request of the unknown kind {other}"),
        };
        let (cookie, at) = (receive(stream)?, u64::from_be_bytes(receive(stream)?));
        let length = u32::from_be_bytes(receive(stream)?);
        Ok(Some(Request { kind, safe: flags & 1 == 1, cookie, at, length }))
    }
}

/// The inner result is for the client; the outer one ends the connection.
fn carry_out(request: &Request, stream: &mut impl Read, store: &impl Store, name: &str) -> Result<Result<Vec<u8>>> {
    let Request { kind, safe, at, length, .. } = *request;
    let held = matches!(kind, Kind::Read | Kind::Write);
    ensure!(!held || length <= LONGEST, "a request of {length} bytes");
    let mut bytes = vec![0; if held { length as usize } else { 0 }];
    Ok(match kind {
        Kind::Read => store.read(name, at, &mut bytes).map(|()| bytes),
        Kind::Write => {
            stream.read_exact(&mut bytes)?;
            store.write(name, at, bytes, safe).map(|()| Vec::new())
        }
        Kind::Discard | Kind::Zero => store.zero(name, at, u64::from(length), safe).map(|()| bytes),
        Kind::Flush => store.flush(name).map(|()| bytes),
        Kind::Disconnect => Ok(bytes),
    })
}

fn receive<const N: usize>(stream: &mut impl Read) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
