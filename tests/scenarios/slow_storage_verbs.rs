//! `atomic storage`: what it changes of the spec, storage made anew, and images and volumes kept around that.

use anyhow::{Result, ensure};
use tests::archive::{self, BUSYBOX};
use tests::guest::Guest;
use tests::image::Layout;
use tests::pool;
use tests::product::{self, SPEC};

const SPEC_TEXT: &str = r#"# The host in the cellar.
[engine]
kind = "docker"

[storage]
driver = "overlay2"
devices = [
    "/dev/disk/by-id/virtio-data1", # the fast one
]

[storage.volume.containers]
mount = "/var/lib/docker"
size = "5G"
"#;

fn storage(guest: &Guest, arguments: &[&str]) -> Result<tests::guest::Output> {
    let mut argv = vec!["/usr/bin/atomic", "storage"];
    argv.extend(arguments);
    guest.run(&argv)
}

fn ready() -> Result<Guest> {
    let guest = Guest::ready(&Layout::default())?;
    guest.check("systemctl stop atomic-hostd.service")?;
    guest.write_file(SPEC, SPEC_TEXT)?;
    product::apply(&guest, &[])?;
    Ok(guest)
}

#[test]
fn what_modify_is_told_the_spec_says_in_its_own_words_and_a_bad_word_changes_no_byte() -> Result<()> {
    let guest = ready()?;
    let seqno = product::seqno(&guest, "atomicos")?;
    for bad in [
        ["--pool-size", "110%FREE"],
        ["--root-size", "9999T"],
        ["--add-device", "/dev/nowhere"],
        ["--driver", "vfs"],
        ["--volume-group", "../x"],
        ["--remove-device", "/dev/vdz"],
    ] {
        let said = storage(&guest, &["modify", bad[0], bad[1]])?;
        ensure!(said.code == 2 && said.stderr.contains("error: "), "{bad:?}: {said:?}");
    }
    ensure!(guest.read_file(SPEC)? == SPEC_TEXT.as_bytes(), "the file was written");

    let said = storage(&guest, &["modify", "--dry-run", "--root-size", "3500M"])?;
    ensure!(said.code == 0 && said.stdout.contains("would change /etc/atomic-host.toml"), "{said:?}");
    ensure!(guest.read_file(SPEC)? == SPEC_TEXT.as_bytes(), "the file was written");

    let said = storage(&guest, &["modify", "--root-size", "3500M", "--add-device", "/dev/disk/by-id/virtio-data2"])?;
    ensure!(said.code == 0 && said.stdout.contains("grow-root-volume") && said.stdout.contains("add-disk"), "{said:?}");
    let text = String::from_utf8(guest.read_file(SPEC)?)?;
    for kept in
        ["# The host in the cellar.\n", "virtio-data1\", # the fast one\n", "\"/dev/disk/by-id/virtio-data2\"", "root-size = \"3500M\"\n"]
    {
        ensure!(text.contains(kept), "{kept} is not in {text}");
    }
    ensure!(product::seqno(&guest, "atomicos")? == seqno, "modify itself touched the group");
    product::apply(&guest, &[])?;
    ensure!(product::plan(&guest)?.is_empty(), "something is left to do");
    ensure!(product::extents(&guest, "atomicos")?["root"] == 875, "root has another size");
    Ok(())
}

#[test]
fn images_and_volumes_outlive_storage_made_anew() -> Result<()> {
    let guest = ready()?;
    guest.write_file("/var/busybox.tar", archive::busybox()?)?;
    guest.check("docker load -q -i /var/busybox.tar")?;
    guest
        .check(&format!("docker run --rm --network none -v ledger:/data {BUSYBOX} sh -c 'echo kept >/data/book; chmod 600 /data/book'"))?;
    guest.check(&format!("docker run -d --name mine --network none {BUSYBOX} sleep 1000"))?;

    let refused = storage(&guest, &["export"])?;
    ensure!(refused.code == 2 && refused.stderr.contains("these containers run") && refused.stderr.contains("mine"), "{refused:?}");
    guest.check("docker kill mine")?;
    let kept = storage(&guest, &["export"])?;
    ensure!(kept.code == 0 && kept.stdout.contains("kept 1 image and 1 volume in /var/lib/atomic-host/export"), "{kept:?}");
    ensure!(kept.stdout.contains("not kept: container mine"), "{kept:?}");
    let again = storage(&guest, &["export"])?;
    ensure!(again.code == 2 && again.stderr.contains("is there already"), "{again:?}");

    let uuids = "lvs --noheadings -o lv_name,lv_uuid atomicos/docker-pool atomicos/containers";
    let (before, seqno) = (guest.check(uuids)?, product::seqno(&guest, "atomicos")?);
    let shown = storage(&guest, &["reset"])?;
    ensure!(shown.code == 3 && shown.stdout.contains("remove-pool") && shown.stdout.contains("reset --yes"), "{shown:?}");
    ensure!(product::seqno(&guest, "atomicos")? == seqno && guest.check(uuids)? == before, "it was done without a word");

    let done = storage(&guest, &["reset", "--yes"])?;
    ensure!(done.code == 0, "{done:?}");
    ensure!(guest.check(uuids)? != before, "pool and volume are the old ones");
    ensure!(product::plan(&guest)?.is_empty(), "something is left to do");
    ensure!(guest.check("docker images -q; docker volume ls -q; docker ps -aq")?.is_empty(), "the store is not empty");
    ensure!(guest.check("findmnt -no SOURCE /var/lib/docker")? == "/dev/mapper/atomicos-containers");

    let back = storage(&guest, &["import"])?;
    ensure!(back.code == 0 && back.stdout.contains("brought back 1 image and 1 volume"), "{back:?}");
    let said = guest.check(&format!(
        "docker run --rm --network none -v ledger:/data {BUSYBOX} sh -c 'cat /data/book; stat -c %a /data/book; ls -A /data'"
    ))?;
    ensure!(said == "kept\n600\nbook", "{said}");
    let twice = storage(&guest, &["import"])?;
    ensure!(twice.code == 0 && twice.stdout.contains("left as it is: volume ledger"), "{twice:?}");
    Ok(())
}

#[test]
fn a_host_with_only_the_file_of_docker_storage_setup_gets_its_pool() -> Result<()> {
    const FILE: &str = "/etc/sysconfig/docker-storage-setup";
    const TEXT: &str = "# as it was\nVG=docker\nDEVS=\"vdb\"\nMIN_DATA_SIZE=1G\nGROWPART=True\n";
    let guest = Guest::ready(&Layout::default())?;
    guest.check("systemctl stop atomic-hostd.service")?;
    guest.write_file(SPEC, "[engine]\nkind = \"docker\"\n")?;
    guest.write_file(FILE, TEXT)?;
    let check = guest.run(&["/usr/bin/atomic", "host", "check"])?;
    ensure!(check.code == 0 && check.stdout.contains(&format!("storage is as {FILE} says")), "{check:?}");
    ensure!(check.stdout.contains(&format!("{FILE}:5:10: GROWPART is \"True\"")), "{check:?}");
    let plan = guest.run(&["/usr/bin/atomic", "host", "plan"])?;
    ensure!(plan.stdout.contains(&format!("{FILE}:3:6")), "{plan:?}");
    product::apply(&guest, &[])?;
    ensure!(product::plan(&guest)?.is_empty(), "something is left to do");
    ensure!(product::extents(&guest, "docker")?.contains_key("docker-pool"));
    ensure!(guest.check("docker info --format '{{.Driver}}'")? == "devicemapper");

    let refused = storage(&guest, &["modify", "--root-size", "3500M"])?;
    ensure!(refused.code == 2 && refused.stderr.contains("[storage]"), "{refused:?}");
    ensure!(guest.read_file(FILE)? == TEXT.as_bytes(), "the file was written");
    let toml = refused.stderr.split_once("\n\n").map(|(_, toml)| toml.to_owned()).unwrap_or_default();
    guest.write_file(SPEC, format!("[engine]\nkind = \"docker\"\n\n{toml}"))?;
    let status = guest.run(&["/usr/bin/atomic", "host", "status"])?;
    ensure!(status.stdout.contains(&format!("{FILE} is ignored, since {SPEC}:")), "{status:?}");
    ensure!(product::plan(&guest)?.is_empty(), "the same in TOML is something else");
    Ok(())
}

#[test]
fn a_host_that_docker_storage_setup_set_up_is_as_the_agent_would_have_it() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    guest.check("systemctl stop atomic-hostd.service docker.socket docker.service; rm -f /etc/sysconfig/docker-storage")?;
    guest.write_file(SPEC, "[engine]\nkind = \"docker\"\n")?;
    let text = "STORAGE_DRIVER=overlay2\nVG=css\nDEVS=/dev/vdc\nCONTAINER_ROOT_LV_NAME=own\nCONTAINER_ROOT_LV_MOUNT_PATH=/var/own\n";
    guest.write_file("/etc/sysconfig/docker-storage-setup", text)?;
    guest.check("docker-storage-setup")?;
    let seqno = product::seqno(&guest, "css")?;
    product::apply(&guest, &[])?;
    ensure!(product::plan(&guest)?.is_empty(), "something is left to do");
    ensure!(product::seqno(&guest, "css")? == seqno, "LVM was written to");
    guest.check("systemctl is-active var-own.mount && grep -q X-AtomicHost /etc/systemd/system/var-own.mount && findmnt /var/own")?;
    Ok(())
}

#[test]
fn a_first_boot_that_finds_only_the_file_of_docker_storage_setup_makes_its_pool_and_edits_of_it_are_followed() -> Result<()> {
    const FILE: &str = "/etc/sysconfig/docker-storage-setup";
    let guest = Guest::ready(&Layout::default())?;
    // As the installer's %post or cloud-init's write_files leaves a host that was never up.
    guest.check(&format!(
        "systemctl stop atomic-hostd.service docker.socket docker.service; rm -rf /var/lib/atomic-host /var/lib/docker /etc/sysconfig/* {SPEC}"
    ))?;
    guest.write_file(FILE, "# from the installer\nROOT_SIZE=3500M\nDATA_SIZE=40%FREE\n")?;
    guest.reboot_and_wait()?;
    ensure!(guest.check("systemctl --failed --plain --no-legend")?.is_empty(), "a unit has failed");
    guest.check("systemctl is-active atomic-host-storage.service atomic-hostd.service docker.service")?;
    guest.check("journalctl -b -q KIND=create-pool OUTCOME=made OBJECT=atomicos/docker-pool | grep .")?;
    let info = guest.check("docker info --format '{{.Driver}} {{json .DriverStatus}}'")?;
    ensure!(info.starts_with("devicemapper ") && info.contains("atomicos-docker--pool"), "{info}");
    let volumes = product::extents(&guest, "atomicos")?;
    ensure!(volumes["root"] == 875, "{volumes:?}");
    let status = guest.check("atomic host status")?;
    ensure!(status.contains(&format!("storage is as {FILE} says")), "{status}");
    ensure!(product::plan(&guest)?.is_empty(), "something is left to do");

    // Live: nobody applies.
    guest.check(&format!("sed -i s/3500M/4G/ {FILE}"))?;
    pool::until(&guest, "the root volume grows", "test $(lvs --noheadings --units m --nosuffix -o lv_size atomicos/root) = 4096.00")?;
    pool::until(&guest, "its file system grows", "test $(df -B1 --output=size /sysroot | tail -1) -gt $((4000 << 20))")?;
    pool::until(&guest, "nothing is left to do", "atomic host plan --exit-code")?;
    ensure!(product::extents(&guest, "atomicos")?["docker-pool"] == volumes["docker-pool"], "the pool has another size");
    Ok(())
}
