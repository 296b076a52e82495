//! The OS to a second commit and back: /etc edits survive, services run, and what is not signed is refused.

use anyhow::{Context, Result};
use serde_json::Value;
use tests::guest::{Guest, Output};
use tests::image::Layout;
use tests::product::{self, SPEC, text};
use tests::server::{BRANCH, Server, URL};

const KEY: &str = "/etc/pki/ostree/site.asc";
const STORAGE: &str = "[storage]\ndriver = \"overlay2\"\n";

#[test]
fn an_upgrade_keeps_edits_and_services_and_a_rollback_leads_back_for_good() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    let server = Server::of(&guest)?;
    configure(&guest, &server, "os.ref = \"site:atomic/12/x86_64/host\"\n")?;
    let old = booted(&guest)?;
    let same = host(&guest, &["upgrade", "--check"])?;
    assert_eq!(same.code, 77, "the server has what runs: {}{}", same.stdout, same.stderr);

    let issue = guest.check("cat /etc/issue")?;
    let new = server.publish("13", &[("usr/etc/issue", "the issue of 13\n"), ("usr/lib/marker", "13\n")], true)?;
    let check = succeeds(&guest, &["upgrade", "--check"])?;
    assert!(check.starts_with("available: 13 ("), "{check}");
    let preview = succeeds(&guest, &["upgrade", "--preview"])?;
    assert!(preview.contains(&new) && preview.contains("to fetch  ") && !preview.contains("does not tell"), "{preview}");
    assert_eq!(versions(&guest)?, [(text(&old["version"]), true)]);

    guest.check("echo edited before > /etc/motd")?;
    let upgrade = succeeds(&guest, &["upgrade"])?;
    assert!(upgrade.starts_with("staged 13 (") && upgrade.contains("to boot it: systemctl reboot"), "{upgrade}");
    assert_eq!(versions(&guest)?, [("13".to_owned(), false), (text(&old["version"]), true)]);
    assert!(guest.check("atomic host status")?.contains("staged"), "status shows what is staged");
    assert!(succeeds(&guest, &["upgrade"])?.starts_with("nothing new: 13 ("));
    guest.check("echo edited after > /etc/edited-after-staging")?;

    guest.reboot_and_wait()?;
    let now = booted(&guest)?;
    assert_eq!((text(&now["version"]), text(&now["commit"]), text(&now["origin"])), ("13".to_owned(), new, format!("site:{BRANCH}")));
    assert_eq!(
        guest.check("cat /etc/motd /etc/edited-after-staging /etc/issue /usr/lib/marker")?,
        "edited before\nedited after\nthe issue of 13\n13"
    );
    services_run(&guest)?;
    assert!(guest.check("cat /proc/cmdline")?.contains("panic=10"), "kernel arguments are carried over");

    let rollback = succeeds(&guest, &["rollback"])?;
    assert!(rollback.starts_with(&format!("{} (", text(&old["version"]))), "{rollback}");
    for boot in ["after the rollback", "and once more"] {
        guest.reboot_and_wait()?;
        assert_eq!(booted(&guest)?["commit"], old["commit"], "{boot}");
    }
    assert_eq!(guest.check("cat /etc/motd; cat /etc/issue")?, format!("edited before\n{issue}"));
    services_run(&guest)?;
    assert_eq!(product::plan(&guest)?, Vec::<Value>::new());
    let ledger = guest.check("grep -c '\"family\":\"image\",\"kind\":\"\\(upgrade\\|rollback\\)\"' /var/lib/atomic-host/ledger.jsonl")?;
    assert_eq!(ledger, "2", "each change is in the ledger once");
    Ok(())
}

#[test]
fn what_is_not_signed_is_refused_and_what_is_staged_can_be_given_up() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    let server = Server::of(&guest)?;
    configure(&guest, &server, "")?;
    let old = booted(&guest)?;
    let nothing = host(&guest, &["rollback"])?;
    assert_eq!(nothing.code, 1);
    assert!(nothing.stderr.contains("there is no deployment to go back to"), "{}", nothing.stderr);

    server.publish("13", &[("usr/lib/marker", "13\n")], false)?;
    let target = format!("site:{BRANCH}");
    let refused = host(&guest, &["rebase", &target])?;
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("its commit is not signed by a key of the remote \"site\""), "{}", refused.stderr);
    assert_eq!(versions(&guest)?, [(text(&old["version"]), true)]);

    server.publish("14", &[("usr/lib/marker", "14\n")], true)?;
    assert!(succeeds(&guest, &["rebase", &target])?.starts_with("staged 14 ("));
    let dropped = succeeds(&guest, &["rollback", "--reboot"])?;
    assert!(dropped.contains("no reboot: that is what runs"), "{dropped}");
    assert_eq!(versions(&guest)?, [(text(&old["version"]), true)]);

    assert!(succeeds(&guest, &["rebase", &target])?.starts_with("staged 14 ("));
    guest.write_file(SPEC, format!("{STORAGE}[os]\nref = \"edge:{BRANCH}\"\n"))?;
    let elsewhere = host(&guest, &["rebase", &target])?;
    assert_eq!(elsewhere.code, 2);
    assert!(elsewhere.stderr.contains("/etc/atomic-host.toml:4:7") && elsewhere.stderr.contains("hint: "), "{}", elsewhere.stderr);
    Ok(())
}

/// The remote, its key, and the spec applied; `os` are lines of `[os]`.
fn configure(guest: &Guest, server: &Server, os: &str) -> Result<()> {
    guest.check("mkdir -p /etc/pki/ostree && systemctl stop atomic-hostd.service")?;
    guest.write_file(KEY, server.public_key()?)?;
    guest.write_file(SPEC, format!("{os}{STORAGE}[os.remote.site]\nurl = \"{URL}\"\ngpg-keys = [\"{KEY}\"]\n"))?;
    let applied = product::apply(guest, &[])?;
    assert!(applied.kinds().contains(&"write-remote".to_owned()), "{:#}", applied.report);
    assert_eq!(product::plan(guest)?, Vec::<Value>::new());
    guest.check("systemctl start atomic-hostd.service && ostree remote list | grep -qx site").map(drop)
}

fn host(guest: &Guest, words: &[&str]) -> Result<Output> {
    let mut argv = vec!["/usr/bin/atomic", "host"];
    argv.extend(words);
    guest.run(&argv)
}

fn succeeds(guest: &Guest, words: &[&str]) -> Result<String> {
    let output = host(guest, words)?;
    assert_eq!(output.code, 0, "{words:?}: {}{}", output.stdout, output.stderr);
    Ok(output.stdout)
}

fn booted(guest: &Guest) -> Result<Value> {
    let status = product::status(guest)?;
    let deployments = status["os"]["Ok"]["deployments"].as_array().cloned().context("status has deployments")?;
    deployments.into_iter().find(|deployment| deployment["booted"] == true).context("one is booted")
}

/// The versions in boot order, and whether each runs.
fn versions(guest: &Guest) -> Result<Vec<(String, bool)>> {
    let status = product::status(guest)?;
    let deployments = status["os"]["Ok"]["deployments"].as_array().cloned().context("status has deployments")?;
    Ok(deployments.iter().map(|deployment| (text(&deployment["version"]), deployment["booted"] == true)).collect())
}

fn services_run(guest: &Guest) -> Result<()> {
    guest.check("systemctl is-active docker.service ssh.service atomic-hostd.service")?;
    assert_eq!(guest.check("systemctl --failed --plain --no-legend")?, "");
    Ok(())
}
