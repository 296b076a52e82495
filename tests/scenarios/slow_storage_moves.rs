//! Moves that lose what dockerd has: out of loop files, onto a pool that is made anew, smaller for root's sake too, to another driver,
//! there or in another group. Each shows what it costs and waits; with consent dockerd runs on the new store, and what was exported
//! comes back.

use anyhow::{Result, ensure};
use tests::archive::{self, BUSYBOX};
use tests::edits::consents;
use tests::guest::Guest;
use tests::image::Layout;
use tests::product::{self, SPEC};

const OVERLAY2: &str = "[storage]\ndriver = \"overlay2\"\n";

const DEVICEMAPPER: &str = "[storage]\ndriver = \"devicemapper\"\n\n[storage.pool]\nsize = \"4G\"\n";

/// A host whose daemon does not answer the edits: the person's command is looked at.
fn host() -> Result<Guest> {
    let guest = Guest::ready(&Layout::default())?;
    guest.check("systemctl stop atomic-hostd.service")?;
    guest.write_file("/var/busybox.tar", archive::busybox()?)?;
    Ok(guest)
}

/// An image, a volume with a file, and a stopped container.
fn use_docker(guest: &Guest) -> Result<()> {
    guest.check("docker load -q -i /var/busybox.tar")?;
    guest.check(&format!("docker run --name mine --network none -v ledger:/data {BUSYBOX} sh -c 'echo kept >/data/book'")).map(drop)
}

/// The spec is given; without consent dockerd keeps what it has; with consent nothing is left to do.
fn move_with_consent(guest: &Guest, spec: &str, says: &[&str]) -> Result<()> {
    let kept = "docker info --format '{{.Driver}}'; docker images -q; docker ps -aq; docker volume ls -q";
    let before = guest.check(kept)?;
    guest.write_file(SPEC, spec)?;
    let plan = product::plan_text(guest)?;
    for words in says {
        ensure!(plan.contains(words), "{words:?} is not in the plan:\n{plan}");
    }
    let waiting = product::apply(guest, &[])?;
    ensure!(waiting.code == 3, "{:#}", waiting.report);
    ensure!(guest.check(kept)? == before, "dockerd lost something without a word");

    let consents = consents(guest)?;
    let applied = product::apply(guest, &consents.iter().map(String::as_str).collect::<Vec<_>>())?;
    ensure!(applied.code == 0, "{:#}", applied.report);
    let plan = product::plan(guest)?;
    ensure!(plan.is_empty(), "something is left to do: {plan:#?}");
    Ok(())
}

/// dockerd runs with that driver, has nothing of before, and works.
fn starts_anew(guest: &Guest, driver: &str) -> Result<()> {
    guest.check("systemctl is-active docker.service")?;
    let said = guest.check("docker info --format '{{.Driver}}'; docker images -q; docker ps -aq")?;
    ensure!(said == driver, "{said}");
    works(guest)
}

fn works(guest: &Guest) -> Result<()> {
    guest.check("docker load -q -i /var/busybox.tar")?;
    let said = guest.check(&format!("docker run --rm --network none -v ledger:/data {BUSYBOX} cat /data/book"))?;
    ensure!(said == "kept", "the volume is not the one of before: {said}");
    Ok(())
}

/// A host whose dockerd has its pool in loop files, and uses it.
fn host_on_loop_files() -> Result<Guest> {
    let guest = host()?;
    guest.write_file("/etc/sysconfig/docker-storage", "DOCKER_STORAGE_OPTIONS=\"--storage-driver devicemapper\"\n")?;
    guest.check("systemctl stop docker.socket docker.service; rm -rf /var/lib/docker; systemctl start docker.service")?;
    guest.check("docker info --format '{{json .DriverStatus}}' | grep -q 'Data loop file'")?;
    use_docker(&guest)?;
    Ok(guest)
}

/// A host whose dockerd has its pool in root's group, and uses it.
fn host_on_a_pool() -> Result<Guest> {
    let guest = host()?;
    guest.write_file(SPEC, DEVICEMAPPER)?;
    product::apply(&guest, &[])?;
    use_docker(&guest)?;
    Ok(guest)
}

#[test]
fn away_from_loop_files() -> Result<()> {
    let guest = host_on_loop_files()?;
    let says = ["remove-loop-store", "create-pool atomicos/docker-pool", "data-loss", "--consent", "`atomic storage export`"];
    move_with_consent(&guest, DEVICEMAPPER, &says)?;
    starts_anew(&guest, "devicemapper")?;
    guest.check("docker info --format '{{json .DriverStatus}}' | grep -q atomicos-docker--pool")?;
    guest.check("test ! -e /var/lib/docker/devicemapper/devicemapper && ! losetup -l | grep devicemapper")?;
    guest.reboot_and_wait()?;
    works(&guest)
}

#[test]
fn dockerd_starts_on_a_pool_that_was_made_anew() -> Result<()> {
    let guest = host_on_a_pool()?;
    let uuid = "lvs --noheadings -o lv_uuid atomicos/docker-pool";
    let before = guest.check(uuid)?;
    let smaller = DEVICEMAPPER.replace("4G", "2G");
    move_with_consent(&guest, &smaller, &["remove-pool atomicos/docker-pool", "create-pool atomicos/docker-pool", "data-loss"])?;
    ensure!(guest.check(uuid)? != before, "the pool is the old one");
    starts_anew(&guest, "devicemapper")
}

#[test]
fn dockerd_moves_with_its_driver_to_a_pool_in_another_group() -> Result<()> {
    let guest = host_on_a_pool()?;
    let spec = "[storage]\ndriver = \"devicemapper\"\nvolume-group = \"docker\"\ndevices = [\"/dev/disk/by-id/virtio-data1\"]\n\n\
                [storage.pool]\nsize = \"2G\"\n";
    move_with_consent(&guest, spec, &["remove-pool atomicos/docker-pool", "create-pool docker/docker-pool", "data-loss"])?;
    starts_anew(&guest, "devicemapper")?;
    guest.check("docker info --format '{{json .DriverStatus}}' | grep -q docker-docker--pool")?;
    ensure!(!product::extents(&guest, "atomicos")?.contains_key("docker-pool"), "the old pool is still there");
    guest.reboot_and_wait()?;
    works(&guest)
}

#[test]
fn another_driver_and_another_group_with_the_images_kept_around_the_move() -> Result<()> {
    let guest = host_on_a_pool()?;
    let export = guest.run(&["/usr/bin/atomic", "storage", "export"])?;
    ensure!(export.code == 0 && export.stdout.contains("kept 1 image and 1 volume"), "{export:?}");

    let spec = "[storage]\ndriver = \"overlay2\"\nvolume-group = \"docker\"\ndevices = [\"/dev/disk/by-id/virtio-data1\"]\n\n\
                [storage.volume.containers]\nmount = \"/var/lib/docker\"\nsize = \"2G\"\nthin = false\n";
    move_with_consent(
        &guest,
        spec,
        &["remove-pool atomicos/docker-pool", "create-volume docker/containers", "overlay2 instead of devicemapper"],
    )?;
    ensure!(guest.check("docker info --format '{{.Driver}}'; docker images -q; docker volume ls -q")? == "overlay2");
    ensure!(guest.check("findmnt -no SOURCE /var/lib/docker")? == "/dev/mapper/docker-containers");
    ensure!(!product::extents(&guest, "atomicos")?.contains_key("docker-pool"), "the old pool is still there");

    let import = guest.run(&["/usr/bin/atomic", "storage", "import"])?;
    ensure!(import.code == 0 && import.stdout.contains("brought back 1 image and 1 volume"), "{import:?}");
    let said = guest.check(&format!("docker run --rm --network none -v ledger:/data {BUSYBOX} cat /data/book"))?;
    ensure!(said == "kept", "{said}");
    Ok(())
}

#[test]
fn from_loop_files_to_overlay2_which_leaves_them_where_they_are() -> Result<()> {
    let guest = host_on_loop_files()?;
    let stay = "they stay below /var/lib/docker/devicemapper until you remove them";
    let says = ["overlay2 instead of devicemapper", "data-loss", "--consent", "`atomic storage export`", stay];
    move_with_consent(&guest, OVERLAY2, &says)?;
    starts_anew(&guest, "overlay2")?;
    guest.check("test -s /var/lib/docker/devicemapper/devicemapper/data && test -s /var/lib/docker/devicemapper/devicemapper/metadata")?;
    let plan = product::plan_text(&guest)?;
    ensure!(plan.contains(stay), "{plan}");
    Ok(())
}

#[test]
fn from_overlay2_to_a_pool() -> Result<()> {
    let guest = host()?;
    guest.write_file(SPEC, OVERLAY2)?;
    product::apply(&guest, &[])?;
    ensure!(guest.check("docker info --format '{{.Driver}}'")? == "overlay2");
    use_docker(&guest)?;
    let says =
        ["create-pool atomicos/docker-pool", "devicemapper instead of overlay2", "data-loss", "--consent", "`atomic storage export`"];
    move_with_consent(&guest, DEVICEMAPPER, &says)?;
    starts_anew(&guest, "devicemapper")?;
    guest.check("docker info --format '{{json .DriverStatus}}' | grep -q atomicos-docker--pool").map(drop)
}

#[test]
fn root_takes_from_dockerds_pool_with_the_images_kept_around_it() -> Result<()> {
    let guest = host()?;
    let spec =
        |root: &str| format!("[storage]\ndriver = \"devicemapper\"\nroot-size = \"{root}\"\n\n[storage.pool]\nsize = \"100%FREE\"\n");
    guest.write_file(SPEC, spec("3G"))?;
    product::apply(&guest, &[])?;
    ensure!(product::free(&guest, "atomicos")? == 0, "the pool does not have it all");
    use_docker(&guest)?;
    let export = guest.run(&["/usr/bin/atomic", "storage", "export"])?;
    ensure!(export.code == 0 && export.stdout.contains("kept 1 image and 1 volume"), "{export:?}");

    let before = product::extents(&guest, "atomicos")?;
    let says = [
        "remove-pool atomicos/docker-pool",
        "grow-root-volume atomicos/root 3 GiB -> 5 GiB",
        "create-pool atomicos/docker-pool",
        "data-loss",
        "--consent",
    ];
    move_with_consent(&guest, &spec("5G"), &says)?;
    let after = product::extents(&guest, "atomicos")?;
    ensure!(after["root"] == 1280 && after["docker-pool"] < before["docker-pool"], "{before:?} {after:?}");
    let root: u64 = guest.check("df -B1 --output=size /sysroot | tail -1")?.parse()?;
    ensure!(root > 5000 << 20, "the root file system did not grow with its volume: {root}");
    ensure!(guest.check("docker info --format '{{.Driver}}'; docker images -q; docker ps -aq")? == "devicemapper", "the store is not new");

    let import = guest.run(&["/usr/bin/atomic", "storage", "import"])?;
    ensure!(import.code == 0 && import.stdout.contains("brought back 1 image"), "{import:?}");
    let said = guest.check(&format!("docker run --rm --network none -v ledger:/data {BUSYBOX} cat /data/book"))?;
    ensure!(said == "kept", "{said}");
    Ok(())
}
