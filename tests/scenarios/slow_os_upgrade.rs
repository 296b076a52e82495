//! The OS to a second commit and back: /etc edits survive, services run, what is not signed is refused, what was rolled back is held.

use anyhow::Result;
use serde_json::Value;
use tests::os_site::{OsSite, STORAGE};
use tests::product::{self, SPEC, text};
use tests::server::BRANCH;

const FOLLOW: &str = "os.ref = \"site:atomic/12/x86_64/host\"\n";

#[test]
fn an_upgrade_keeps_edits_and_services_and_a_rollback_leads_back_for_good() -> Result<()> {
    let site = OsSite::ready(FOLLOW)?;
    let (guest, old) = (&site.guest, site.booted()?);
    let same = site.host(&["upgrade", "--check"])?;
    assert_eq!(same.code, 77, "the server has what runs: {}{}", same.stdout, same.stderr);

    let issue = guest.check("cat /etc/issue")?;
    let new = site.server.publish("13", &[("usr/etc/issue", "the issue of 13\n"), ("usr/lib/marker", "13\n")], true)?;
    let check = site.succeeds(&["upgrade", "--check"])?;
    assert!(check.starts_with("available: 13 ("), "{check}");
    let preview = site.succeeds(&["upgrade", "--preview"])?;
    assert!(preview.contains(&new) && preview.contains("to fetch  ") && !preview.contains("does not tell"), "{preview}");
    assert_eq!(site.versions()?, [(text(&old["version"]), true)]);

    guest.check("echo edited before > /etc/motd")?;
    let upgrade = site.succeeds(&["upgrade"])?;
    assert!(upgrade.starts_with("staged 13 (") && upgrade.contains("to boot it: systemctl reboot"), "{upgrade}");
    assert_eq!(site.versions()?, [("13".to_owned(), false), (text(&old["version"]), true)]);
    assert!(guest.check("atomic host status")?.contains("staged"), "status shows what is staged");
    assert!(site.succeeds(&["upgrade"])?.starts_with("nothing new: 13 ("));
    guest.check("echo edited after > /etc/edited-after-staging")?;

    guest.reboot_and_wait()?;
    let now = site.booted()?;
    assert_eq!((text(&now["version"]), text(&now["commit"]), text(&now["origin"])), ("13".to_owned(), new, format!("site:{BRANCH}")));
    assert_eq!(
        guest.check("cat /etc/motd /etc/edited-after-staging /etc/issue /usr/lib/marker")?,
        "edited before\nedited after\nthe issue of 13\n13"
    );
    site.services_run()?;
    assert!(guest.check("cat /proc/cmdline")?.contains("panic=10"), "kernel arguments are carried over");

    let rollback = site.succeeds(&["rollback"])?;
    assert!(rollback.starts_with(&format!("{} (", text(&old["version"]))), "{rollback}");
    for boot in ["after the rollback", "and once more"] {
        guest.reboot_and_wait()?;
        assert_eq!(site.booted()?["commit"], old["commit"], "{boot}");
    }
    assert_eq!(guest.check("cat /etc/motd; cat /etc/issue")?, format!("edited before\n{issue}"));
    site.services_run()?;
    assert_eq!(product::plan(guest)?, Vec::<Value>::new());
    let ledger = guest.check("grep -c '\"family\":\"image\",\"kind\":\"\\(upgrade\\|rollback\\)\"' /var/lib/atomic-host/ledger.jsonl")?;
    assert_eq!(ledger, "2", "each change is in the ledger once");
    Ok(())
}

#[test]
fn what_is_rolled_back_by_hand_is_held_until_somebody_goes_on_and_reboot_means_reboot() -> Result<()> {
    let site = OsSite::ready(FOLLOW)?;
    let old = text(&site.booted()?["version"]);
    site.server.publish("13", &[("usr/lib/marker", "13\n")], true)?;
    reboots_by(&site, "upgrade --reboot")?;
    assert_eq!(site.versions()?, [("13".to_owned(), true), (old.clone(), false)]);
    assert_eq!(site.held()?, Value::Null);

    // The version that is the way back, as a new deployment of today's /etc.
    assert!(site.succeeds(&["deploy", &old])?.starts_with(&format!("staged {old} (")));
    assert_eq!(site.versions()?, [(old.clone(), false), ("13".to_owned(), true), (old.clone(), false)]);
    let dropped = site.succeeds(&["rollback"])?;
    assert!(dropped.starts_with("13 ("), "{dropped}");
    assert_eq!(text(&site.held()?["from"]["version"]), old, "what was staged by hand was given up by hand");

    reboots_by(&site, "rollback --reboot")?;
    assert_eq!(site.versions()?, [(old.clone(), true), ("13".to_owned(), false)]);
    site.services_run()?;
    let (held, status) = (site.held()?, site.guest.check("atomic host status")?);
    assert_eq!((text(&held["from"]["version"]), text(&held["to"]["version"])), ("13".to_owned(), old.clone()));
    assert!(
        status.contains("          held: rolled back by hand from 13 (") && status.contains("to go on: atomic host upgrade\n"),
        "{status}"
    );
    let check = site.succeeds(&["upgrade", "--check"])?;
    assert!(check.starts_with("available: 13 (") && check.contains("\nheld: rolled back by hand from 13 ("), "{check}");

    assert!(site.succeeds(&["rollback"])?.starts_with("13 ("));
    assert_eq!((site.versions()?, site.held()?), (vec![("13".to_owned(), false), (old.clone(), true)], Value::Null), "undone");
    assert!(site.succeeds(&["rollback"])?.starts_with(&format!("{old} (")));
    assert_eq!(text(&site.held()?["from"]["version"]), "13");
    assert!(site.succeeds(&["upgrade"])?.starts_with("staged 13 ("));
    assert_eq!(site.held()?, Value::Null);
    let check = site.host(&["upgrade", "--check"])?;
    assert!(check.code == 77 && !check.stdout.contains("held"), "{}", check.stdout);
    Ok(())
}

#[test]
fn what_is_not_signed_is_refused_and_what_is_staged_can_be_given_up() -> Result<()> {
    let site = OsSite::ready("")?;
    let old = site.booted()?;
    let nothing = site.host(&["rollback"])?;
    assert_eq!(nothing.code, 1);
    assert!(nothing.stderr.contains("there is no deployment to go back to"), "{}", nothing.stderr);

    site.server.publish("13", &[("usr/lib/marker", "13\n")], false)?;
    let target = format!("site:{BRANCH}");
    let refused = site.host(&["rebase", &target])?;
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("its commit is not signed by a key of the remote \"site\""), "{}", refused.stderr);
    assert_eq!(site.versions()?, [(text(&old["version"]), true)]);

    site.server.publish("14", &[("usr/lib/marker", "14\n")], true)?;
    assert!(site.succeeds(&["rebase", &target])?.starts_with("staged 14 ("));
    let dropped = site.succeeds(&["rollback", "--reboot"])?;
    assert!(dropped.contains("no reboot: that is what runs"), "{dropped}");
    assert_eq!(site.versions()?, [(text(&old["version"]), true)]);

    assert!(site.succeeds(&["rebase", &target])?.starts_with("staged 14 ("));
    site.guest.write_file(SPEC, format!("{STORAGE}[os]\nref = \"edge:{BRANCH}\"\n"))?;
    let elsewhere = site.host(&["rebase", &target])?;
    assert_eq!(elsewhere.code, 2);
    assert!(elsewhere.stderr.contains("/etc/atomic-host.toml:4:7") && elsewhere.stderr.contains("hint: "), "{}", elsewhere.stderr);
    Ok(())
}

/// Runs a verb that takes the host down by itself, and waits until it is up again.
fn reboots_by(site: &OsSite, words: &str) -> Result<()> {
    site.guest.reboot_by(&["/bin/sh", "-c", &format!("atomic host {words} > /var/said 2>&1")])?;
    site.guest.wait_until_up()?;
    let said = site.guest.check("cat /var/said")?;
    assert!(said.ends_with("rebooting"), "{said}");
    Ok(())
}
