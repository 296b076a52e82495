//! Whom and what the drop-in for docker-storage-setup waits for: the shell tool's lock, the agent's, and disks that come late.

use anyhow::Result;
use tests::drop_in::{INPUT, host};
use tests::product::{self, SPEC};

/// Shell functions: `hold FILE` takes a lock and keeps it until `let_go`; `until_true COMMAND` gives up after two minutes.
const TOOLS: &str = "rm -f /run/go /run/held; \
    until_true() { n=0; until eval \"$1\"; do n=$((n + 1)); test $n -lt 600 || { echo \"never: $1\"; exit 9; }; sleep 0.2; done; }; \
    hold() { mkdir -p $(dirname $1); flock $1 sh -c 'touch /run/held; until test -e /run/go; do sleep 0.1; done' & \
             until_true 'test -e /run/held'; }; \
    let_go() { touch /run/go; }; ";

#[test]
fn one_writer_at_a_time_whoever_it_is() -> Result<()> {
    let guest = host()?;
    let script = |text: &str| guest.check(&format!("{TOOLS}{text}"));

    // The shell tool's lock, said each second.
    script(
        "hold /var/lock/container-storage-setup/lock; container-storage-setup list > /run/out 2> /run/said & pid=$!; sleep 3; \
         until_true 'grep -qx \"INFO: Waiting to acquire lock /var/lock/container-storage-setup/lock\" /run/said'; \
         kill -0 $pid && let_go && wait $pid && ! test -s /run/out",
    )?;

    // The agent's: nothing is on the disk before it comes, and reading needs none of it.
    guest.write_file("/var/tmp/own", "STORAGE_DRIVER=\nVG=own\nDEVS=/dev/vdc\n")?;
    script(
        "hold /run/atomic-host/lock; container-storage-setup list || exit 1; \
         container-storage-setup create own /var/tmp/own > /run/out 2>&1 & pid=$!; sleep 4; \
         kill -0 $pid && ! vgs own && test -z \"$(wipefs -p /dev/vdc)\" && let_go && wait $pid && vgs own",
    )?;

    // The drop-in has it while bash evaluates its file; the agent applies once it is done.
    guest.write_file(SPEC, "[storage]\ndriver = \"overlay2\"\nroot-size = \"3200M\"\n")?;
    guest.write_file(
        INPUT,
        "STORAGE_DRIVER=\nVG=docker\nDEVS=$(touch /run/held; until test -e /run/go; do sleep 0.1; done; echo /dev/vdb)\n",
    )?;
    let before = product::extents(&guest, "atomicos")?["root"];
    script(
        "docker-storage-setup > /run/dropped 2>&1 & dropped=$!; until_true 'test -e /run/held'; \
         atomic host apply > /run/applied 2>&1 & applied=$!; sleep 8; kill -0 $dropped && kill -0 $applied && \
         lvs --noheadings --units b --nosuffix -o lv_size atomicos/root > /run/size && let_go && wait $dropped && { wait $applied; code=$?; test $code = 0 -o $code = 3; } || \
         { cat /run/dropped /run/applied; exit 1; }",
    )?;
    let meanwhile: u64 = guest.check("cat /run/size")?.parse()?;
    assert_eq!(meanwhile, before * (4 << 20), "the agent waited");
    assert_eq!(product::extents(&guest, "atomicos")?["root"], 800, "and then went on");
    guest.check("pvs --noheadings -o pv_name,vg_name | grep -E '/dev/vdb1 +docker'")?;
    Ok(())
}

#[test]
fn a_group_and_a_pool_that_come_late_are_waited_for() -> Result<()> {
    let guest = host()?;
    let script = |text: &str| guest.check(&format!("{TOOLS}{text}"));

    // A group that is named without its disks, before there is a pool: its disk is taken off the bus and comes back.
    guest.write_file(INPUT, "STORAGE_DRIVER=devicemapper\nVG=docker\nMIN_DATA_SIZE=1G\n")?;
    script(
        "vgcreate -qy docker /dev/vdb; udevadm settle; disk=$(basename $(readlink -f /sys/block/vdb/device)); \
         cd /sys/bus/virtio/drivers/virtio_blk; echo $disk > unbind; until_true '! vgs docker 2> /dev/null'; \
         docker-storage-setup > /run/said 2>&1 & pid=$!; \
         until_true 'grep -q \"INFO: Waiting for volume group docker. Wait time remaining is 60 seconds\" /run/said'; \
         echo $disk > bind; wait $pid || { cat /run/said; exit 1; }",
    )?;
    guest.check("dmsetup table docker-docker--pool | grep thin-pool && grep docker-docker--pool /etc/sysconfig/docker-storage")?;

    // The pool that docker is told of, although another driver is asked for by now.
    guest.write_file(INPUT, "STORAGE_DRIVER=overlay2\n")?;
    let told = guest.check("cat /etc/sysconfig/docker-storage")?;
    script(
        "vgchange -qan docker; docker-storage-setup > /run/said 2>&1 & pid=$!; \
         until_true 'grep -q \"INFO: Waiting for device /dev/mapper/docker-docker--pool to be available\" /run/said'; \
         kill -0 $pid && vgchange -qay docker; wait $pid && grep 'Storage is already configured with devicemapper driver' /run/said",
    )?;
    // What does not come in time is no failure: who answers that with a reset means another pool.
    guest.write_file(INPUT, "STORAGE_DRIVER=overlay2\nDEVICE_WAIT_TIMEOUT=2\n")?;
    script(
        "vgchange -qan docker; docker-storage-setup > /run/said 2>&1 && \
         grep -x 'INFO: Timed out waiting for device /dev/mapper/docker-docker--pool' /run/said",
    )?;
    assert_eq!(guest.check("cat /etc/sysconfig/docker-storage")?, told);
    Ok(())
}
