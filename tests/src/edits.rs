//! Edits of storage, as the scenarios of crashes try them: a host as one spec says is to become as another one says.
//! In: a [`Guest`] from the saved state. Out: what a run of the agent left on it, to be compared with what another run left.

use crate::guest::Guest;
use crate::product::{self, SPEC};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::collections::BTreeMap;

/// An edit.
#[derive(Debug, Clone, Copy)]
pub struct Edit {
    /// The host is as this says.
    pub before: &'static str,
    /// It shall be as this says.
    pub after: &'static str,
}

const BARE: &str = "[storage]\ndriver = \"overlay2\"\n";

/// overlay2, a pool and one thin volume in it.
pub const DATA: &str = r#"
[storage]
driver = "overlay2"

[storage.pool]
size = "2G"

[storage.volume.data]
mount = "/var/data"
size = "1G"
"#;

const DATA_AND_MORE: &str = r#"
[storage]
driver = "overlay2"

[storage.pool]
size = "2G"

[storage.volume.data]
mount = "/var/data"
size = "1G"

[storage.volume.logs]
mount = "/var/srv-logs"
size = "400M"

[storage.volume.plain]
mount = "/var/plain"
size = "300M"
thin = false
filesystem = "ext4"
"#;

impl Edit {
    /// Two disks for the group of the root volume.
    pub const TWO_DISKS: Edit = Edit {
        before: BARE,
        after: r#"
[storage]
driver = "overlay2"
devices = ["/dev/disk/by-id/virtio-data1", "/dev/disk/by-id/virtio-data2"]
"#,
    };

    /// The same of disks that have something else on them, which goes.
    pub const WIPED_DISKS: Edit = Edit {
        before: BARE,
        after: r#"
[storage]
driver = "overlay2"
devices = ["/dev/disk/by-id/virtio-data1", "/dev/disk/by-id/virtio-data2"]
wipe = ["/dev/disk/by-id/virtio-data1", "/dev/disk/by-id/virtio-data2"]
"#,
    };

    /// The partition below root's group takes what its disk has gained, and root takes of that.
    pub const PARTITION: Edit = Edit {
        before: BARE,
        after: r#"
[storage]
driver = "overlay2"
grow-partition = true
root-size = "3500M"
"#,
    };

    /// The pool, and the first volume in it.
    pub const POOL: Edit = Edit { before: BARE, after: DATA };

    /// Beside them another thin volume and a plain one.
    pub const VOLUMES: Edit = Edit { before: DATA, after: DATA_AND_MORE };

    /// A larger root volume and file system.
    pub const ROOT: Edit = Edit { before: BARE, after: "[storage]\ndriver = \"overlay2\"\nroot-size = \"3500M\"\n" };

    /// A disk for a group with a pool in use, and a larger pool and volume.
    pub const GROWTH: Edit = Edit {
        before: DATA,
        after: r#"
[storage]
driver = "overlay2"
devices = ["/dev/disk/by-id/virtio-data1"]

[storage.pool]
size = "3G"

[storage.volume.data]
mount = "/var/data"
size = "1500M"
"#,
    };

    /// A pool in use grows by itself from another usage on, of which the kernel tells.
    pub const THRESHOLD: Edit = Edit {
        before: DATA,
        after: r#"
[storage]
driver = "overlay2"

[storage.pool]
size = "2G"
autoextend = { threshold = 80 }

[storage.volume.data]
mount = "/var/data"
size = "1G"
"#,
    };

    /// Two volumes go, with consent.
    pub const REMOVAL: Edit = Edit { before: DATA_AND_MORE, after: DATA };

    /// Whether a run that was cut off inside LVM's commands, and the next one, have left what an uncut run leaves.
    pub fn ensure_same(&self, made: &Made, uncut: &Made) -> Result<()> {
        let pool = "[storage.pool]";
        if self.after.contains(pool) && !self.before.contains(pool) {
            return made.ensure_same_but_for_a_spare(uncut);
        }
        made.ensure_same(uncut)
    }

    /// Makes the host as it is before the edit, puts data on it, and edits the file. The daemon, which would follow, is stopped.
    pub fn prepare(&self, guest: &Guest) -> Result<()> {
        guest.check("systemctl stop atomic-hostd.service")?;
        guest.write_file(SPEC, self.before)?;
        let applied = product::apply(guest, &[])?;
        ensure!(applied.code == 0, "{:#}", applied.report);
        guest.check("for at in /var /var/data; do [ ! -d $at ] || { seq 1 20000 >$at/kept; sync -f $at; }; done")?;
        guest.write_file(SPEC, self.after)
    }
}

/// Applies, with consent to all that would lose data; gives the effects.
pub fn converge(guest: &Guest) -> Result<Vec<String>> {
    let consents = consents(guest)?;
    let applied = product::try_apply(guest, &consents.iter().map(String::as_str).collect::<Vec<_>>())?;
    if applied.code != 0 {
        let seen = guest.check("journalctl -b -o cat | tail -40; lvs -a -o +tags,devices; pvs; dmsetup info -c")?;
        bail!("apply ended with {}: {:#}\n--- the journal, and LVM:\n{seen}", applied.code, applied.report);
    }
    Ok(applied.effects())
}

/// The arguments of apply that consent to all that the plan would lose.
pub fn consents(guest: &Guest) -> Result<Vec<String>> {
    Ok(product::losing(guest)?.into_iter().flat_map(|id| ["--consent".to_owned(), id]).collect())
}

/// Applies, and is killed at that point, as `before:3`.
pub fn killed(guest: &Guest, point: &str, arguments: &[&str]) -> Result<()> {
    let killed = guest.sh(&format!("ATOMIC_HOST_KILL={point} setsid --wait atomic host apply {}", arguments.join(" ")))?;
    ensure!(killed.code != 0, "it was not killed:\n{}{}", killed.stdout, killed.stderr);
    guest.check("! pgrep -x storage-worker").map(drop)
}

/// What LVM says of a logical volume.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Volume {
    size: String,
    /// Whether it is active, its segment type, profile and tags.
    kind: String,
}

/// What a run leaves on the machine, of storage.
#[derive(Debug, PartialEq, Eq)]
pub struct Made {
    volumes: BTreeMap<String, Volume>,
    free: String,
    disks: String,
    mounted: String,
    files: String,
    kept: String,
    intents: String,
}

impl Made {
    /// Looks, and holds the machine to what holds on every host in order.
    pub fn on(guest: &Guest) -> Result<Made> {
        let mounts = "findmnt -rn -o TARGET,SOURCE,FSTYPE | grep /dev/mapper/ | grep -v -e ' /dev/mapper/atomicos-root ' | sort";
        let sizes = "for at in /sysroot $(findmnt -rn -o TARGET,SOURCE | sed -n 's, /dev/mapper/.*,,p' | sort); do df --output=target,size $at | tail -1; done";
        let files = "cd /etc; for file in lvm/profile/*-extend.profile systemd/system/*.mount sysconfig/docker-storage; do [ ! -e $file ] || sha256sum $file; done";
        let (volumes, free) = volumes(guest)?;
        let made = Made {
            volumes,
            free,
            disks: guest.check("pvs -a --noheadings --units b -o pv_name,vg_name,pv_size,pv_missing | sort")?,
            mounted: guest.check(&format!("{mounts}; {sizes}"))?,
            files: guest.check(files)?,
            kept: guest.check("for at in /var /var/data; do [ ! -e $at/kept ] || sha256sum $at/kept; done")?,
            intents: guest.check("cat /var/lib/atomic-host/intents.json || true")?,
        };
        in_order(guest)?;
        Ok(made)
    }

    /// An error that shows what differs.
    pub fn ensure_same(&self, expected: &Made) -> Result<()> {
        ensure!(self == expected, "{self:#?}\nis not\n{expected:#?}");
        Ok(())
    }

    /// The same, where lvcreate may have been cut off over a pool: the volume that was to become its spare may be left, and a spare that
    /// was there before the pool leaves the pool an extent more.
    fn ensure_same_but_for_a_spare(&self, expected: &Made) -> Result<()> {
        let without = |made: &Made| Made {
            volumes: made
                .volumes
                .iter()
                .filter(|(name, _)| !name.trim_start_matches('[').starts_with("lvol"))
                .map(|(name, volume)| (name.clone(), Volume { size: String::new(), ..volume.clone() }))
                .collect(),
            free: String::new(),
            disks: made.disks.clone(),
            mounted: made.mounted.clone(),
            files: made.files.clone(),
            kept: made.kept.clone(),
            intents: made.intents.clone(),
        };
        let close = self.free.parse::<u64>()?.abs_diff(expected.free.parse()?) <= 2;
        ensure!(close && without(self) == without(expected), "{self:#?}\nis not\n{expected:#?}");
        Ok(())
    }
}

/// The volumes of root's group, hidden ones too, and its free extents; in one command, since a guest takes a second for each.
fn volumes(guest: &Guest) -> Result<(BTreeMap<String, Volume>, String)> {
    let columns = "lv_name,vg_free_count,lv_size,lv_active,segtype,lv_profile,lv_tags";
    let list = guest.check(&format!("lvs -a --noheadings --units b --separator ' ; ' -o {columns} atomicos"))?;
    let (mut volumes, mut left) = (BTreeMap::new(), String::new());
    for line in list.lines() {
        let [name, free, size, kind] = line.trim().splitn(4, " ; ").collect::<Vec<_>>()[..] else { bail!("a line of lvs: {line}") };
        volumes.insert(name.to_owned(), Volume { size: size.to_owned(), kind: kind.to_owned() });
        free.clone_into(&mut left);
    }
    Ok((volumes, left))
}

/// Nothing is planned, no device is suspended, LVM and the pools have nothing to complain of.
fn in_order(guest: &Guest) -> Result<()> {
    let plan = product::plan(guest)?;
    ensure!(plan == Vec::<Value>::new(), "there is still something to do: {plan:#?}");
    let suspended = guest.check("dmsetup info -c --noheadings -o name,suspended | grep -w Suspended || true")?;
    ensure!(suspended.is_empty(), "still suspended: {suspended}");
    // Also not of a copy of its metadata that a cut left behind the others: to mend that is the product's part.
    let checked = guest.sh("vgck atomicos").context("vgck")?;
    ensure!(checked.code == 0 && checked.stderr.is_empty(), "vgck: {}{}", checked.stdout, checked.stderr);
    let pools = guest.check("dmsetup status --target thin-pool")?;
    ensure!(!pools.contains("needs_check") && !pools.contains("Fail"), "{pools}");
    Ok(())
}
