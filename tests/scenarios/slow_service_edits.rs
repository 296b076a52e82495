//! Live edits of a host with services: each changes what it says, and restarts nothing else.

use anyhow::{Context, Result};
use serde_json::Value;
use tests::product::{self, SPEC};
use tests::site::{self, NAMES, Site};

#[test]
fn only_what_an_edit_changes_is_restarted() -> Result<()> {
    let site = Site::ready()?;
    let guest = &site.guest;
    let spec = format!("[storage]\ndriver = \"overlay2\"\n\n{}", site::services("docker"));
    let apply = |text: &str| -> Result<product::Applied> {
        guest.write_file(SPEC, text)?;
        let applied = product::apply(guest, &[])?;
        assert_eq!(applied.code, 0, "{:#}", applied.report);
        assert_eq!(product::plan(guest)?, Vec::<Value>::new());
        Ok(applied)
    };
    apply(&spec)?;
    let all = |names: &[&str]| site.incarnations("docker", names);
    let start = all(&NAMES)?;

    let more = spec.replace("memory = \"64M\"", "memory = \"48M\"");
    let applied = apply(&more)?;
    assert_eq!(applied.kinds(), ["write-file", "reload-units"]);
    assert_eq!(guest.check("cat /sys/fs/cgroup/container.slice/container-web.slice/memory.max")?, (48 << 20).to_string());
    assert_eq!(all(&NAMES)?, start, "limits restart nothing");

    let moved = more.replace("8080:80", "8081:80");
    apply(&moved)?;
    assert_eq!(site.fetch(8081, "index.html")?, "version 1");
    assert_ne!(guest.sh("curl -sf --max-time 2 http://127.0.0.1:8080/")?.code, 0);
    assert_eq!(all(&NAMES[1..])?, start[1..], "another port restarts one");

    let newer = moved.replace("site/web:1", "site/web:2");
    apply(&newer)?;
    assert_eq!(site.fetch(8081, "index.html")?, "version 2");
    assert_eq!(all(&NAMES[1..])?, start[1..]);

    let added = format!("{newer}\n[container.another]\nimage = \"{}/site/worker:1\"\n", tests::registry::HOST);
    apply(&added)?;
    guest.check("systemctl is-active container-another.service")?;
    assert_eq!(all(&NAMES[1..])?, start[1..]);

    let renamed = added.replace("[container.another]", "[container.renamed]");
    apply(&renamed)?;
    guest.check(
        "systemctl is-active container-renamed.service; ! docker inspect another; ! test -e /etc/systemd/system/container-another.service",
    )?;
    assert_eq!(all(&NAMES[1..])?, start[1..]);

    let disabled = renamed.replace("[container.renamed]", "[container.renamed]\nenabled = false");
    apply(&disabled)?;
    guest.check("! docker inspect renamed; ! test -e /etc/systemd/system/container-renamed.service")?;

    // What nobody asked us to make stays.
    guest.check("docker create --name theirs docker.io/x 2>/dev/null || docker create --name theirs $(docker images -q | head -1) true")?;
    guest.check(
        "printf '[Service]\\nExecStart=/bin/sleep 1d\\n' > /etc/systemd/system/container-theirs.service && systemctl daemon-reload",
    )?;
    let removed = newer.split("[container.follower]").next().context("it is there")?.to_owned();
    apply(&removed)?;
    assert_eq!(guest.check("docker ps -a --format '{{.Names}}' | sort | tr '\\n' ' '")?.trim(), "theirs watcher web");
    assert_eq!(guest.check("ls /etc/systemd/system/container-*")?.lines().count(), 5);
    assert_eq!(all(&NAMES[1..2])?, start[1..2]);
    Ok(())
}
