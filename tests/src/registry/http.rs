//! One request over a Unix socket, in HTTP/1.0: the answer ends with the connection, and nothing in it is chunked.

use anyhow::{Context, Result};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// What the server said.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Asks; `headers` are whole lines.
pub(super) fn request(socket: &Path, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Result<Answer> {
    let mut stream = UnixStream::connect(socket).with_context(|| socket.display().to_string())?;
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    let more: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let head = format!("{method} {path} HTTP/1.0\r\nHost: registry\r\nContent-Length: {}\r\n{more}\r\n", body.len());
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut said = Vec::new();
    stream.read_to_end(&mut said)?;
    parse(&said)
}

fn parse(said: &[u8]) -> Result<Answer> {
    let end = said.windows(4).position(|four| four == b"\r\n\r\n").context("an answer that breaks off")?;
    let head = String::from_utf8_lossy(&said[..end]).into_owned();
    let status = head.split(' ').nth(1).context("an answer without a status")?.parse()?;
    Ok(Answer { status, head, body: said[end + 4..].to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_status_headers_in_any_case_and_a_body() {
        let answer = parse(b"HTTP/1.0 202 Accepted\r\nlocation: /v2/x?_state=a:b\r\n\r\nbody").unwrap();
        assert_eq!((answer.status, answer.header("Location"), &*answer.body), (202, Some("/v2/x?_state=a:b"), &b"body"[..]));
    }
}
