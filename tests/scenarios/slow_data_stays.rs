//! What holds data of somebody stays, whatever the spec says: it goes by a person's word alone, and by a word about what is there.

use anyhow::{Result, ensure};
use tests::archive::{self, BUSYBOX};
use tests::guest::Guest;
use tests::image::Layout;
use tests::product::{self, SPEC};

/// A host whose daemon does not answer the edits: the person's command is looked at.
fn host(spec: &str) -> Result<Guest> {
    let guest = Guest::ready(&Layout::default())?;
    guest.check("systemctl stop atomic-hostd.service")?;
    guest.write_file(SPEC, spec)?;
    product::apply(&guest, &[])?;
    Ok(guest)
}

/// Applies with consent to that step; answers whether the whole plan was done.
fn done_with(guest: &Guest, consent: &str) -> Result<bool> {
    let applied = product::apply(guest, &["--consent", consent])?;
    Ok(applied.code == 0)
}

fn only_loss(guest: &Guest) -> Result<String> {
    let losing = product::losing(guest)?;
    let [id] = losing.as_slice() else { anyhow::bail!("not one step loses data: {losing:?}") };
    Ok(id.clone())
}

const DISK: &str =
    "[storage]\ndriver = \"overlay2\"\ndevices = [\"/dev/disk/by-id/virtio-data1\"]\nwipe = [\"/dev/disk/by-id/virtio-data1\"]\n";

#[test]
fn consent_to_wipe_a_disk_is_void_once_it_holds_something_else() -> Result<()> {
    let guest = host("[storage]\ndriver = \"overlay2\"\n")?;
    guest.check("mkfs.xfs -q -f /dev/vdb; udevadm settle")?;
    guest.write_file(SPEC, DISK)?;
    let old = only_loss(&guest)?;
    guest.check("mkfs.ext4 -qF /dev/vdb; udevadm settle; mount /dev/vdb /mnt; echo mine >/mnt/mine; umount /mnt; udevadm settle")?;
    ensure!(!done_with(&guest, &old)?, "the consent was for another content");
    ensure!(guest.check("mount /dev/vdb /mnt; cat /mnt/mine; umount /mnt")? == "mine");
    let new = only_loss(&guest)?;
    ensure!(new != old && done_with(&guest, &new)?, "{old} {new}");
    guest.check("pvs --noheadings -o vg_name /dev/vdb | grep -w atomicos").map(drop)
}

/// The pool is made anew when it is to be smaller.
const SMALLER: &str =
    "[storage]\ndriver = \"overlay2\"\n\n[storage.pool]\nsize = \"1G\"\n\n[storage.volume.data]\nmount = \"/var/data\"\nsize = \"1G\"\n";

#[test]
fn consent_to_make_a_pool_anew_is_void_once_it_has_another_volume() -> Result<()> {
    let guest = host(tests::edits::DATA)?;
    guest.write_file(SPEC, SMALLER)?;
    let consents = tests::edits::consents(&guest)?;
    ensure!(!consents.is_empty(), "a smaller pool loses nothing");
    guest.check("lvcreate -qq -V 200M --thinpool docker-pool -n mine atomicos && mkfs.ext4 -q /dev/atomicos/mine")?;
    let mut argv = vec!["/usr/bin/atomic", "host", "apply"];
    argv.extend(consents.iter().map(String::as_str));
    let output = guest.run(&argv)?;
    ensure!(output.code != 0, "{}", output.stdout);
    guest.check("blkid -p -s TYPE -o value /dev/atomicos/mine | grep -x ext4 && lvs atomicos/data").map(drop)
}

const PLAIN: &str = "[storage]\ndriver = \"overlay2\"\n\n[storage.volume.data]\nmount = \"/var/data\"\nsize = \"400M\"\nthin = false\n";

/// A snapshot of a plain volume goes with that; one of a thin volume stands by itself.
#[test]
fn a_plain_volume_with_a_snapshot_stays_until_the_snapshot_is_removed() -> Result<()> {
    let guest = host(PLAIN)?;
    guest.check("echo mine >/var/data/mine; sync; lvcreate -qq -s -L 100M -n before atomicos/data")?;
    guest.write_file(SPEC, "[storage]\ndriver = \"overlay2\"\n")?;
    let plan = product::plan_text(&guest)?;
    ensure!(plan.contains("snapshots of atomicos/data would go with it"), "{plan}");
    let consents = tests::edits::consents(&guest)?;
    product::apply(&guest, &consents.iter().map(String::as_str).collect::<Vec<_>>())?;
    ensure!(guest.check("lvs atomicos/data atomicos/before >&2 && cat /var/data/mine")? == "mine");
    guest.check("lvremove -qy atomicos/before")?;
    let consents = tests::edits::consents(&guest)?;
    let applied = product::apply(&guest, &consents.iter().map(String::as_str).collect::<Vec<_>>())?;
    ensure!(applied.code == 0, "{:#}", applied.report);
    ensure!(!product::extents(&guest, "atomicos")?.contains_key("data"));
    Ok(())
}

#[test]
fn a_volume_over_podmans_images_waits_for_consent() -> Result<()> {
    let guest = host("[storage]\ndriver = \"overlay2\"\n")?;
    guest.write_file("/var/busybox.tar", archive::busybox()?)?;
    guest.check("podman load -q -i /var/busybox.tar")?;
    let spec =
        "[storage]\ndriver = \"overlay2\"\n\n[storage.volume.containers]\nmount = \"/var/lib/containers\"\nsize = \"1G\"\nthin = false\n";
    guest.write_file(SPEC, spec)?;
    let waiting = product::apply(&guest, &[])?;
    ensure!(waiting.code == 3, "{:#}", waiting.report);
    guest.check(&format!("! findmnt /var/lib/containers && podman run --rm --network none {BUSYBOX} true"))?;
    let consents = tests::edits::consents(&guest)?;
    let applied = product::apply(&guest, &consents.iter().map(String::as_str).collect::<Vec<_>>())?;
    ensure!(applied.code == 0, "{:#}", applied.report);
    ensure!(guest.check("findmnt -no SOURCE /var/lib/containers; podman images -q")? == "/dev/mapper/atomicos-containers");
    Ok(())
}

#[test]
fn dockerds_pool_is_made_anew_by_a_reset_alone() -> Result<()> {
    let guest = host("[storage]\ndriver = \"devicemapper\"\n\n[storage.pool]\nsize = \"2G\"\n")?;
    guest.write_file("/var/busybox.tar", archive::busybox()?)?;
    guest.check("docker load -q -i /var/busybox.tar")?;
    let uuid = "lvs --noheadings -o lv_uuid atomicos/docker-pool";
    let before = guest.check(uuid)?;
    let shown = guest.run(&["/usr/bin/atomic", "storage", "reset"])?;
    ensure!(shown.code == 3 && shown.stdout.contains("remove-pool"), "{shown:?}");
    ensure!(guest.check(uuid)? == before, "it was done without a word");
    let done = guest.run(&["/usr/bin/atomic", "storage", "reset", "--yes"])?;
    ensure!(done.code == 0, "{done:?}");
    ensure!(guest.check(uuid)? != before, "the pool is the old one");
    ensure!(guest.check("docker info --format '{{.Driver}}'; docker images -q")? == "devicemapper");
    ensure!(product::plan(&guest)?.is_empty(), "something is left to do");
    guest.check(&format!("docker load -q -i /var/busybox.tar && docker run --rm --network none {BUSYBOX} true")).map(drop)
}

#[test]
fn images_in_a_store_that_daemon_json_moved_are_not_lost_from_sight() -> Result<()> {
    let guest = host("[storage]\ndriver = \"overlay2\"\n")?;
    guest.write_file("/etc/docker/daemon.json", "{\"data-root\": \"/var/moved\"}\n")?;
    guest.write_file("/var/busybox.tar", archive::busybox()?)?;
    guest.check("systemctl restart docker.service && docker load -q -i /var/busybox.tar && test -d /var/moved/image")?;
    guest.write_file(SPEC, "[storage]\ndriver = \"overlay\"\n")?;
    let waiting = product::apply(&guest, &[])?;
    ensure!(waiting.code == 3, "{:#}", waiting.report);
    let said = guest.check("docker info --format '{{.Driver}} {{.DockerRootDir}}'")?;
    ensure!(said == "overlay2 /var/moved", "{said}");
    guest.check(&format!("docker run --rm --network none {BUSYBOX} true")).map(drop)
}
