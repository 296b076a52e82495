//! SIGKILL before and after every effect of a run of the drop-in, in turn: the next run leaves what an uncut run leaves.
//!
//! As `slow_edit_kill_points` does it for the agent, which stays out of the way here. The kills of the first disk and pool, of a
//! creation and of a removal are in `slow_drop_in`.

use anyhow::{Context, Result, ensure};
use tests::drop_in::host;
use tests::guest::Guest;

/// A run that is killed.
struct Doing {
    /// What the host is before.
    prepare: &'static str,
    /// The run, and the next one.
    command: &'static str,
    /// What is there in the end, as text.
    made: &'static str,
    /// The effects that it has at the least.
    effects: u32,
}

const ANOTHER_DISK: Doing = Doing {
    prepare: "printf 'STORAGE_DRIVER=devicemapper\\nVG=own\\nDEVS=/dev/vdc\\nCONTAINER_THINPOOL=pool\\nMIN_DATA_SIZE=200M\\nDATA_SIZE=400M\\n' \
              >/var/tmp/own && container-storage-setup create own /var/tmp/own",
    command: "container-storage-setup add-dev own /dev/vdb",
    made: "vgs --noheadings -o vg_name,pv_count,vg_missing_pv_count,vg_free_count own; pvs --noheadings -o pv_name,pv_size -S vg_name=own; \
           lvs -a --noheadings -o lv_name,lv_size,lv_tags own; sfdisk -d /dev/vdb | sed -n 's/^label: //p; s/.*start=/start=/p'; \
           cat /var/lib/container-storage-setup/own/*; ! grep identity /var/lib/atomic-host/intents.json",
    // The record, the partition, zeros, vgextend, the record.
    effects: 5,
};

const VOLUME: Doing = Doing {
    prepare: "printf 'STORAGE_DRIVER=overlay2\\nVG=css\\nDEVS=/dev/vdc\\nCONTAINER_ROOT_LV_NAME=containers\\n\
              CONTAINER_ROOT_LV_MOUNT_PATH=/var/containers\\nCONTAINER_ROOT_LV_SIZE=400M\\n' >/etc/sysconfig/docker-storage-setup",
    command: "docker-storage-setup",
    made: "vgs --noheadings -o vg_name,pv_count,vg_free_count css; lvs -a --noheadings -o lv_name,lv_size,lv_tags css; \
           cat /etc/sysconfig/docker-storage /etc/systemd/system/var-containers.mount; \
           systemctl is-enabled var-containers.mount; systemctl is-active var-containers.mount; systemctl show -P NeedDaemonReload var-containers.mount; \
           findmnt -no SOURCE,FSTYPE,FS-OPTIONS /var/containers; touch /var/containers/writable; \
           ! grep identity /var/lib/atomic-host/intents.json",
    // As above for the disk, dockerd's options, lvcreate, mkfs, its mark, the unit, enable, daemon-reload, start.
    effects: 13,
};

const ROOT_AND_POOL: Doing = Doing {
    prepare: "printf 'ROOT_SIZE=+400M\\n' >/etc/sysconfig/docker-storage-setup",
    command: "docker-storage-setup",
    made: "vgs --noheadings -o vg_name,vg_free_count atomicos; lvs -a --noheadings -o lv_name,lv_size,lv_profile,lv_tags atomicos; \
           df -B1M --output=size /sysroot; cat /etc/sysconfig/docker-storage /etc/lvm/profile/atomicos--docker-pool-extend.profile; \
           dmsetup table atomicos-docker--pool | cut -d' ' -f1-3,6-",
    // The mark, lvextend, xfs_growfs, the profile, lvcreate, dockerd's options.
    effects: 6,
};

/// Name of the state before the run.
const PREPARED: &str = "prepared";

fn killed_at_every_effect(when: &str, doing: &Doing) -> Result<()> {
    let guest = host()?;
    guest.check(doing.prepare)?;
    guest.save(PREPARED)?;
    guest.check(doing.command)?;
    let expected = made(&guest, doing)?;
    for effect in 1..40 {
        guest.restore(PREPARED)?;
        let killed = guest.sh(&format!("ATOMIC_HOST_KILL={when}:{effect} setsid -w {}", doing.command))?;
        if killed.code == 0 {
            println!("killed {when} each of {} effects", effect - 1);
            ensure!(effect > doing.effects, "only {} effects were reached", effect - 1);
            return Ok(());
        }
        ensure!(!killed.stderr.contains("ERROR: "), "{when} effect {effect} it was not killed but failed: {killed:?}");
        converges(&guest, doing, &expected).with_context(|| format!("killed {when} effect {effect}"))?;
    }
    anyhow::bail!("more effects than there can be")
}

fn converges(guest: &Guest, doing: &Doing, expected: &str) -> Result<()> {
    guest.check(doing.command)?;
    let now = made(guest, doing)?;
    ensure!(now == expected, "the next run made:\n{now}\nand not:\n{expected}");
    Ok(())
}

fn made(guest: &Guest, doing: &Doing) -> Result<String> {
    guest.check("! dmsetup info -c --noheadings -o suspended | grep -w Suspended")?;
    guest.check(doing.made)
}

#[test]
fn killed_before_each_effect_of_another_disk_for_a_configuration() -> Result<()> {
    killed_at_every_effect("before", &ANOTHER_DISK)
}

#[test]
fn killed_after_each_effect_of_another_disk_for_a_configuration() -> Result<()> {
    killed_at_every_effect("after", &ANOTHER_DISK)
}

#[test]
fn killed_before_each_effect_of_a_volume_of_its_own() -> Result<()> {
    killed_at_every_effect("before", &VOLUME)
}

#[test]
fn killed_after_each_effect_of_a_volume_of_its_own() -> Result<()> {
    killed_at_every_effect("after", &VOLUME)
}

#[test]
fn killed_before_each_effect_of_a_larger_root_with_a_pool_beside_it() -> Result<()> {
    killed_at_every_effect("before", &ROOT_AND_POOL)
}

#[test]
fn killed_after_each_effect_of_a_larger_root_with_a_pool_beside_it() -> Result<()> {
    killed_at_every_effect("after", &ROOT_AND_POOL)
}
