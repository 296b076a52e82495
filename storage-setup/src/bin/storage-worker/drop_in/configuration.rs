//! The keys' values: environment, shipped defaults, the operator's file. A file with more than plain assignments is evaluated by bash,
//! in a child, with the same variables set before; nothing of ours is done until it has ended well.

use std::path::Path;
use std::process::{Command, Stdio};

use config::sysconfig::{KEYS, shell};
use storage_setup::legacy::Variables;

use super::error::DropInError;

/// Where the defaults are, the present place first.
const DEFAULTS: [&str; 2] =
    ["/usr/share/container-storage-setup/container-storage-setup", "/usr/lib/docker-storage-setup/docker-storage-setup"];

/// What is shipped there.
const SHIPPED: &str = include_str!("../../../../dist/usr/share/container-storage-setup/container-storage-setup");

/// Reads `file` over the defaults; `preset` is set between the two. A file that is not there is empty.
pub(super) fn read(file: &str, preset: &[(&str, &str)]) -> Result<Variables, DropInError> {
    let environment = std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
    let variables = Variables::default().with(environment);
    let variables = match DEFAULTS.iter().find(|path| Path::new(path).exists()) {
        Some(path) => evaluate(variables, path)?,
        None => variables.with(shell::parse(SHIPPED).unwrap_or_default()),
    };
    let variables = variables.with(preset.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    if Path::new(file).exists() { evaluate(variables, file) } else { Ok(variables) }
}

fn evaluate(before: Variables, path: &str) -> Result<Variables, DropInError> {
    let bytes = std::fs::read(path).map_err(|source| DropInError::Read { path: path.to_owned(), source })?;
    let plain = std::str::from_utf8(&bytes).ok().map(shell::parse);
    match plain {
        Some(Ok(assignments)) => Ok(before.with(assignments)),
        Some(Err(shell::NotPlain { line, why })) => by_bash(&before, path, &format!("{path}:{line}: {why}")),
        None => by_bash(&before, path, &format!("{path}: it is not UTF-8")),
    }
}

/// What bash runs: the file, with its output out of the way; then each key that is set, with its value, each ended by a NUL.
const PROGRAM: &str =
    r#"set -e; exec 3>&1 1>&2; source "$0"; for key; do [ -z "${!key+x}" ] || printf '%s\0%s\0' "$key" "${!key}" >&3; done"#;

fn by_bash(before: &Variables, path: &str, why: &str) -> Result<Variables, DropInError> {
    let absolute = std::path::absolute(path).map_err(|source| DropInError::Read { path: path.to_owned(), source })?;
    let mut command = Command::new("/bin/bash");
    command.args(["--norc", "--noprofile", "-c", PROGRAM]).arg(absolute).args(KEYS);
    // Standard error stays that of the person at the terminal.
    command.envs(before.iter()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let ended = command
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .map_err(|source| DropInError::Read { path: path.to_owned(), source })?;
    if !ended.status.success() {
        let code = ended.status.code().map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"));
        return Err(DropInError::plain(format!("{why}, so bash evaluated the file, which failed with {code}. Nothing was done.")));
    }
    parse(&ended.stdout).map(|found| Variables::default().with(found)).ok_or_else(|| {
        DropInError::plain(format!("{why}, so bash evaluated the file, which ended before its last line. Nothing was done."))
    })
}

/// `None` when the file left bash before its end, or a value is not UTF-8.
fn parse(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let fields: Vec<&str> = text.strip_suffix('\0')?.split('\0').collect();
    fields.chunks(2).map(|pair| Some((pair.first()?.to_string(), pair.get(1)?.to_string()))).collect()
}
