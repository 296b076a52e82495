//! The appliance boots from its OSTree deployment, as a host that nobody has configured yet.

use anyhow::Result;
use tests::guest::Guest;
use tests::image::Layout;

#[test]
fn the_system_is_read_only_and_the_machines_own_places_are_not() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    for place in ["/", "/usr", "/sysroot"] {
        let touched = guest.sh(&format!("touch {place}/probe"))?;
        assert_ne!(touched.code, 0, "{place} can be written");
        assert!(touched.stderr.contains("Read-only file system"), "{place}: {}", touched.stderr);
    }
    guest.check("touch /etc/probe /var/probe /tmp/probe && rm /etc/probe /var/probe")?;
    Ok(())
}

#[test]
fn the_booted_deployment_is_the_hosts_branch_with_every_unit_well() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    let status = guest.check("ostree admin status")?;
    assert!(status.starts_with("* atomicos "), "{status}");
    assert!(status.contains("origin refspec: edge:atomic/12/x86_64/host"), "{status}");
    assert_eq!(guest.check("systemctl --failed --plain --no-legend")?, "");
    assert_eq!(guest.check("stat -c %F /var/log/journal")?, "directory");
    Ok(())
}

#[test]
fn the_group_has_a_root_of_three_gibibytes_and_the_rest_free() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    let volumes = guest.check("lvs --noheadings --units m --nosuffix -o vg_name,lv_name,lv_size,vg_size,vg_free")?;
    assert_eq!(volumes.split_whitespace().collect::<Vec<_>>(), ["atomicos", "root", "3072.00", "15868.00", "12796.00"]);
    let disks = guest.check("lsblk -dnbo NAME,SIZE,SERIAL /dev/vdb /dev/vdc /dev/vdd | tr -s ' '")?;
    assert_eq!(disks, "vdb 4294967296 data1\nvdc 2147483648 data2\nvdd 1073741824 data3");
    Ok(())
}
