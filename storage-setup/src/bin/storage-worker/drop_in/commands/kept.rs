//! One configuration's directory: `infile`, `metadata`, `outfile`, `status`. Files are replaced as a whole and are on disk when written.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use storage_setup::legacy::{Metadata, Status};

use super::super::error::DropInError;
use super::super::look::text;

const HOME: &str = "/var/lib/container-storage-setup";

/// A configuration's name and place.
#[derive(Debug)]
pub(super) struct Kept {
    name: String,
}

impl Kept {
    /// A name is one part of a path.
    pub(super) fn named(name: &str) -> Result<Kept, DropInError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_.+@:-".contains(c);
        if name.is_empty() || name.len() > 128 || name.starts_with(['.', '-']) || !name.chars().all(plain) {
            return Err(DropInError::plain(format!(
                "Storage configuration name {name} is invalid. Use letters, digits and _ . + @ : - only."
            )));
        }
        Ok(Kept { name: name.to_owned() })
    }

    /// All there are, by name.
    pub(super) fn all() -> Result<Vec<Kept>, DropInError> {
        let entries = match std::fs::read_dir(HOME) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(DropInError::Read { path: HOME.to_owned(), source }),
        };
        let names = entries.flatten().filter(|entry| entry.path().is_dir()).filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names.collect();
        names.sort();
        Ok(names.into_iter().filter_map(|name| Kept::named(&name).ok()).collect())
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn exists(&self) -> bool {
        self.directory().is_dir()
    }

    /// What it has is on record. Without that, nothing was made for it.
    pub(super) fn has_metadata(&self) -> bool {
        Path::new(&self.path("metadata")).exists()
    }

    pub(super) fn metadata(&self) -> Result<Metadata, DropInError> {
        if !self.exists() {
            return Err(DropInError::plain(format!("Storage configuration {} does not exist", self.name)));
        }
        let path = self.path("metadata");
        let Some(found) = text(&path)? else {
            return Err(DropInError::plain(format!("Storage configuration {} metadata does not exist", self.name)));
        };
        Metadata::parse(&found).map_err(|source| DropInError::Stored { path, source })
    }

    /// `None`: no file, or a word that is none of the three.
    pub(super) fn status(&self) -> Result<Option<Status>, DropInError> {
        Ok(text(&self.path("status"))?.as_deref().and_then(Status::parse))
    }

    pub(super) fn output(&self) -> Result<Option<String>, DropInError> {
        text(&self.path("outfile"))
    }

    pub(super) fn set_status(&self, status: Status) -> Result<(), DropInError> {
        self.write("status", &format!("{}\n", status.as_str()))
    }

    pub(super) fn set_metadata(&self, metadata: &Metadata) -> Result<(), DropInError> {
        self.write("metadata", &metadata.to_text())
    }

    pub(super) fn set_output(&self, line: &str) -> Result<(), DropInError> {
        self.write("outfile", line)
    }

    pub(super) fn set_input(&self, bytes: &[u8]) -> Result<(), DropInError> {
        let path = self.path("infile");
        let wrote = durable::make_directory(&self.directory(), 0o755).and_then(|()| durable::replace(Path::new(&path), bytes, 0o644));
        wrote.map_err(|source| DropInError::Write { path, source })
    }

    /// The directory goes last, so that a run that is cut off can be repeated.
    pub(super) fn forget(&self) -> Result<(), DropInError> {
        let path = self.directory();
        let failed = |source| DropInError::Write { path: path.display().to_string(), source };
        std::fs::remove_dir_all(&path).map_err(failed)?;
        durable::sync_directory_of(&path).map_err(failed)
    }

    fn write(&self, file: &str, text: &str) -> Result<(), DropInError> {
        let path = self.path(file);
        let wrote =
            durable::make_directory(&self.directory(), 0o755).and_then(|()| durable::replace(Path::new(&path), text.as_bytes(), 0o644));
        wrote.map_err(|source| DropInError::Write { path, source })
    }

    fn directory(&self) -> PathBuf {
        Path::new(HOME).join(&self.name)
    }

    fn path(&self, file: &str) -> String {
        self.directory().join(file).to_string_lossy().into_owned()
    }
}
