//! Specs that the host cannot follow: each gets its lines and exit code 2, and no disk changes by a byte.

use anyhow::Result;
use tests::guest::Guest;
use tests::image::Layout;
use tests::product::{self, SPEC};

/// A bad spec, how the host is prepared for it, and words that its diagnostics must have.
struct Bad {
    name: &'static str,
    prepare: &'static str,
    spec: &'static str,
    drop_in: Option<&'static str>,
    says: &'static [&'static str],
}

const BAD: [Bad; 12] = [
    Bad {
        name: "an unknown key",
        prepare: "",
        spec: "[storage]\ndrivr = \"overlay2\"\n",
        drop_in: None,
        says: &["/etc/atomic-host.toml:2:1", "drivr", "driver"],
    },
    Bad {
        name: "a bad size",
        prepare: "",
        spec: "[storage]\nroot-size = \"six gigabytes\"\n",
        drop_in: None,
        says: &["/etc/atomic-host.toml:2:13", "six gigabytes", "6G"],
    },
    Bad {
        name: "a size over the group",
        prepare: "",
        spec: "[storage]\ndriver = \"overlay2\"\nroot-size = \"900G\"\n",
        drop_in: None,
        says: &["/etc/atomic-host.toml:3:13", "900 GiB", "free"],
    },
    Bad {
        name: "a missing device",
        prepare: "",
        spec: "[storage]\ndevices = [\"/dev/vdz\"]\n",
        drop_in: None,
        says: &["/etc/atomic-host.toml:2:12", "/dev/vdz"],
    },
    Bad {
        name: "a partitioned device",
        prepare: "printf 'label: dos\\n,\\n' | sfdisk -q /dev/vdb; udevadm settle",
        spec: "[storage]\ndevices = [\"/dev/vdb\"]\n",
        drop_in: None,
        says: &["/etc/atomic-host.toml:2:12", "partition", "/dev/vdb"],
    },
    Bad {
        name: "a device with a signature",
        prepare: "mkfs.ext4 -qF /dev/vdc",
        spec: "[storage]\ndevices = [\"/dev/vdc\"]\n",
        drop_in: None,
        says: &["/etc/atomic-host.toml:2:12", "ext4", "/dev/vdc"],
    },
    Bad {
        name: "a device in another group",
        prepare: "vgcreate -qy theirs /dev/vdd",
        spec: "[storage]\ndevices = [\"/dev/vdd\"]\n",
        drop_in: None,
        says: &["/etc/atomic-host.toml:2:12", "theirs", "/dev/vdd"],
    },
    Bad {
        name: "a wrong type",
        prepare: "",
        spec: "[storage]\ndevices = \"/dev/vdb\"\n",
        drop_in: None,
        says: &["/etc/atomic-host.toml:2:11", "devices"],
    },
    Bad {
        name: "two errors in two files",
        prepare: "",
        spec: "[agent]\nallow = \"restrat\"\n",
        drop_in: Some("printf '[storage]\\nroot-size = \"110%%FREE\"\\n' > /etc/atomic-host.d/50-site.toml"),
        says: &["/etc/atomic-host.toml:2:9", "restart", "/etc/atomic-host.d/50-site.toml:2:13", "110%FREE"],
    },
    Bad {
        name: "an unused pool",
        prepare: "",
        spec: "[storage]\ndriver = \"overlay2\"\n[storage.pool]\nsize = \"2G\"\n",
        drop_in: None,
        says: &["/etc/atomic-host.toml:3:", "pool"],
    },
    Bad {
        name: "an unreadable drop-in",
        prepare: "",
        spec: "[storage]\ndriver = \"overlay2\"\n",
        drop_in: Some("mkdir /etc/atomic-host.d/50-site.toml"),
        says: &["/etc/atomic-host.d/50-site.toml", "directory"],
    },
    Bad {
        name: "a binary file",
        prepare: "",
        spec: "",
        drop_in: Some("head -c 4096 /usr/bin/atomic > /etc/atomic-host.toml"),
        says: &["/etc/atomic-host.toml"],
    },
];

/// The thirteenth: the engine decides which drivers there are.
const LACKED: Bad = Bad {
    name: "a driver that the engine lacks",
    prepare: "",
    spec: "[engine]\nkind = \"podman\"\n[storage]\ndriver = \"devicemapper\"\n",
    drop_in: None,
    says: &["/etc/atomic-host.toml:4:10", "podman", "devicemapper"],
};

/// One machine for all: since none may change anything, each finds it as the last one left it.
#[test]
fn each_gets_its_lines_and_exit_code_two_and_the_disks_keep_every_byte() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    // The daemon would answer the same edits; here the person's command is looked at.
    guest.check("systemctl stop atomic-hostd.service")?;
    for bad in BAD.iter().chain([&LACKED]) {
        refused(&guest, bad)?;
        if !bad.prepare.is_empty() {
            guest.check("vgremove -qfy theirs 2>/dev/null; for d in vdb vdc vdd; do wipefs -qa /dev/$d; done; udevadm settle")?;
        }
    }
    Ok(())
}

fn refused(guest: &Guest, bad: &Bad) -> Result<()> {
    guest.check("rm -rf /etc/atomic-host.d/50-site.toml")?;
    if !bad.prepare.is_empty() {
        guest.check(bad.prepare)?;
    }
    guest.write_file(SPEC, bad.spec)?;
    if let Some(script) = bad.drop_in {
        guest.check(script)?;
    }
    let before = checksums(guest)?;
    product::refused(guest, bad.name, bad.says)?;
    assert_eq!(checksums(guest)?, before, "{}: a disk changed", bad.name);
    Ok(())
}

/// The data disks as the machine's host sees them, and LVM's metadata area on the root disk (the rest of that is the running system).
fn checksums(guest: &Guest) -> Result<String> {
    let mut sums = guest.check(
        "sync; blockdev --flushbufs /dev/vdb /dev/vdc /dev/vdd; dd if=/dev/vda2 bs=1M count=1 iflag=direct status=none | sha256sum; \
         ls -lR --time-style=full-iso /etc/lvm/profile /etc/sysconfig | sha256sum",
    )?;
    for serial in ["data1", "data2", "data3"] {
        sums.push_str(&guest.disk_checksum(serial)?);
    }
    Ok(sums)
}

#[test]
fn a_bad_file_at_boot_leaves_the_last_generation_in_force_and_status_says_so() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    guest.write_file(
        SPEC,
        "[storage]\ndriver = \"overlay2\"\n[storage.volume.data]\nmount = \"/var/data\"\nsize = \"1G\"\n[storage.pool]\nsize = \"2G\"\n",
    )?;
    product::apply(&guest, &[])?;
    guest.write_file(SPEC, "[storage\ndriver = \n")?;
    guest.reboot_and_wait()?;
    guest.check("findmnt /var/data && systemctl is-active docker.service atomic-host-storage.service atomic-hostd.service")?;
    let status = guest.check("atomic host status")?;
    assert!(status.starts_with("spec      from generation "), "{status}");
    assert!(status.contains("/etc/atomic-host.toml:1:"), "{status}");
    let output = guest.run(&["/usr/bin/atomic", "host", "apply"])?;
    assert_eq!(output.code, 2, "{}", output.stderr);
    Ok(())
}
