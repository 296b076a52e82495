//! Texts of the files that storage needs: LVM profile, mount units, engine options. Pure; `atomic plan` shows them as they are here.

pub mod escape;
pub mod mount_unit;
pub mod options;
pub mod profile;

#[cfg(test)]
mod tests;
