//! Names of mount units, as systemd-escape(1) `--path` makes them.
//!
//! Mount points go in; unit names come out. systemd refuses a mount unit whose name is not that of its `Where=`.

use std::fmt::Write as _;

/// `/var/lib/my-data` is `var-lib-my\x2ddata`; `/` is `-`.
#[must_use]
pub fn path(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return "-".to_owned();
    }
    let mut text = String::new();
    for (index, byte) in parts.join("/").bytes().enumerate() {
        match byte {
            b'/' => text.push('-'),
            // A leading dot would make the unit file a hidden file.
            b'.' if index > 0 => text.push('.'),
            b':' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => text.push(char::from(byte)),
            other => {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\x{other:02x}");
            }
        }
    }
    text
}
