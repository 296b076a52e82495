//! Edits of `[storage]` beyond sizes: what they do to LVM, file systems and the engine of a real host, and that a second look finds
//! nothing to do.

use anyhow::Result;
use serde_json::Value;
use tests::guest::Guest;
use tests::image::Layout;
use tests::product::{self, SPEC};

/// A host whose daemon does not answer the edits: the person's command is looked at.
fn host() -> Result<Guest> {
    let guest = Guest::ready(&Layout::default())?;
    guest.check("systemctl stop atomic-hostd.service")?;
    Ok(guest)
}

/// Writes the spec and applies it without a person's word; afterwards nothing is left to do. Answers the kinds of steps.
fn apply(guest: &Guest, spec: &str) -> Result<Vec<String>> {
    guest.write_file(SPEC, spec)?;
    let applied = product::apply(guest, &[])?;
    assert_eq!(applied.code, 0, "{spec}: {:#}", applied.report);
    assert_eq!(product::plan(guest)?, Vec::<Value>::new(), "a second plan is empty: {spec}");
    Ok(applied.kinds())
}

const VOLUMES: &str = r#"
[storage]
driver = "overlay2"
options = ["overlay2.size=1G"]

[storage.pool]
size = "4G"
metadata = "16M"
minimum = "2G"
autoextend = { threshold = 70, limit = "90%VG", headroom = "512M" }

[storage.volume.containers]
mount = "/var/lib/docker"
size = "2G"
label = "containers"
quota = true

[storage.volume.logs]
mount = "/var/data/logs"
size = "1G"
thin = false
filesystem = "ext4"
label = "logs"
quota = true
"#;

#[test]
fn labels_quotas_metadata_and_options_are_made_and_follow_their_edits() -> Result<()> {
    let guest = host()?;
    apply(&guest, VOLUMES)?;
    let label = |volume: &str| guest.check(&format!("blkid -p -s LABEL -o value /dev/atomicos/{volume}"));
    assert_eq!((label("containers")?, label("logs")?), ("containers".to_owned(), "logs".to_owned()));
    let volumes = product::extents(&guest, "atomicos")?;
    assert_eq!((volumes["[docker-pool_tmeta]"], volumes["[lvol0_pmspare]"], volumes["docker-pool"]), (4, 4, 1024 - 8));
    for point in ["/var/lib/docker", "/var/data/logs"] {
        let options = guest.check(&format!("findmnt -no FS-OPTIONS {point}"))?;
        assert!(options.contains("prjquota"), "{point}: {options}");
    }
    assert!(guest.check("cat /etc/sysconfig/docker-storage")?.contains("--storage-opt overlay2.size=1G "));
    // dockerd refuses this option where quotas do not count.
    assert_eq!(guest.check("docker info --format '{{.Driver}}'")?, "overlay2");

    let kinds = apply(
        &guest,
        &VOLUMES
            .replace("\"16M\"", "\"32M\"")
            .replace("label = \"containers\"", "label = \"store\"")
            .replace("label = \"logs\"", "label = \"log-files\""),
    )?;
    assert_eq!(kinds, ["grow-pool-metadata", "label-filesystem", "label-filesystem"]);
    assert_eq!((label("containers")?, label("logs")?), ("store".to_owned(), "log-files".to_owned()));
    let volumes = product::extents(&guest, "atomicos")?;
    assert_eq!((volumes["[docker-pool_tmeta]"], volumes["[lvol0_pmspare]"]), (8, 8));
    Ok(())
}

#[test]
fn quotas_go_and_come_with_a_mount_of_their_own() -> Result<()> {
    let guest = host()?;
    let spec = "[storage]\ndriver = \"overlay2\"\n[storage.volume.data]\nmount = \"/var/data\"\nsize = \"1G\"\nthin = false\n";
    apply(&guest, spec)?;
    guest.check("echo kept > /var/data/file")?;
    let kinds = apply(&guest, &format!("{spec}quota = true\n"))?;
    assert_eq!(kinds, ["write-file", "remount"]);
    guest
        .check("findmnt -no FS-OPTIONS /var/data | grep -q prjquota && xfs_quota -x -c 'state -p' /var/data | grep -q 'Enforcement: ON'")?;
    assert_eq!(guest.check("cat /var/data/file")?, "kept");
    guest.reboot_and_wait()?;
    guest.check("findmnt -no FS-OPTIONS /var/data | grep -q prjquota")?;
    assert_eq!(product::plan(&guest)?, Vec::<Value>::new());
    Ok(())
}

#[test]
fn disks_are_found_by_every_name_and_waited_for_at_boot() -> Result<()> {
    let mut guest = host()?;
    guest.check("ln -s /dev/disk/by-id/virtio-data2 /dev/a-link-of-mine")?;
    let spec = "[storage]\ndriver = \"overlay2\"\ndevices = [\"/dev/disk/by-id/virtio-data1\", \"/dev/a-link-of-mine\"]\n";
    assert_eq!(apply(&guest, spec)?, ["add-disk", "add-disk"]);
    assert_eq!(guest.check("pvs --noheadings -o pv_name -S vg_name=atomicos | wc -l")?.trim(), "3");

    // As the service does at boot; the disk is plugged in while it waits.
    let spec = "[storage]\ndriver = \"overlay2\"\ndevice-timeout = \"2m\"\ndevices = [\"/dev/disk/by-id/virtio-late\"]\n";
    guest.write_file(SPEC, spec)?;
    guest.check("systemctl restart --no-block atomic-host-storage.service; sleep 3")?;
    assert_eq!(guest.check("systemctl show -P ActiveState atomic-host-storage.service")?, "activating", "it waits");
    guest.add_disk("late", 1)?;
    guest.check(
        "for i in $(seq 60); do test $(systemctl show -P ActiveState atomic-host-storage.service) != activating && break; sleep 1; done",
    )?;
    assert_eq!(guest.check("systemctl show -P ActiveState atomic-host-storage.service")?, "active");
    let late = "$(readlink -f /dev/disk/by-id/virtio-late)";
    assert_eq!(guest.check(&format!("pvs --noheadings -o vg_name {late}"))?.trim(), "atomicos");

    // A person's command does not wait: it is an error at once.
    guest.write_file(SPEC, spec.replace("virtio-late", "virtio-never"))?;
    let begun = std::time::Instant::now();
    let output = guest.run(&["/usr/bin/atomic", "host", "plan"])?;
    assert_eq!(output.code, 2, "{}", output.stderr);
    assert!(output.stderr.contains("there is no /dev/disk/by-id/virtio-never"), "{}", output.stderr);
    assert!(begun.elapsed().as_secs() < 60);
    Ok(())
}
