//! The drop-in for docker-storage-setup on a real host: from a file in /etc/sysconfig to docker on its pool, again, and away.

use anyhow::Result;
use tests::drop_in::{INPUT, OUTPUT, done, host, run, second_run_writes_nothing};
use tests::guest::Guest;
use tests::product;

#[test]
fn a_disk_becomes_a_pool_that_docker_runs_on_and_more_disks_come_later() -> Result<()> {
    let guest = host()?;
    guest.write_file(INPUT, "# as it was\nSTORAGE_DRIVER=devicemapper\nVG=docker\nDEVS=\"/dev/vdb\"\nMIN_DATA_SIZE=1G\n")?;
    let first = done(&guest, &[])?;
    assert_eq!(first.stdout, "");
    assert_eq!(guest.check("pvs --noheadings -o pv_name,vg_name | awk '$2 == \"docker\" { print $1 }'")?, "/dev/vdb1");
    assert_eq!(guest.check("sfdisk -d /dev/vdb | sed -n 's/^label: //p; s/.*type=//p'")?, "dos\n8e");
    assert_eq!(
        guest.check(&format!("cat {OUTPUT}"))?,
        "DOCKER_STORAGE_OPTIONS=\"--storage-driver devicemapper --storage-opt dm.fs=xfs --storage-opt \
         dm.thinpooldev=/dev/mapper/docker-docker--pool --storage-opt dm.use_deferred_removal=true --storage-opt \
         dm.use_deferred_deletion=true \""
    );
    assert_eq!(
        guest.check("cat /etc/lvm/profile/docker--docker-pool-extend.profile")?,
        "activation {\n\tthin_pool_autoextend_threshold=60\n\tthin_pool_autoextend_percent=20\n\n}"
    );
    let low_water: u64 = guest.check("dmsetup table docker-docker--pool | awk '{ print $7 }'")?.parse()?;
    assert!(low_water > 0, "the kernel tells when the pool fills up");

    second_run_writes_nothing(&guest)?;
    // One writer at a time, with or without a command.
    guest.check(
        "flock /run/atomic-host/lock sleep 5 & sleep 1; a=$(date +%s); docker-storage-setup; b=$(date +%s); test $((b - a)) -ge 3",
    )?;

    guest.check("systemctl start docker.service")?;
    let info = guest.check("docker info --format '{{.Driver}} {{json .DriverStatus}}'")?;
    assert!(info.contains("devicemapper") && info.contains("docker-docker--pool"), "{info}");
    guest.check("systemctl stop docker.socket docker.service")?;

    let before = product::extents(&guest, "docker")?;
    guest.write_file(INPUT, "STORAGE_DRIVER=devicemapper\nVG=docker\nDEVS=\"/dev/vdb vdc\"\nMIN_DATA_SIZE=1G\n")?;
    let more = done(&guest, &[])?;
    assert!(more.stderr.contains("INFO: Device /dev/vdb is already partitioned and is part of volume group docker"), "{}", more.stderr);
    assert_eq!(product::extents(&guest, "docker")?, before, "the pool is as it was");
    assert_eq!(guest.check("vgs --noheadings -o pv_count docker")?.trim(), "2");
    second_run_writes_nothing(&guest)?;

    reset_and_compare_with_lvm(&guest)
}

/// The sizes are those that LVM itself makes of the shell tool's words.
fn reset_and_compare_with_lvm(guest: &Guest) -> Result<()> {
    guest.check("dmsetup ls --target thin | awk '{ print $1 }' | grep '^docker-' | grep -v pool | xargs -r -n1 dmsetup remove")?;
    done(guest, &["--reset"])?;
    guest.check(&format!("! test -e {OUTPUT} && ! test -e /etc/lvm/profile/docker--docker-pool-extend.profile"))?;
    assert!(product::extents(guest, "docker")?.is_empty(), "group and disks stay, the pool goes");
    let sectors: u64 = guest.check("vgs --noheadings --units s --nosuffix -o vg_size docker")?.trim().parse()?;
    let words = format!(
        "lvcreate -y --type thin-pool --zero n -c 512K --poolmetadatasize {}s -l 40%FREE -n docker-pool docker",
        sectors / 1000 + 1
    );
    guest.check(&words)?;
    let by_lvm = product::extents(guest, "docker")?;
    guest.check("lvremove -y docker/docker-pool; rm -rf /var/lib/docker/devicemapper")?;
    done(guest, &[])?;
    assert_eq!(product::extents(guest, "docker")?, by_lvm);
    Ok(())
}

#[test]
fn overlay_on_a_volume_of_its_own_and_configurations_by_name() -> Result<()> {
    let guest = host()?;
    let text = "STORAGE_DRIVER=overlay2\nVG=css\nDEVS=$(echo /dev/vdb)\nCONTAINER_ROOT_LV_NAME=containers\n\
                CONTAINER_ROOT_LV_MOUNT_PATH=/var/lib/docker\nROOT_SIZE=+200M\n";
    guest.write_file(INPUT, text)?;
    let size = "df -B1M --output=size /sysroot | tail -1";
    let (root, megabytes) = (product::extents(&guest, "atomicos")?["root"], guest.check(size)?.trim().parse::<u64>()?);
    done(&guest, &[])?;
    assert_eq!(guest.check(&format!("cat {OUTPUT}"))?, "DOCKER_STORAGE_OPTIONS=\"--storage-driver overlay2 \"");
    assert_eq!(guest.check("findmnt -no SOURCE,FSTYPE /var/lib/docker")?, "/dev/mapper/css-containers xfs");
    guest.check("findmnt -no OPTIONS /var/lib/docker | grep -E 'usrquota|pquota|prjquota'")?;
    guest.check("systemctl is-enabled var-lib-docker.mount && systemctl is-active var-lib-docker.mount")?;
    assert_eq!(product::extents(&guest, "atomicos")?["root"], root + 50, "200 MiB in extents of 4 MiB");
    assert_eq!(guest.check(size)?.trim().parse::<u64>()?, megabytes + 200, "its file system too");
    second_run_writes_nothing(&guest)?;
    assert_eq!(product::extents(&guest, "atomicos")?["root"], root + 50, "a step is taken once");
    guest.check("systemctl start docker.service")?;
    assert_eq!(guest.check("docker info --format '{{.Driver}}'")?, "overlay2");
    guest.check("systemctl stop docker.socket docker.service")?;
    done(&guest, &["--reset"])?;
    guest
        .check("! findmnt /var/lib/docker && ! test -e /etc/systemd/system/var-lib-docker.mount && test -z \"$(lvs --noheadings css)\"")?;
    configurations(&guest)
}

/// The life of a named configuration, with the shell tool's words.
fn configurations(guest: &Guest) -> Result<()> {
    let css = |line: &str| guest.sh(&format!("container-storage-setup {line}"));
    let says = |line: &str, wanted: &str| -> Result<()> {
        let output = css(line)?;
        assert_eq!((output.code, output.stdout.as_str()), (0, wanted), "{line}: {}", output.stderr);
        Ok(())
    };
    let file = "STORAGE_DRIVER=devicemapper\nVG=two\nDEVS=/dev/vdc\nCONTAINER_THINPOOL=pool-two\nMIN_DATA_SIZE=200M\n\
                CONTAINER_ROOT_LV_NAME=root-two\nCONTAINER_ROOT_LV_MOUNT_PATH=/var/two\n";
    guest.write_file("/var/tmp/two", file)?;
    says("list", "")?;
    says("create -o /var/tmp/two.out two /var/tmp/two", "Created storage configuration two\n")?;
    let line = "STORAGE_OPTIONS=\"--storage-driver devicemapper --storage-opt dm.fs=xfs --storage-opt \
                dm.thinpooldev=/dev/mapper/two-pool--two --storage-opt dm.use_deferred_removal=true --storage-opt \
                dm.use_deferred_deletion=true \"\n";
    says("export two", line)?;
    assert_eq!(guest.check("cat /var/tmp/two.out")? + "\n", line);
    says(
        "list",
        "NAME                     DRIVER           STATUS          \ntwo                      devicemapper     active          \n",
    )?;
    says(
        "list two",
        "Name: two\nStatus: active\nSTORAGE_DRIVER=devicemapper\nVG=two\nDEVS=\"/dev/vdc\"\nCONTAINER_THINPOOL=pool-two\n\
         CONTAINER_ROOT_LV_NAME=root-two\nCONTAINER_ROOT_LV_MOUNT_PATH=/var/two\nAUTO_EXTEND_POOL=yes\nDEVICE_WAIT_TIMEOUT=60\n",
    )?;
    guest.check("test \"$(findmnt -no SOURCE /var/two)\" = /dev/mapper/two-root--two")?;
    says("deactivate two", "Deactivated storage config two\n")?;
    guest.check("! findmnt /var/two && test -z \"$(dmsetup ls | grep ^two-)\"")?;
    says("activate two", "Activated storage config two\n")?;
    guest.check("findmnt /var/two && dmsetup table two-pool--two | grep thin-pool")?;

    guest.check("wipefs -a /dev/vdb1; vgremove -y css; pvremove -y /dev/vdb1; wipefs -a /dev/vdb; partx -d /dev/vdb; true")?;
    says("add-dev two /dev/vdb", "Added device /dev/vdb to storage configuration two\n")?;
    assert_eq!(guest.check("vgs --noheadings -o pv_count two")?.trim(), "2");
    guest.check("grep -x '_M_DEVS_RESOLVED=\"/dev/vdc /dev/vdb\"' /var/lib/container-storage-setup/two/metadata")?;

    let again = css("create two /var/tmp/two")?;
    assert_eq!((again.code, again.stderr.as_str()), (1, "ERROR: Storage configuration two already exists\n"));
    let path = css("remove ../../../etc")?;
    assert_eq!(path.code, 1, "{}{}", path.stdout, path.stderr);
    let none = css("activate three")?;
    assert_eq!((none.code, none.stderr.as_str()), (1, "ERROR: Storage configuration three does not exist\n"));
    says("remove two", "Deactivated storage config two\nRemoved storage configuration two\n")?;
    guest.check("! vgs two && ! test -e /var/lib/container-storage-setup/two && test -z \"$(wipefs -p /dev/vdc)$(wipefs -p /dev/vdb)\"")?;
    says("create two /var/tmp/two", "Created storage configuration two\n")
}

#[test]
fn a_run_killed_anywhere_goes_on_at_the_next() -> Result<()> {
    let guest = host()?;
    guest.write_file(INPUT, "STORAGE_DRIVER=devicemapper\nVG=docker\nDEVS=/dev/vdb\nMIN_DATA_SIZE=1G\nDATA_SIZE=1500M\n")?;
    let made = "vgs --noheadings -o vg_name,pv_count,vg_free_count docker; lvs -a --noheadings -o lv_name,lv_size,lv_profile,lv_tags docker; \
                cat /etc/sysconfig/docker-storage /etc/lvm/profile/docker--docker-pool-extend.profile; grep -c serial /var/lib/atomic-host/intents.json";
    let away = "lvremove -qy docker; vgremove -q docker; pvremove -q /dev/vdb1; wipefs -qa /dev/vdb1 /dev/vdb; blockdev --rereadpt /dev/vdb; \
                rm -f /etc/sysconfig/docker-storage /etc/lvm/profile/docker--*; udevadm settle; true";
    done(&guest, &[])?;
    let wanted = guest.sh(made)?.stdout;
    guest.check(away)?;
    let mut kills = 0;
    for effect in 1..40 {
        let mut reached = false;
        for when in ["before", "after"] {
            let killed = guest.sh(&format!("ATOMIC_HOST_KILL={when}:{effect} setsid -w docker-storage-setup"))?;
            if killed.code != 0 {
                reached = true;
                kills += 1;
            }
            let next = run(&guest, &[])?;
            assert_eq!(next.code, 0, "after a kill {when} effect {effect}: {}", next.stderr);
            assert_eq!(guest.sh(made)?.stdout, wanted, "after a kill {when} effect {effect}");
            guest.check(away)?;
        }
        if !reached {
            println!("killed {kills} times, in {} effects", effect - 1);
            assert!(kills >= 12, "the kills reach the run: {kills}");
            return Ok(());
        }
    }
    anyhow::bail!("more effects than there can be")
}

/// Everything that a configuration of its own can have, on one disk.
const OWN: &str = "STORAGE_DRIVER=devicemapper\nVG=own\nDEVS=/dev/vdc\nCONTAINER_THINPOOL=pool\nMIN_DATA_SIZE=200M\nDATA_SIZE=400M\n\
                   CONTAINER_ROOT_LV_NAME=volume\nCONTAINER_ROOT_LV_MOUNT_PATH=/var/own\nCONTAINER_ROOT_LV_SIZE=400M\n";
/// Nothing of it is left, on the disk or on record.
const GONE: &str = "! vgs own && ! test -e /var/lib/container-storage-setup/own && test -z \"$(wipefs -p /dev/vdc)\" && ! findmnt /var/own \
                    && ! ls /etc/lvm/profile/own--* && ! grep -q identity /var/lib/atomic-host/intents.json";

#[test]
fn a_creation_or_removal_killed_anywhere_is_taken_away_by_the_next_removal() -> Result<()> {
    let guest = host()?;
    guest.write_file("/var/tmp/own", OWN)?;
    let (create, remove) = ("container-storage-setup create own /var/tmp/own", "container-storage-setup remove own");
    let mut kills = 0;
    for (before, killed) in [("true", create), (create, remove)] {
        for effect in 1..60 {
            guest.check(before)?;
            let ended = guest.sh(&format!("ATOMIC_HOST_KILL=after:{effect} setsid -w {killed}"))?;
            let whole = ended.code == 0;
            kills += usize::from(!whole);
            guest.check(&format!("test ! -e /var/lib/container-storage-setup/own || {remove}"))?;
            let left = guest.sh(GONE)?;
            assert_eq!(left.code, 0, "{killed}, killed after effect {effect}: {}{}", left.stdout, left.stderr);
            if whole {
                break;
            }
        }
    }
    println!("killed {kills} times");
    assert!(kills >= 12, "the kills reach the runs: {kills}");
    guest.check(create)?;
    what_is_in_use_stays(&guest)
}

/// Nothing is half down when docker has the pool, and what somebody else mounted there is theirs.
fn what_is_in_use_stays(guest: &Guest) -> Result<()> {
    guest.check(
        "dmsetup message own-pool 0 'create_thin 0' && dmsetup create held --table \"0 8192 thin $(dmsetup info -c --noheadings -o major,minor own-pool) 0\"",
    )?;
    for command in ["deactivate", "remove"] {
        let refused = guest.sh(&format!("container-storage-setup {command} own"))?;
        assert!(refused.code == 1 && refused.stderr.contains("own/pool is in use by held"), "{command}: {}", refused.stderr);
        guest.check("findmnt /var/own && container-storage-setup list own | grep -x 'Status: active'")?;
    }
    guest.check("dmsetup remove held; umount /var/own; mount -t tmpfs theirs /var/own; container-storage-setup deactivate own")?;
    guest.check("findmnt -n -o SOURCE /var/own | grep -x theirs")?;
    let refused = guest.sh("container-storage-setup activate own")?;
    assert!(refused.code == 1 && refused.stderr.contains("theirs is mounted there"), "{}", refused.stderr);
    guest.check("umount /var/own; container-storage-setup activate own && findmnt /var/own && container-storage-setup remove own")?;
    guest.check(GONE)?;
    // A file beside the working directory, as people name it.
    guest.check("cd /var/tmp && container-storage-setup create -o own.out own own && grep -q thinpooldev=/dev/mapper/own-pool own.out")?;
    Ok(())
}
