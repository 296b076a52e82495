//! SIGKILL before and after every effect of an upgrade and of a rollback, in turn, and at moments in the middle of them: what boots is
//! as before or as after, and the next run of the same verb gets there.
//!
//! A run that shall die at an effect that it does not have ends well: so none is left out.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::time::Instant;
use tests::os_site::{OsSite, deployments};
use tests::product::{self, text};

/// Fetch what there is, make room, fetch all, stage, write the ledger, forget the rollback before.
const OF_AN_UPGRADE: u32 = 6;
/// Remember it, write the boot order, clean up, write the ledger, remember that it is done.
const OF_A_ROLLBACK: u32 = 5;

/// A host that follows the server, without its daemon: one run at a time is looked at.
fn site() -> Result<OsSite> {
    let site = OsSite::ready("os.ref = \"site:atomic/12/x86_64/host\"\n")?;
    site.guest.check("systemctl stop atomic-hostd.service")?;
    Ok(site)
}

/// Runs a verb that is killed on the way; says whether it was.
fn cut(site: &OsSite, point: &str, verb: &str) -> Result<bool> {
    let cut = site.guest.sh(&format!("ATOMIC_HOST_KILL={point} setsid --wait atomic host {verb}"))?;
    ensure!(cut.code == 0 || cut.stderr.contains("killed "), "it failed by itself:\n{}{}", cut.stdout, cut.stderr);
    Ok(cut.code != 0)
}

/// Runs a verb to its end, which has no more effects than these; gives how many milliseconds that takes.
fn uncut(site: &OsSite, effects: u32, verb: &str) -> Result<u64> {
    let begun = Instant::now();
    ensure!(!cut(site, &format!("before:{}", effects + 1), verb)?, "{verb} has more effects than {effects}");
    Ok(u64::try_from(begun.elapsed().as_millis())?)
}

/// Runs a verb and kills it after so many milliseconds, if it is not done by then.
fn cut_at(site: &OsSite, milliseconds: u64, verb: &str) -> Result<()> {
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    let script = format!("setsid atomic host {verb} & group=$!; sleep {seconds}.{rest:03}; kill -KILL -- -$group; wait $group; true");
    site.guest.sh(&script).map(drop)
}

/// What would boot: the version, and `COMMIT.SERIAL` of what the bootloader would take now.
fn next(site: &OsSite) -> Result<(String, String)> {
    let status = product::status(&site.guest)?;
    let all = deployments(&status)?;
    let first = all.first().context("a first deployment")?;
    // Finished only when the host goes down.
    let bootable = all.iter().find(|deployment| deployment["staged"] == false).context("one to boot")?;
    let (bootable, found) = (name(bootable), site.bootable()?);
    ensure!(found == bootable, "the bootloader would take {found}, ostree says {bootable}");
    site.guest.check("ostree admin status")?;
    Ok((text(&first["version"]), found))
}

fn name(deployment: &Value) -> String {
    format!("{}.{}", text(&deployment["commit"]), deployment["serial"])
}

/// Deployments on the disk that nothing boots would fill it in time.
fn nothing_is_left_over(site: &OsSite) -> Result<()> {
    let mut known: Vec<String> = site.deployments()?.iter().map(name).collect();
    known.sort();
    let there = site.guest.check("ls /sysroot/ostree/deploy/*/deploy | grep -v origin | sort")?;
    ensure!(there.lines().eq(known.iter().map(String::as_str)), "{there}\nis not\n{known:#?}");
    Ok(())
}

/// One version after the other, each staged by a run after the one that was cut off, then given up.
struct Upgrades {
    site: OsSite,
    number: u32,
}

impl Upgrades {
    fn ready() -> Result<Upgrades> {
        let mut upgrades = Upgrades { site: site()?, number: 13 };
        upgrades.publish()?;
        upgrades.site.succeeds(&["upgrade"])?;
        upgrades.site.succeeds(&["rollback"])?;
        Ok(upgrades)
    }

    fn publish(&mut self) -> Result<String> {
        self.number += 1;
        let version = self.number.to_string();
        self.site.server.publish(&version, &[("usr/lib/marker", &version)], true)?;
        Ok(version)
    }

    fn cut_and_converge(&mut self, cut: impl FnOnce(&OsSite) -> Result<()>) -> Result<()> {
        let (old, bootable) = next(&self.site)?;
        let new = self.publish()?;
        cut(&self.site)?;
        let (now, still) = next(&self.site)?;
        ensure!(still == bootable, "nothing is bootable before the host goes down, but {still} is");
        ensure!(now == old || now == new, "{now} boots next");
        let said = self.site.succeeds(&["upgrade"])?;
        ensure!(said.starts_with(&format!("staged {new} (")) || said.starts_with(&format!("nothing new: {new} (")), "{said}");
        ensure!(next(&self.site)? == (new, bootable), "the next run stages it");
        ensure!(self.site.held()? == Value::Null, "somebody went on");
        nothing_is_left_over(&self.site)?;
        self.site.succeeds(&["rollback"])?;
        ensure!(next(&self.site)?.0 == old, "given up");
        nothing_is_left_over(&self.site)
    }
}

fn upgrades_cut_at_effects(share: std::ops::RangeInclusive<u32>) -> Result<()> {
    let mut upgrades = Upgrades::ready()?;
    for point in share.flat_map(|effect| [format!("before:{effect}"), format!("after:{effect}")]) {
        let die = |site: &OsSite| {
            ensure!(cut(site, &point, "upgrade")?, "an upgrade has fewer effects");
            Ok(())
        };
        upgrades.cut_and_converge(die).with_context(|| format!("killed {point}"))?;
    }
    upgrades.site.guest.check("ostree fsck --quiet").map(drop)
}

#[test]
fn upgrades_cut_while_they_fetch() -> Result<()> {
    upgrades_cut_at_effects(1..=2)
}

#[test]
fn upgrades_cut_while_they_stage() -> Result<()> {
    upgrades_cut_at_effects(3..=4)
}

#[test]
fn upgrades_cut_while_they_remember() -> Result<()> {
    upgrades_cut_at_effects(5..=OF_AN_UPGRADE)
}

#[test]
fn upgrades_cut_in_the_middle_of_their_effects() -> Result<()> {
    let mut upgrades = Upgrades::ready()?;
    upgrades.publish()?;
    let whole = uncut(&upgrades.site, OF_AN_UPGRADE, "upgrade")?;
    upgrades.site.succeeds(&["rollback"])?;
    for part in [2, 4, 6, 8] {
        let moment = whole * part / 10;
        let die = |site: &OsSite| cut_at(site, moment, "upgrade");
        upgrades.cut_and_converge(die).with_context(|| format!("killed after {moment} of {whole} ms"))?;
    }
    upgrades.site.guest.check("ostree fsck --quiet").map(drop)
}

/// A host that runs 13 and has its first version to go back to.
fn upgraded() -> Result<OsSite> {
    let site = site()?;
    site.server.publish("13", &[("usr/lib/marker", "13\n")], true)?;
    site.succeeds(&["upgrade"])?;
    site.guest.reboot_and_wait()?;
    site.guest.check("systemctl stop atomic-hostd.service")?;
    Ok(site)
}

/// A rollback that is cut off, and the same verb again; then the same for the way forth, which undoes it.
fn back_and_forth(site: &OsSite, cut: impl Fn() -> Result<()>) -> Result<()> {
    let first = next(site)?;
    for way in ["back", "forth"] {
        let old = next(site)?;
        cut()?;
        let now = next(site)?;
        // Killed when all was done: what is asked then is another rollback.
        if now == old || is_under_way(site)? {
            let said = site.succeeds(&["rollback"])?;
            ensure!(said.contains(&format!(" boots next, and {} (", old.0)), "{way}: {said}");
        }
        let new = next(site)?;
        ensure!(new != old, "{way}: the next run undid it");
        ensure!(now == old || now == new, "{way}: {now:?} is neither {old:?} nor {new:?}");
        let from = site.held()?["from"]["version"].clone();
        ensure!(from == if way == "back" { Value::from(old.0) } else { Value::Null }, "{way}: held from {from}");
        nothing_is_left_over(site)?;
    }
    ensure!(next(site)? == first, "two rollbacks are none");
    Ok(())
}

fn is_under_way(site: &OsSite) -> Result<bool> {
    Ok(site.guest.sh("grep -q '\"under_way\":{' /var/lib/atomic-host/rollback.json")?.code == 0)
}

fn rollbacks_cut(when: &str) -> Result<()> {
    let site = upgraded()?;
    for effect in 1..=OF_A_ROLLBACK {
        let point = format!("{when}:{effect}");
        let die = || {
            ensure!(cut(&site, &point, "rollback")?, "a rollback has fewer effects");
            Ok(())
        };
        back_and_forth(&site, die).with_context(|| format!("killed {point}"))?;
    }
    site.guest.check("ostree fsck --quiet").map(drop)
}

#[test]
fn rollbacks_cut_before_their_effects() -> Result<()> {
    rollbacks_cut("before")
}

#[test]
fn rollbacks_cut_after_their_effects() -> Result<()> {
    rollbacks_cut("after")
}

#[test]
fn rollbacks_cut_in_the_middle_of_their_effects() -> Result<()> {
    let site = upgraded()?;
    let whole = uncut(&site, OF_A_ROLLBACK, "rollback")?;
    site.succeeds(&["rollback"])?;
    for part in [1, 3, 5, 7, 9] {
        let moment = whole * part / 10;
        back_and_forth(&site, || cut_at(&site, moment, "rollback")).with_context(|| format!("killed after {moment} of {whole} ms"))?;
    }
    site.guest.check("ostree fsck --quiet").map(drop)
}

#[test]
fn what_was_staged_or_put_first_before_the_cut_boots() -> Result<()> {
    let mut site = site()?;
    let old = text(&site.booted()?["version"]);
    site.server.publish("13", &[("usr/lib/marker", "13\n")], true)?;
    ensure!(cut(&site, "after:4", "upgrade")?, "it was staged");
    site.guest.reboot_and_wait()?;
    ensure!(site.versions()? == [("13".to_owned(), true), (old.clone(), false)]);

    ensure!(cut(&site, "after:2", "rollback")?, "the boot order was written");
    site.guest.power_cycle()?;
    ensure!(site.versions()? == [(old, true), ("13".to_owned(), false)]);
    ensure!(text(&site.held()?["from"]["version"]) == "13", "the wish outlived the power cut");
    site.services_run()
}

#[test]
fn what_was_only_prepared_before_a_power_cut_does_not_boot_and_can_be_asked_for_again() -> Result<()> {
    let mut site = site()?;
    let old = text(&site.booted()?["version"]);
    site.server.publish("13", &[("usr/lib/marker", "13\n")], true)?;
    ensure!(cut(&site, "after:4", "upgrade")?, "it was staged");
    site.guest.power_cycle()?;
    ensure!(site.versions()? == [(old.clone(), true)], "a staged deployment is made bootable by an orderly end");
    ensure!(site.succeeds(&["upgrade"])?.starts_with("staged 13 ("));
    site.guest.reboot_and_wait()?;

    ensure!(cut(&site, "before:2", "rollback")?, "the boot order was still to be written");
    site.guest.power_cycle()?;
    ensure!(site.versions()? == [("13".to_owned(), true), (old.clone(), false)]);
    ensure!(site.held()? == Value::Null, "it was not carried out");
    ensure!(site.succeeds(&["rollback"])?.starts_with(&format!("{old} (")));
    ensure!(text(&site.held()?["from"]["version"]) == "13");
    nothing_is_left_over(&site)
}
