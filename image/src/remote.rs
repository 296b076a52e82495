//! Definitions of remotes as libostree reads them: key files with a group `[remote "NAME"]` for each.
//!
//! Pure: texts in and out. [`crate::observe`] reads them, the planner compares them, [`crate::apply`] writes ours.

use config::Remote;

/// Where libostree looks for definitions beside its repository's own file.
pub(crate) const DIRECTORY: &str = "/etc/ostree/remotes.d";
/// The repository's own file; definitions may be in it too.
pub(crate) const REPOSITORY: &str = "/ostree/repo/config";
/// The first line of every file that is ours starts so.
pub(crate) const STAMP: &str = "# Made by atomic-host";

/// One remote, however it came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Where it is; `None`: not said.
    pub url: Option<String>,
    /// Whether a commit needs a signature.
    pub gpg_verify: bool,
    /// The files with the keys.
    pub gpg_keys: Vec<String>,
}

/// `http://h/repo, signed by /etc/pki/a.asc`
impl std::fmt::Display for Definition {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.url.as_deref().unwrap_or("no url"))?;
        match (self.gpg_verify, self.gpg_keys.as_slice()) {
            (false, _) => out.write_str(", signatures not checked"),
            (true, []) => out.write_str(", signed by a key of the host"),
            (true, keys) => write!(out, ", signed by {}", keys.join(" or ")),
        }
    }
}

impl From<&Remote> for Definition {
    fn from(remote: &Remote) -> Definition {
        // Keys that are not used would only make two equal remotes look different.
        let gpg_keys = if remote.gpg_verify { remote.gpg_keys.clone() } else { Vec::new() };
        Definition { url: Some(remote.url.clone()), gpg_verify: remote.gpg_verify, gpg_keys }
    }
}

/// The path of our file for a remote.
pub(crate) fn path(name: &str) -> String {
    format!("{DIRECTORY}/atomic-host-{name}.conf")
}

/// The text of our file for a remote.
pub(crate) fn render(name: &str, remote: &Definition) -> String {
    let mut text = format!("{STAMP} from [os.remote.{name}]; edits here are undone.\n[remote \"{name}\"]\n");
    if let Some(url) = &remote.url {
        text.push_str(&format!("url={}\n", escape(url)));
    }
    text.push_str(&format!("gpg-verify={}\n", remote.gpg_verify));
    if !remote.gpg_keys.is_empty() {
        let keys: String = remote.gpg_keys.iter().map(|key| format!("{};", escape(key).replace(';', "\\;"))).collect();
        text.push_str(&format!("gpgkeypath={keys}\n"));
    }
    text
}

/// Whether a file with this text is ours.
pub(crate) fn is_stamped(text: &str) -> bool {
    text.starts_with(STAMP)
}

/// The remotes that a key file defines, in order. Lines that are no key file's are libostree's to complain about.
pub(crate) fn parse(text: &str) -> Vec<(String, Definition)> {
    let mut found: Vec<(String, Definition)> = Vec::new();
    let mut within = false;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if line.starts_with('[') {
            let name = line.strip_prefix("[remote \"").and_then(|rest| rest.strip_suffix("\"]"));
            within = name.is_some();
            // Without a line about it, libostree wants signatures.
            let fresh = Definition { url: None, gpg_verify: true, gpg_keys: Vec::new() };
            found.extend(name.map(|name| (name.to_owned(), fresh)));
        } else if let (true, Some((key, value)), Some((_, definition))) = (within, line.split_once('='), found.last_mut()) {
            set(definition, key.trim(), value.trim());
        }
    }
    found
}

fn set(definition: &mut Definition, key: &str, value: &str) {
    match key {
        "url" => definition.url = Some(split(value, None).concat()),
        "gpg-verify" => definition.gpg_verify = value != "false",
        "gpgkeypath" => definition.gpg_keys = split(value, Some(';')),
        _ => {}
    }
}

/// Backslashes are special in key files.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
}

/// Undoes the escapes, and splits at the separator where that is not escaped. Empty parts do not count.
fn split(text: &str, separator: Option<char>) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if Some(character) == separator {
            parts.push(String::new());
            continue;
        }
        let plain = if character == '\\' { characters.next() } else { Some(character) };
        if let Some(part) = parts.last_mut() {
            part.extend(plain);
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests;
