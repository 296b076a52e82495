//! Where the drop-in's values come from, what others source of it, and configurations whose status file is gone.

use anyhow::{Result, ensure};
use tests::drop_in::{INPUT, OUTPUT, done, host, refused};
use tests::guest::{Guest, Output};
use tests::product;

/// The shipped defaults are not there; /usr is read-only, so that this holds in a mount namespace of the command's own.
const NO_DEFAULTS: &str = "mkdir -p /run/none && mount --bind /run/none /usr/share/container-storage-setup";
/// Nothing but a file of the shell tool's first place has defaults.
const OLD_DEFAULTS: &str = "mkdir -p /run/old/docker-storage-setup && cp /var/tmp/old /run/old/docker-storage-setup/docker-storage-setup && \
                            mount -t overlay overlay -o lowerdir=/run/old:/usr/lib /usr/lib && test -e /usr/lib/systemd/systemd";

fn with_mounts(guest: &Guest, mounts: &str) -> Result<Output> {
    guest.write_file("/var/tmp/run", format!("set -e\n{mounts}\nexec docker-storage-setup\n"))?;
    guest.sh("unshare --mount sh /var/tmp/run")
}

#[test]
fn defaults_come_from_the_old_place_where_the_new_one_has_none() -> Result<()> {
    let guest = host()?;
    guest.write_file("/var/tmp/old", "STORAGE_DRIVER=devicemapper\nDATA_SIZE=300M\nMIN_DATA_SIZE=100M\nAUTO_EXTEND_POOL=no\n")?;
    guest.write_file(INPUT, "VG=old\nDEVS=/dev/vdd\n")?;
    let short = "There is not enough free space in volume group old to create data volume of size MIN_DATA_SIZE=2G.";

    // Without any file its own defaults hold, and the new place goes before the old one.
    for mounts in [NO_DEFAULTS, OLD_DEFAULTS] {
        let output = with_mounts(&guest, mounts)?;
        ensure!(output.code == 1 && output.stderr.contains(short), "{mounts}: {output:?}");
        guest.check("! vgs old && test -z \"$(wipefs -p /dev/vdd)\"")?;
    }

    let output = with_mounts(&guest, &format!("{NO_DEFAULTS}\n{OLD_DEFAULTS}"))?;
    ensure!(output.code == 0, "{output:?}");
    assert_eq!(product::extents(&guest, "old")?["docker-pool"], 75);
    assert_eq!(guest.check("lvs --noheadings -o lv_profile old/docker-pool")?, "", "AUTO_EXTEND_POOL=no");
    guest.check(&format!(
        "grep -q dm.thinpooldev=/dev/mapper/old-docker--pool {OUTPUT} && test -e /usr/share/container-storage-setup/libcss.sh"
    ))?;
    Ok(())
}

#[test]
fn the_environment_counts_where_neither_the_defaults_nor_the_file_say_anything() -> Result<()> {
    let guest = host()?;
    // STORAGE_DRIVER and MIN_DATA_SIZE are in the defaults: the environment has no say in them. VG and DEVS are not.
    guest.check(&format!("rm -f {INPUT}"))?;
    let small = "There is not enough free space in volume group fromenv to create data volume of size MIN_DATA_SIZE=2G.";
    let output = guest.sh("VG=fromenv DEVS=/dev/vdd STORAGE_DRIVER=overlay2 MIN_DATA_SIZE=100M docker-storage-setup")?;
    ensure!(output.code == 1 && output.stderr.contains(small), "{output:?}");
    guest.check("! vgs fromenv")?;

    guest.write_file(INPUT, "STORAGE_DRIVER=\n")?;
    guest.check("VG=fromenv DEVS=/dev/vdd docker-storage-setup")?;
    assert_eq!(guest.check("pvs --noheadings -o pv_name -S vg_name=fromenv")?, "/dev/vdd1");
    // The file goes before the environment, also where bash reads it.
    guest.write_file(INPUT, "STORAGE_DRIVER=\nVG=fromfile\nDEVS=\"${DEVS}\"\n")?;
    guest.check("VG=fromenv DEVS=/dev/vdc docker-storage-setup")?;
    assert_eq!(guest.check("pvs --noheadings -o pv_name -S vg_name=fromfile")?, "/dev/vdc1");
    guest.write_file(INPUT, "STORAGE_DRIVER=\nVG=fromfile\n")?;
    done(&guest, &[])?;
    guest.write_file(INPUT, "STORAGE_DRIVER=\nVG=fromfile\nDEVS=/dev/vdd\n")?;
    refused(&guest, "It belongs to volume group fromenv.").map(drop)
}

#[test]
fn the_library_is_sourced_by_sh_and_by_bash() -> Result<()> {
    let guest = host()?;
    for shell in ["sh", "bash"] {
        let says = |line: &str| {
            guest.run(&[&format!("/usr/bin/{shell}"), "-c", &format!("cd /usr/share/container-storage-setup; . ./libcss.sh; {line}")])
        };
        let holds = |line: &str| -> Result<bool> {
            let output = says(line)?;
            ensure!(output.code < 2, "{shell}: {line}: {output:?}");
            Ok(output.code == 0)
        };
        assert!(holds("vg_exists atomicos")?, "{shell}");
        assert!(!holds("vg_exists atomic")? && !holds("vg_exists ''")?, "{shell}");
        assert!(holds("check_data_size_syntax 40%FREE && check_data_size_syntax 5G && check_numeric_size_syntax 10")?, "{shell}");
        assert!(!holds("check_data_size_syntax 110%FREE || check_data_size_syntax 5.5G")?, "{shell}");
        let said = says("Info one; Error two; Fatal three; echo four")?;
        assert_eq!((said.code, said.stdout.as_str(), said.stderr.as_str()), (1, "", "INFO: one\nERROR: two\nERROR: three\n"), "{shell}");
    }
    Ok(())
}

#[test]
fn a_configuration_without_a_status_is_listed_activated_and_removed() -> Result<()> {
    let guest = host()?;
    let file = |group: &str, disk: &str| {
        format!(
            "STORAGE_DRIVER=devicemapper\nVG={group}\nDEVS={disk}\nCONTAINER_THINPOOL=pool\nMIN_DATA_SIZE=200M\nDATA_SIZE=400M\n\
             CONTAINER_ROOT_LV_NAME=volume\nCONTAINER_ROOT_LV_MOUNT_PATH=/var/{group}\nCONTAINER_ROOT_LV_SIZE=400M\n"
        )
    };
    guest.write_file("/var/tmp/one", file("one", "/dev/vdb"))?;
    guest.write_file("/var/tmp/two", file("two", "/dev/vdc"))?;
    guest.check("container-storage-setup create one /var/tmp/one && container-storage-setup create two /var/tmp/two")?;
    guest.check("container-storage-setup deactivate one && rm /var/lib/container-storage-setup/one/status")?;
    let rows = guest.sh("container-storage-setup list")?;
    let row = |name: &str, driver: &str, status: &str| format!("{name:<24} {driver:<16} {status:<16}\n");
    let wanted = row("NAME", "DRIVER", "STATUS") + &row("one", "devicemapper", "") + &row("two", "devicemapper", "active");
    assert_eq!((rows.code, rows.stdout.as_str(), rows.stderr.as_str()), (0, wanted.as_str(), ""), "one does not hide the other");
    guest.check("container-storage-setup list one | grep -x 'Status: '")?;

    assert_eq!(guest.check("container-storage-setup activate one")?, "Activated storage config one");
    guest.check(
        "findmnt /var/one && dmsetup table one-pool | grep -q thin-pool && container-storage-setup list one | grep -x 'Status: active'",
    )?;

    // Also while it is up.
    guest.check("rm /var/lib/container-storage-setup/one/status")?;
    assert_eq!(guest.check("container-storage-setup remove one")?, "Removed storage configuration one");
    guest
        .check("! findmnt /var/one && ! vgs one && ! test -e /var/lib/container-storage-setup/one && test -z \"$(wipefs -p /dev/vdb)\"")?;
    guest.check("findmnt /var/two && container-storage-setup list two | grep -x 'Status: active'").map(drop)
}
