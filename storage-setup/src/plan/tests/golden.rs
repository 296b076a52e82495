//! One plan in full: ids are stable over versions, or consents given before are void.

use config::{Driver, GIB, Level};

use super::host::{With, at, bytes, gib, host, of_free, spec, steps};
use crate::Action;

#[test]
fn the_guides_layout_is_planned_like_this() {
    let mut want = spec().driver(Driver::Devicemapper).disk(0).pool(of_free(60)).plain("data", "/srv/my-data", gib(1));
    want.root_size = Some(at(6, Level::Bytes(bytes(4 * GIB))));
    let line = |step: &config::Step<Action>| {
        use config::Describe as _;
        let action = &step.action;
        let after: Vec<&str> = step.after.iter().map(config::StepId::as_str).collect();
        format!(
            "{} {} {}: {} -> {} ({}) [{}] after [{}]",
            step.id,
            action.kind(),
            action.target(),
            action.from(),
            action.to(),
            step.reason,
            step.disruption.as_str(),
            after.join(" ")
        )
    };
    let text: Vec<String> = steps(&want, &host()).iter().map(line).collect();
    insta::assert_snapshot!(text.join("\n"), @r"
    1-d219da08f9c9 add-disk serial:data1: unused -> in atomicos, 4 GiB (host.toml:3:1) [none] after []
    1-b7ce1c5bd5a1 grow-root-volume atomicos/root: 3 GiB -> 4 GiB (host.toml:6:1) [none] after []
    1-ff887082d5e6 grow-root-filesystem /dev/atomicos/root: smaller than its volume -> 4 GiB (host.toml:6:1) [none] after [1-b7ce1c5bd5a1]
    1-9fcab3ee6800 write-file /etc/lvm/profile/atomicos--docker-pool-extend.profile: absent -> autoextend profile, 20 % at 60 % used (host.toml:10:1) [none] after []
    1-33cb75b0cf7a create-pool atomicos/docker-pool: absent -> 9.50 GiB data, 12 MiB metadata (host.toml:10:1) [none] after [1-9fcab3ee6800 1-b7ce1c5bd5a1 1-d219da08f9c9]
    1-6864ba9e729a create-volume atomicos/data: absent -> 1 GiB (host.toml:20:1) [none] after []
    1-64963b9937d6 format-volume atomicos/data: unformatted -> xfs (host.toml:20:1) [none] after [1-6864ba9e729a]
    1-8eef54c6322e write-file /etc/systemd/system/srv-my\x2ddata.mount: absent -> mount unit of /dev/atomicos/data (host.toml:20:1) [none] after [1-64963b9937d6]
    1-a1dddd8e52cb start-mount /srv/my-data: not mounted -> /dev/atomicos/data (host.toml:20:1) [none] after [1-64963b9937d6 1-8eef54c6322e]
    1-302cea9e4036 write-file /etc/sysconfig/docker-storage: other text -> engine options, devicemapper instead of overlay2 (host.toml:1:1) [none] after [1-33cb75b0cf7a]
    ");
}
