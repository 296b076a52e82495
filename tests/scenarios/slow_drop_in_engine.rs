//! The drop-in and dockerd: storage is there before dockerd starts, at every boot, and what the file says of docker reaches it.

use anyhow::Result;
use tests::archive::{self, BUSYBOX};
use tests::drop_in::{INPUT, OUTPUT, done, host, host_of_its_own, second_run_writes_nothing, traces};
use tests::guest::Guest;
use tests::product;

const UNIT: &str = "docker-storage-setup.service";

fn property(guest: &Guest, unit: &str, name: &str) -> Result<String> {
    guest.check(&format!("systemctl show -P {name} {unit}"))
}

/// The unit did its work in this boot, and dockerd was started after that.
fn ran_before_docker(guest: &Guest) -> Result<()> {
    assert_eq!(property(guest, UNIT, "Result")?, "success");
    let at = |unit: &str, name: &str| -> Result<u64> { Ok(property(guest, unit, name)?.parse()?) };
    let ended = at(UNIT, "ExecMainExitTimestampMonotonic")?;
    let started = at("docker.service", "ExecMainStartTimestampMonotonic")?;
    assert!(ended > 0 && ended < started, "it ended at {ended}, and dockerd started at {started}");
    assert_eq!(property(guest, "docker.service", "ActiveState")?, "active");
    Ok(())
}

/// A container from an image that was loaded says what is in `df` of its root, in KiB.
fn size_in_a_container(guest: &Guest) -> Result<u64> {
    guest.write_file("/var/tmp/busybox.tar", archive::busybox()?)?;
    guest.check("docker load -q -i /var/tmp/busybox.tar")?;
    let size = guest.check(&format!("docker run --rm --network none {BUSYBOX} df -P -k / | awk 'END {{ print $2 }}'"))?;
    Ok(size.parse()?)
}

#[test]
fn root_size_alone_grows_root_and_gives_docker_a_pool_before_it_starts() -> Result<()> {
    let guest = host_of_its_own()?;
    // The agent does this work by the presets; a host that has only the drop-in enables it.
    guest.check("systemctl preset -q docker-storage-setup.service")?;
    assert_eq!(guest.sh("systemctl is-enabled docker-storage-setup.service")?.stdout, "disabled\n");
    guest.check("systemctl enable -q docker-storage-setup.service")?;
    guest.write_file(INPUT, "ROOT_SIZE=4G\n")?;
    let free = product::free(&guest, "atomicos")?;
    guest.reboot_and_wait()?;
    ran_before_docker(&guest)?;

    let volumes = product::extents(&guest, "atomicos")?;
    assert_eq!(volumes["root"], 1024);
    let size: u64 = guest.check("df -B1M --output=size /sysroot | tail -1")?.trim().parse()?;
    assert!(size > 4000, "the root file system grew with its volume: {size} MiB");
    let taken = volumes["[docker-pool_tdata]"] + volumes["[docker-pool_tmeta]"] + volumes["[lvol0_pmspare]"];
    assert_eq!(taken, (free - (1024 - 768)) * 40 / 100, "of what root has left");

    let info = guest.check("docker info --format '{{.Driver}} {{json .DriverStatus}}'")?;
    assert!(info.starts_with("devicemapper ") && info.contains("atomicos-docker--pool"), "{info}");
    assert!(size_in_a_container(&guest)? > 9_000_000, "docker's own 10 GiB");

    let before = traces(&guest)?;
    guest.check(&format!("systemctl start {UNIT}"))?;
    assert_eq!(traces(&guest)?, before, "as the next boot runs it");
    Ok(())
}

#[test]
fn dockers_root_volume_is_mounted_at_every_boot_until_the_reset() -> Result<()> {
    let guest = host_of_its_own()?;
    guest.write_file(INPUT, "STORAGE_DRIVER=overlay2\nVG=css\nDEVS=/dev/vdb\nDOCKER_ROOT_VOLUME=yes\n")?;
    let first = done(&guest, &[])?;
    assert!(first.stderr.contains("INFO: DOCKER_ROOT_VOLUME is deprecated, and will be removed soon."), "{}", first.stderr);
    let mounted = || guest.check("findmnt -no SOURCE,FSTYPE /var/lib/docker");
    assert_eq!(mounted()?, "/dev/mapper/css-docker--root--lv xfs");
    guest.check("findmnt -no OPTIONS /var/lib/docker | grep -E 'usrquota|pquota|prjquota'")?;
    assert_eq!(product::extents(&guest, "css")?["docker-root-lv"], 1023 * 40 / 100);
    guest.check("! test -e /etc/systemd/system/var-lib-docker.mount && echo mine >/var/lib/docker/kept")?;
    second_run_writes_nothing(&guest)?;

    guest.reboot_and_wait()?;
    ran_before_docker(&guest)?;
    assert_eq!(mounted()?, "/dev/mapper/css-docker--root--lv xfs");
    assert_eq!(guest.check("cat /var/lib/docker/kept; docker info --format '{{.Driver}}'")?, "mine\noverlay2");
    guest.check("test -d /var/lib/docker/overlay2")?;

    guest.check("systemctl stop docker.socket docker.service")?;
    done(&guest, &["--reset"])?;
    guest.check(&format!("! findmnt /var/lib/docker && ! test -e {OUTPUT} && ! test -e /var/lib/docker/kept"))?;
    assert!(product::extents(&guest, "css")?.is_empty(), "group and disk stay, the volume goes");
    Ok(())
}

#[test]
fn extra_options_reach_dockerd_and_so_does_their_change() -> Result<()> {
    let guest = host()?;
    let text = |extra: &str| {
        format!("STORAGE_DRIVER=devicemapper\nVG=docker\nDEVS=/dev/vdb\nMIN_DATA_SIZE=1G\nEXTRA_STORAGE_OPTIONS=\"{extra}\"\n")
    };
    guest.write_file(INPUT, text("--storage-opt dm.basesize=20G"))?;
    done(&guest, &[])?;
    guest.check(&format!("grep -q 'dm.use_deferred_deletion=true --storage-opt dm.basesize=20G\"$' {OUTPUT}"))?;
    second_run_writes_nothing(&guest)?;
    guest.check("systemctl start docker.service")?;
    let status = guest.check("docker info --format '{{json .DriverStatus}}'")?;
    assert!(status.contains(r#"["Base Device Size","21.47GB"]"#), "{status}");
    assert!(size_in_a_container(&guest)? > 20_000_000, "a container has 20 GiB");

    guest.write_file(INPUT, text(" --storage-opt  dm.basesize=20G --storage-opt dm.min_free_space=5%"))?;
    done(&guest, &[])?;
    guest.check(&format!("grep -q 'deletion=true --storage-opt dm.basesize=20G --storage-opt dm.min_free_space=5%\"$' {OUTPUT}"))?;
    guest.check("systemctl restart docker.service && docker images -q | grep -q .").map(drop)
}

#[test]
fn another_driver_in_the_file_is_told_and_left_alone_until_the_reset() -> Result<()> {
    let guest = host()?;
    let text = "STORAGE_DRIVER=devicemapper\nVG=docker\nDEVS=/dev/vdd\nMIN_DATA_SIZE=200M\n";
    guest.write_file(INPUT, text)?;
    done(&guest, &[])?;
    guest.check("dmsetup table docker-docker--pool | grep -q thin-pool")?;
    guest.write_file(INPUT, text.replace("devicemapper", "overlay2"))?;
    let said = second_run_writes_nothing(&guest)?.stderr;
    let wanted = format!(
        "INFO: Storage is already configured with devicemapper driver. Can't configure it with overlay2 driver. To override, remove {OUTPUT} and retry.\n"
    );
    assert!(said.ends_with(&wanted), "{said}");

    done(&guest, &["--reset"])?;
    assert!(product::extents(&guest, "docker")?.is_empty(), "the pool goes although the file names another driver");
    guest.check(&format!("! test -e {OUTPUT} && ! test -e /etc/lvm/profile/docker--docker-pool-extend.profile"))?;
    done(&guest, &[])?;
    assert_eq!(guest.check(&format!("cat {OUTPUT}"))?, "DOCKER_STORAGE_OPTIONS=\"--storage-driver overlay2 \"");
    Ok(())
}
