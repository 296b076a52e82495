//! The drop-in for docker-storage-setup in a guest, as scenarios use it: a host of its own, its file, a run, and what runs leave.
//! In: a [`Guest`]. Out: what the program said, and facts to compare.

use crate::guest::{Guest, Output};
use crate::image::Layout;
use anyhow::{Result, ensure};

/// What is asked for.
pub const INPUT: &str = "/etc/sysconfig/docker-storage-setup";
/// What dockerd is told.
pub const OUTPUT: &str = "/etc/sysconfig/docker-storage";

/// A host whose agent and docker stay out of the way, and whose storage was never set up.
pub fn host() -> Result<Guest> {
    let guest = Guest::ready(&Layout::vg("atomicos"))?;
    guest.check(
        "systemctl stop atomic-hostd.service docker.socket docker.service; mkdir -p /etc/sysconfig; rm -f /etc/sysconfig/docker-storage",
    )?;
    Ok(guest)
}

/// A host that has the drop-in instead of the agent: it runs at every boot.
pub fn host_of_its_own() -> Result<Guest> {
    let guest = host()?;
    guest
        .check("systemctl mask -q atomic-host-storage.service atomic-hostd.service && systemctl enable -q docker-storage-setup.service")?;
    Ok(guest)
}

/// Runs it, with a command or without.
pub fn run(guest: &Guest, words: &[&str]) -> Result<Output> {
    let mut argv = vec!["/usr/bin/docker-storage-setup"];
    argv.extend(words);
    guest.run(&argv)
}

/// Runs it, and expects it to do all that it was told.
pub fn done(guest: &Guest, words: &[&str]) -> Result<Output> {
    let output = run(guest, words)?;
    ensure!(output.code == 0, "{words:?}: {}{}", output.stdout, output.stderr);
    Ok(output)
}

/// Runs it, and expects it to refuse with these words in its last line.
pub fn refused(guest: &Guest, words: &str) -> Result<Output> {
    let output = run(guest, &[])?;
    ensure!(output.code == 1, "it ended with {}: {}{}", output.code, output.stdout, output.stderr);
    let last = output.stderr.lines().last().unwrap_or_default();
    ensure!(last.starts_with("ERROR: ") && last.contains(words), "{words:?} is not its last word: {}", output.stderr);
    Ok(output)
}

/// What any write would change: LVM's count of writes, and the times and texts of files.
pub fn traces(guest: &Guest) -> Result<String> {
    guest.check(
        "vgs --noheadings -o vg_name,vg_seqno; find /etc/sysconfig /etc/lvm/profile /etc/systemd/system /var/lib/atomic-host \
         -type f -printf '%p %T@ %s\\n' | sort; findmnt -rn -o TARGET,SOURCE | sort",
    )
}

/// One more run does nothing at all; gives what it said.
pub fn second_run_writes_nothing(guest: &Guest) -> Result<Output> {
    let before = traces(guest)?;
    let output = done(guest, &[])?;
    let after = traces(guest)?;
    ensure!(after == before, "one more run made\n{after}\nof\n{before}");
    Ok(output)
}
