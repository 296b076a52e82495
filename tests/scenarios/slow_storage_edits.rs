//! Edits of `[storage]` beyond sizes: what they do to LVM, file systems and the engine of a real host, and that a second look finds
//! nothing to do.

use anyhow::Result;
use serde_json::Value;
use tests::edits::consents;
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
    // Nor do those that look at storage alone, as the service does.
    let begun = std::time::Instant::now();
    let shown = guest.check("atomic storage status")?;
    assert!(shown.contains("group atomicos"), "{shown}");
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    let output = guest.run(&["/usr/bin/atomic", "storage", "reset"])?;
    assert_eq!(output.code, 2, "{}{}", output.stdout, output.stderr);
    assert!(output.stderr.contains("there is no /dev/disk/by-id/virtio-never"), "{}", output.stderr);
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    Ok(())
}

#[test]
fn a_partition_that_roots_group_lies_on_takes_what_the_disk_has_gained() -> Result<()> {
    let guest = host()?;
    let spec = "[storage]\ndriver = \"overlay2\"\ngrow-partition = true\n";
    assert_eq!(apply(&guest, spec)?, [""; 0], "there is nothing behind it yet");
    let before = product::free(&guest, "atomicos")?;
    let size: u64 = guest.check("blockdev --getsize64 /dev/vda")?.parse()?;
    guest.qmp()?.execute("block_resize", &serde_json::json!({ "device": "os", "size": size + (2 << 30) }))?;
    guest.check(&format!("for i in $(seq 30); do test $(blockdev --getsize64 /dev/vda) -gt {size} && break; sleep 1; done"))?;
    assert_eq!(apply(&guest, spec)?, ["grow-partition", "grow-physical-volume"]);
    assert_eq!(product::free(&guest, "atomicos")?, before + 512);
    guest.check("sfdisk --verify /dev/vda")?;

    // Root has it without anybody's word: free space is taken first.
    let root = product::extents(&guest, "atomicos")?["root"];
    let free = product::free(&guest, "atomicos")?;
    let wanted = (root + free) * 4;
    assert_eq!(apply(&guest, &format!("{spec}root-size = \"{wanted}M\"\n"))?, ["grow-root-volume", "grow-root-filesystem"]);
    assert_eq!(product::free(&guest, "atomicos")?, 0);
    guest.reboot_and_wait()?;
    assert_eq!(product::plan(&guest)?, Vec::<Value>::new());
    Ok(())
}

#[test]
fn root_grows_into_a_new_disk_and_then_takes_from_the_pool_with_consent() -> Result<()> {
    let guest = host()?;
    let spec = |root: u64, devices: &str| {
        format!(
            "[storage]\ndriver = \"overlay2\"\nroot-size = \"{root}M\"\ndevices = [{devices}]\n[storage.pool]\nsize = \"100%FREE\"\n\
             [storage.volume.data]\nmount = \"/var/data\"\nsize = \"1G\"\n"
        )
    };
    apply(&guest, &spec(3072, ""))?;
    assert_eq!(product::free(&guest, "atomicos")?, 0, "the pool has it all");
    guest.check("echo kept > /var/data/file")?;
    let kinds = apply(&guest, &spec(4096, "\"/dev/disk/by-id/virtio-data2\""))?;
    assert_eq!(kinds, ["add-disk", "grow-root-volume", "grow-root-filesystem"], "a new disk needs nobody's word");

    // The disk had 2 GiB; the next step is more than is left of it.
    guest.write_file(SPEC, spec(6144, "\"/dev/disk/by-id/virtio-data2\""))?;
    let waiting = product::apply(&guest, &[])?;
    assert_eq!((waiting.code, waiting.kinds()), (3, Vec::new()), "without consent nothing happens");
    assert_eq!(guest.check("cat /var/data/file")?, "kept");
    let shown = product::plan_text(&guest)?;
    for words in ["remove-pool atomicos/docker-pool", "grow-root-volume atomicos/root 4 GiB -> 6 GiB", "create-pool", "--consent"] {
        assert!(shown.contains(words), "{words:?} is not in the plan:\n{shown}");
    }
    let consents = consents(&guest)?;
    let applied = product::apply(&guest, &consents.iter().map(String::as_str).collect::<Vec<_>>())?;
    assert_eq!(applied.code, 0, "{:#}", applied.report);
    assert_eq!(product::extents(&guest, "atomicos")?["root"], 1536);
    assert_eq!(guest.check("findmnt -no SOURCE /var/data && ls /var/data")?, "/dev/mapper/atomicos-data", "made anew, and empty");
    assert_eq!(product::plan(&guest)?, Vec::<Value>::new());
    Ok(())
}

#[test]
fn a_pool_of_the_shell_tool_is_taken_over_with_what_is_in_it() -> Result<()> {
    let guest = host()?;
    // What docker-storage-setup leaves: its pool and profile, and dockerd's options.
    let text = "activation {\n\tthin_pool_autoextend_threshold=60\n\tthin_pool_autoextend_percent=20\n\n}\n";
    guest.write_file("/etc/lvm/profile/atomicos--docker-pool-extend.profile", text)?;
    guest.check(
        "systemctl stop docker.socket docker.service; rm -rf /var/lib/docker; \
         lvcreate -y --type thin-pool --zero n -c 512K --poolmetadatasize 16M -L 2G -n docker-pool atomicos && \
         lvchange --metadataprofile atomicos--docker-pool-extend atomicos/docker-pool",
    )?;
    let options = "DOCKER_STORAGE_OPTIONS=\"--storage-driver devicemapper --storage-opt dm.fs=xfs --storage-opt \
                   dm.thinpooldev=/dev/mapper/atomicos-docker--pool --storage-opt dm.use_deferred_removal=true --storage-opt \
                   dm.use_deferred_deletion=true \"\n";
    guest.write_file("/etc/sysconfig/docker-storage", options)?;
    guest.check("systemctl start docker.service && test \"$(docker info --format '{{.Driver}}')\" = devicemapper")?;
    let used = guest.check("dmsetup status atomicos-docker--pool | cut -d' ' -f6")?;
    let spec = "[storage]\ndriver = \"devicemapper\"\n";
    assert_eq!(apply(&guest, spec)?, ["adopt-pool"]);
    let tags = guest.check("lvs --noheadings -o lv_tags atomicos/docker-pool")?;
    assert_eq!(tags.trim(), "atomic-host,atomic-host/asked=60pFREE,atomic-host/for=engine,atomic-host/role=pool");
    assert_eq!(
        guest.check("docker info --format '{{.Driver}}'; dmsetup status atomicos-docker--pool | cut -d' ' -f6")?,
        format!("devicemapper\n{used}")
    );
    // From here on it is as one of ours.
    assert_eq!(apply(&guest, &format!("{spec}[storage.pool]\nsize = \"3G\"\n"))?, ["grow-pool"]);
    Ok(())
}

#[test]
fn a_disk_is_wiped_by_the_files_word_at_first_and_by_a_persons_later() -> Result<()> {
    let guest = host()?;
    let spec = |disks: &str| format!("[storage]\ndriver = \"overlay2\"\ndevices = [{disks}]\nwipe = [{disks}]\n");
    let (first, second, third) =
        ("\"/dev/disk/by-id/virtio-data1\"", "\"/dev/disk/by-id/virtio-data2\"", "\"/dev/disk/by-id/virtio-data3\"");
    guest.check(
        "printf 'label: gpt\\n,\\n' | sfdisk -q /dev/vdb; udevadm settle; mkfs.ext4 -qF /dev/vdb1; mkfs.xfs -q -f /dev/vdc; udevadm settle",
    )?;

    // Never configured, but in use: a mounted partition keeps its disk.
    guest.check("rm -rf /var/lib/atomic-host/generations /var/lib/atomic-host/ledger.jsonl; mount /dev/vdb1 /mnt")?;
    guest.write_file(SPEC, spec(first))?;
    let output = guest.run(&["/usr/bin/atomic", "host", "apply"])?;
    assert_eq!(output.code, 2, "{}", output.stderr);
    assert!(output.stderr.contains("is in use by mounted on /var/mnt, by its partition /dev/vdb1"), "{}", output.stderr);
    guest.check("umount /mnt")?;
    assert_eq!(apply(&guest, &spec(first))?, ["wipe-disk", "add-disk"]);

    // Configured by now.
    guest.write_file(SPEC, spec(&format!("{first}, {second}")))?;
    let waiting = product::apply(&guest, &[])?;
    assert_eq!((waiting.code, waiting.kinds()), (3, Vec::new()), "{:#}", waiting.report);
    guest.check("blkid -p -s TYPE -o value /dev/vdc | grep -x xfs")?;
    let id = product::text(&waiting.waiting()[0]["id"]);
    let applied = product::apply(&guest, &["--consent", &id])?;
    assert_eq!((applied.code, applied.kinds()), (0, vec!["wipe-disk".to_owned(), "add-disk".to_owned()]), "{:#}", applied.report);

    // A disk of a living group: never.
    guest.check("vgcreate -qy theirs /dev/vdd")?;
    guest.write_file(SPEC, spec(&format!("{first}, {second}, {third}")))?;
    let output = guest.run(&["/usr/bin/atomic", "host", "apply"])?;
    assert_eq!(output.code, 2, "{}", output.stderr);
    assert!(output.stderr.contains("belongs to the volume group theirs"), "{}", output.stderr);
    once_for_each_disk(&guest, &spec(first))
}

/// Also on a host that forgot that it was configured, and whoever asks: the drop-in goes by the same record.
fn once_for_each_disk(guest: &Guest, spec: &str) -> Result<()> {
    guest.check(
        "vgremove -qy theirs && vgreduce -q atomicos /dev/vdb && pvremove -q /dev/vdb && mkfs.ext4 -qF /dev/vdb && udevadm settle; \
         rm -rf /var/lib/atomic-host/generations",
    )?;
    guest.write_file(SPEC, spec)?;
    let waiting = product::apply(guest, &[])?;
    assert_eq!((waiting.code, waiting.kinds()), (3, Vec::new()), "{:#}", waiting.report);
    guest.write_file("/etc/sysconfig/docker-storage-setup", "STORAGE_DRIVER=\nDEVS=/dev/vdb\nWIPE_SIGNATURES=true\n")?;
    let refused = guest.run(&["/usr/bin/docker-storage-setup"])?;
    assert!(refused.code == 1 && refused.stderr.contains("was wiped once already"), "{}", refused.stderr);
    guest.check("blkid -p -s TYPE -o value /dev/vdb | grep -x ext4")?;
    Ok(())
}
