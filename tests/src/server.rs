//! A server of OS versions for a guest: an archive repository among the files that it is served, and a key that signs.
//! In: the image's commit, and files to lay over it. Out: further commits of the same branch, signed or not.

use crate::guest::Guest;
use crate::image;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The branch of the image.
pub const BRANCH: &str = "atomic/12/x86_64/host";
/// Where the guest finds the repository.
pub const URL: &str = "http://10.0.2.9:8123/repo";

/// The repository and the key.
#[derive(Debug)]
pub struct Server {
    repo: PathBuf,
    gpg: TempDir,
    key: String,
}

impl Server {
    /// Serves the image's own commit, now signed, to the guest, which has it already.
    pub fn of(guest: &Guest) -> Result<Server> {
        let (made, repo) = (image::archive()?, guest.www().join("repo"));
        // Objects never change, so links will do.
        run(Command::new("cp").arg("-al").args([&made, &repo]))?;
        let gpg = tempfile::Builder::new().prefix("gpg-").tempdir()?;
        let mut server = Server { repo, gpg, key: String::new() };
        server.gpg(&["--passphrase", "", "--quick-generate-key", "site <site@example.com>", "ed25519", "sign", "never"])?;
        let keys = server.gpg(&["--with-colons", "--list-keys"])?;
        let fingerprint = keys.lines().find_map(|line| line.strip_prefix("fpr:::::::::"));
        fingerprint.context("gpg made no key")?.trim_end_matches(':').clone_into(&mut server.key);
        let (repo, home) = (format!("--repo={}", server.repo.display()), format!("--gpg-homedir={}", text(server.gpg.path())?));
        run(Command::new("ostree").args(["gpg-sign", &repo, &home, BRANCH, &server.key]))?;
        Ok(server)
    }

    /// The public key, as text.
    pub fn public_key(&self) -> Result<String> {
        self.gpg(&["--armor", "--export", &self.key])
    }

    /// Commits the newest commit once more with these files laid over it; gives the new one.
    pub fn publish(&self, version: &str, files: &[(&str, &str)], signed: bool) -> Result<String> {
        let over = tempfile::tempdir()?;
        for (path, text) in files {
            let path = over.path().join(path);
            fs::create_dir_all(path.parent().context("a path below a directory")?)?;
            fs::write(path, text)?;
        }
        let mut commit = Command::new("ostree");
        commit.arg(format!("--repo={}", self.repo.display())).args([
            "commit",
            "--bootable",
            "--owner-uid=0",
            "--owner-gid=0",
            "-b",
            BRANCH,
        ]);
        commit.arg(format!("--tree=ref={BRANCH}")).arg(format!("--tree=dir={}", over.path().display()));
        commit.arg(format!("--add-metadata-string=version={version}")).arg("--generate-sizes");
        if signed {
            commit.arg(format!("--gpg-sign={}", self.key)).arg(format!("--gpg-homedir={}", text(self.gpg.path())?));
        }
        Ok(run(&mut commit)?.trim().to_owned())
    }

    fn gpg(&self, words: &[&str]) -> Result<String> {
        let mut command = Command::new("gpg");
        command.args(["--batch", "--quiet", "--no-permission-warning", "--pinentry-mode=loopback", "--homedir", text(self.gpg.path())?]);
        run(command.args(words))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The agent that gpg starts would keep the directory busy; without it there is nothing to end.
        let ended = Command::new("gpgconf").arg("--homedir").arg(self.gpg.path()).args(["--kill", "all"]).status();
        ended.map(drop).unwrap_or_default();
    }
}

fn run(command: &mut Command) -> Result<String> {
    let program = command.get_program().display().to_string();
    let output = command.output().with_context(|| format!("{program} (make setup installs it)"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is no text")
}
