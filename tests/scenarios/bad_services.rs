//! Specs of services that the host cannot have: each gets its lines and exit code 2, and nothing is touched: no file, unit, container or
//! image, not the engine, and no storage that is good.

use anyhow::{Context, Result, ensure};
use tests::guest::Guest;
use tests::image::Layout;
use tests::product::{self, SPEC};

/// A bad spec, and words that its diagnostics must have.
struct Bad {
    name: &'static str,
    spec: &'static str,
    says: &'static [&'static str],
}

/// A spec that is bad on this host alone: how the host becomes so, and is itself again.
struct BadHere {
    prepare: &'static str,
    undo: &'static str,
    bad: Bad,
}

const BAD: [Bad; 15] = [
    Bad {
        name: "images that anybody could have made",
        spec: "[container.web]\nimage = \"redis\"\n[container.db]\nimage = \"docker.io/library/redis\"\n",
        says: &["atomic-host.toml:2:9", "registry", "docker.io/library/redis:TAG", "atomic-host.toml:4:9"],
    },
    Bad {
        name: "ports out of range, and one twice",
        spec: "[container.web]\nimage = \"localhost/x:1\"\npublish = [\"65536:80\", \"0\"]\n\
               [container.db]\nimage = \"localhost/x:1\"\npublish = [\"80\", \"127.0.0.1:80:81\"]\n",
        says: &["atomic-host.toml:3:12", "65536", "65535", "atomic-host.toml:3:24", "atomic-host.toml:6:18", "80/tcp"],
    },
    Bad {
        name: "mounts that nobody can make",
        spec: "[container.web]\nimage = \"localhost/x:1\"\nvolume = [\"srv/www:/a\", \"/srv/../etc:/b\"]\n\
               [container.db]\nimage = \"localhost/x:1\"\nvolume = [\"cache:/c\", \"other:/c\"]\n",
        says: &["atomic-host.toml:3:11", "relative", "atomic-host.toml:3:25", "..", "atomic-host.toml:6:23", "/c already"],
    },
    Bad {
        name: "a circle of containers, and one that waits for nobody",
        spec: "[container.aa]\nimage = \"localhost/x:1\"\nafter = [\"bb\"]\n[container.bb]\nimage = \"localhost/x:1\"\nafter = [\"aa\"]\n\
               [container.cc]\nimage = \"localhost/x:1\"\nafter = [\"dd\"]\n",
        says: &["atomic-host.toml:3:10", "aa -> bb -> aa", "atomic-host.toml:9:10", "dd"],
    },
    Bad {
        name: "an unknown option of the engine",
        spec: "[engine]\nstorage-driver = \"overlay2\"\n",
        says: &["atomic-host.toml:2:1", "storage-driver", "live-restore"],
    },
    Bad {
        name: "an option that the engine lacks",
        spec: "[engine]\nkind = \"podman\"\nlive-restore = true\n",
        says: &["atomic-host.toml:3:16", "live-restore", "podman"],
    },
    Bad {
        name: "a mirror that docker does not take",
        spec: "[registry.\"quay.io\"]\nmirrors = [\"https://mirror.example.com\"]\n",
        says: &["atomic-host.toml:2:12", "docker.io", "/usr/lib/atomic-host.d/10-appliance.toml"],
    },
    Bad {
        name: "a registry that is an URL",
        spec: "[registry.\"https://registry.example.com\"]\ninsecure = true\n",
        says: &["atomic-host.toml:1:11", "more than a host and a port"],
    },
    Bad {
        name: "logs that go to no URL",
        spec: "[rsyslog]\nimage = \"localhost/x:1\"\nforward = [\"logs.example.com:514\", \"tcp://logs.example.com:514/x\"]\n",
        says: &["atomic-host.toml:3:12", "tcp or udp", "atomic-host.toml:3:36"],
    },
    Bad {
        name: "logs without a home",
        spec: "[journal]\nstorage = \"volatile\"\n",
        says: &["atomic-host.toml:2:11", "no home", "[rsyslog]"],
    },
    Bad {
        name: "rsyslog twice",
        spec: "[container.rsyslog]\nimage = \"localhost/x:1\"\n[rsyslog]\nimage = \"localhost/x:1\"\n",
        says: &["atomic-host.toml:1:12", "[rsyslog]", "atomic-host.toml:3:2"],
    },
    Bad {
        name: "amounts and words that do not exist",
        spec: "[container.web]\nimage = \"localhost/x:1\"\nmemory = \"4M\"\ncpus = 0\nrestart = \"sometimes\"\nstop-timeout = \"10\"\n",
        says: &["atomic-host.toml:3:10", "6M", "atomic-host.toml:4:8", "atomic-host.toml:5:11", "always", "atomic-host.toml:6:16", "10s"],
    },
    Bad {
        name: "names that no unit can have",
        spec: "[container.\"web.service\"]\nimage = \"localhost/x:1\"\n[container.\"../web\"]\nimage = \"localhost/x:1\"\n\
               [container.a-----------------------------------------------------------b]\nimage = \"localhost/x:1\"\n",
        says: &["atomic-host.toml:1:12", "'.'", "atomic-host.toml:3:12", "atomic-host.toml:5:12", "dashes"],
    },
    Bad {
        name: "a bad container beside a good one, and beside good storage",
        spec: "[storage]\ndevices = [\"/dev/vdb\"]\nroot-size = \"4G\"\n[storage.pool]\nsize = \"2G\"\n\
               [storage.volume.data]\nmount = \"/var/data\"\nsize = \"1G\"\n\
               [container.good]\nimage = \"localhost/x:1\"\n[container.web]\nimage = \"localhost/x:1\"\nnetwork = \"bridged\"\n",
        says: &["atomic-host.toml:13:11", "bridge"],
    },
    Bad {
        name: "storage and a container that are bad both",
        spec: "[storage]\nroot-size = \"900G\"\n[container.web]\nimage = \"localhost/x:1\"\nvolume = [\"/srv/nowhere:/a\"]\n",
        says: &["atomic-host.toml:2:13", "900 GiB", "atomic-host.toml:5:11", "/srv/nowhere is not there"],
    },
];

const BAD_HERE: [BadHere; 5] = [
    BadHere {
        prepare: "mkfifo /srv/pipe; ln -s loop /srv/loop; mkdir '/srv/a dir'",
        undo: "rm -r /srv/pipe /srv/loop '/srv/a dir'",
        bad: Bad {
            name: "sources that are missing or of the wrong kind, beside a good container and good storage",
            spec: "[storage]\ndevices = [\"/dev/vdb\"]\nroot-size = \"4G\"\n[storage.pool]\nsize = \"2G\"\n\
                   [storage.volume.data]\nmount = \"/var/data\"\nsize = \"1G\"\n\
                   [container.good]\nimage = \"localhost/x:1\"\nvolume = [\"/srv/a dir:/a\", \"/var/data/below:/b\"]\n\
                   [container.web]\nimage = \"localhost/x:1\"\nvolume = [\n\"/srv/not here:/a\",\n\"/dev/vdb:/b\",\n\"/srv/pipe:/c\",\n\
                   \"/etc/passwd/x:/d\",\n\"/srv/loop:/e\",\n]\n",
            says: &[
                "atomic-host.toml:15:1",
                "mkdir -p '/srv/not here'",
                "atomic-host.toml:16:1",
                "a device",
                "atomic-host.toml:17:1",
                "/srv/pipe",
                "atomic-host.toml:18:1",
                "not a directory",
                "atomic-host.toml:19:1",
                "/srv/loop cannot be looked at",
            ],
        },
    },
    BadHere {
        prepare: "cd /etc/systemd/system; printf '[Service]\\nExecStart=/bin/true\\n' >container-aa.service; \
                  cp container-aa.service /run/systemd/system/container-bb.service; \
                  printf '[Slice]\\n' >container-cc.slice; ln -s /dev/null container-dd.service; systemctl daemon-reload",
        undo: "cd /etc/systemd/system; rm container-aa.service container-cc.slice container-dd.service \
               /run/systemd/system/container-bb.service; systemctl daemon-reload",
        bad: Bad {
            name: "names that units and containers have already",
            spec: "[container.aa]\nimage = \"localhost/x:1\"\n[container.bb]\nimage = \"localhost/x:1\"\n\
                   [container.cc]\nimage = \"localhost/x:1\"\n[container.dd]\nimage = \"localhost/x:1\"\n\
                   [container.theirs]\nimage = \"localhost/x:1\"\n[container.other]\nimage = \"localhost/x:1\"\n",
            says: &[
                "atomic-host.toml:1:12",
                "/etc/systemd/system/container-aa.service that is not ours",
                "atomic-host.toml:3:12",
                "/run/systemd/system/container-bb.service",
                "atomic-host.toml:5:12",
                "container-cc.slice that is not ours",
                "atomic-host.toml:7:12",
                "unmask container-dd.service",
                "atomic-host.toml:9:12",
                "a container theirs that is not ours",
                "atomic-host.toml:11:12",
                "other.new that is not ours",
            ],
        },
    },
    BadHere {
        prepare: "printf '[storage]\\ndriver = \"overlay2\"\\n' >/run/nobody-chose; \
                  mount --bind /run/nobody-chose /usr/lib/atomic-host.d/10-appliance.toml",
        undo: "umount /usr/lib/atomic-host.d/10-appliance.toml",
        bad: Bad {
            name: "two engines and no choice",
            spec: "[container.web]\nimage = \"localhost/x:1\"\n",
            says: &["engine.kind", "both docker and podman"],
        },
    },
    BadHere {
        prepare: "mkdir -p /etc/docker; echo '{\"mtu\": 1400}' >/etc/docker/daemon.json",
        undo: "rm /etc/docker/daemon.json",
        bad: Bad {
            name: "an option of the engine in two places",
            spec: "[engine]\nlog-level = \"warn\"\nmtu = 1400\n",
            says: &["atomic-host.toml:3:7", "/etc/docker/daemon.json", "mtu"],
        },
    },
    BadHere {
        prepare: "mkdir -p /etc/rsyslog.d /etc/systemd/journald.conf.d; echo '# by hand' | \
                  tee /etc/rsyslog.d/50-atomic-host.conf /etc/systemd/journald.conf.d/50-atomic-host.conf /etc/sysconfig/docker-atomic-host",
        undo: "rm /etc/rsyslog.d/50-atomic-host.conf /etc/systemd/journald.conf.d/50-atomic-host.conf /etc/sysconfig/docker-atomic-host",
        bad: Bad {
            name: "files that somebody else wrote",
            spec: "[engine]\nmtu = 1400\n[rsyslog]\nimage = \"localhost/x:1\"\n[journal]\nstorage = \"volatile\"\n",
            says: &[
                "atomic-host.toml:2:7",
                "/etc/sysconfig/docker-atomic-host",
                "atomic-host.toml:3:2",
                "/etc/rsyslog.d/50-atomic-host.conf",
                "atomic-host.toml:6:11",
                "/etc/systemd/journald.conf.d/50-atomic-host.conf",
            ],
        },
    },
];

/// Every text of these sections, each on its line, with a newline or a NUL in it.
const CONTROLS: &str = r#"[engine]
dns = ["10.0.0.53\n"]
bip = "172.30.0.1/16\u0000"
[registry."quay.io\n"]
[registry."docker.io"]
mirrors = ["https://mirror.example.com\n--insecure-registry=0.0.0.0/0"]
[container."web\n"]
image = "localhost/x:1"
[container.db]
image = "localhost/x:1\u0000"
command = ["a\nb"]
env.TOKEN = "do-not-tell\n"
env."A\u0000B" = "do-not-tell"
publish = ["80\n"]
volume = ["/srv/a\nExecStartPre=/bin/touch /canary:/a"]
memory = "64M\n"
stop-timeout = "10s\u0000"
network = "host\n"
after = ["cache\nWants=evil.service"]
[container.cache]
image = "localhost/x:1"
[rsyslog]
image = "localhost/x:1\n"
forward = ["tcp://logs.example.com\"\n*.* /canary"]
[journal]
storage = "auto\n"
max-use = "64M\nStorage=none"
"#;

/// What is newer was touched by the product.
const MARK: &str = "/run/mark";

/// One machine for all: since none may change anything, each finds it as the last one left it.
#[test]
fn each_gets_its_lines_and_exit_code_two_and_nothing_is_touched() -> Result<()> {
    let guest = ready()?;
    let before = state(&guest)?;
    let mut wrong: Vec<String> = BAD.iter().filter_map(|bad| refused(&guest, bad).err()).map(|error| format!("{error:#}")).collect();
    wrong.extend(every_line_is_told(&guest).err().map(|error| format!("{error:#}")));
    wrong.extend(untouched(&guest, &before).err().map(|error| format!("{error:#}")));
    for BadHere { prepare, undo, bad } in &BAD_HERE {
        guest.check(&format!("{prepare}; touch {MARK}"))?;
        let checked = refused(&guest, bad).and_then(|()| untouched(&guest, &before).context(bad.name));
        wrong.extend(checked.err().map(|error| format!("{error:#}")));
        guest.check(undo)?;
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// A host without its daemon, which would answer the same edits, with two containers that are not ours and the image they are made from.
fn ready() -> Result<Guest> {
    let guest = Guest::ready(&Layout::default())?;
    guest.write_file(SPEC, "")?;
    guest.check(&format!(
        "systemctl stop atomic-hostd.service; mkdir -p /run/systemd/system /run/systemd/transient; set -e; \
         docker() {{ curl -sSf --unix-socket /run/docker.sock -H \"Content-Type: application/$1\" \"http://d/$2\" \"$3\" \"$4\"; }}; \
         tar -cT /dev/null | docker x-tar 'images/create?fromSrc=-&repo=localhost/x&tag=1' --data-binary @-; \
         docker json containers/create?name=theirs -d '{{\"Image\":\"localhost/x:1\",\"Cmd\":[\"true\"]}}'; \
         docker json containers/create?name=other.new -d '{{\"Image\":\"localhost/x:1\",\"Cmd\":[\"true\"]}}'; touch {MARK}"
    ))?;
    Ok(guest)
}

fn refused(guest: &Guest, bad: &Bad) -> Result<()> {
    guest.write_file(SPEC, bad.spec)?;
    product::refused(guest, bad.name, bad.says)
}

fn every_line_is_told(guest: &Guest) -> Result<()> {
    refused(guest, &Bad { name: "control characters", spec: CONTROLS, says: &["control character"] })?;
    let told = guest.run(&["/usr/bin/atomic", "host", "plan"])?.stderr;
    for (number, line) in (1..).zip(CONTROLS.lines()) {
        let has_control = line.contains(r"\n") || line.contains(r"\u0000");
        let is_told = told.contains(&format!("atomic-host.toml:{number}:"));
        ensure!(is_told == has_control, "line {number}, {line}:\n{told}");
    }
    ensure!(!told.contains("do-not-tell"), "a secret was told:\n{told}");
    guest.check("! test -e /canary").context("a value was carried out").map(drop)
}

fn untouched(guest: &Guest, before: &str) -> Result<()> {
    let after = state(guest)?;
    ensure!(after == before, "before:\n{before}\nafter, and what was touched:\n{after}");
    Ok(())
}

/// What was touched since [`MARK`], and what services that are left alone and disks that are not written to say: each start has an id.
fn state(guest: &Guest) -> Result<String> {
    guest.check(&format!(
        "set -e; find /etc /srv /run/systemd/system /run/systemd/transient /var/lib/atomic-host /var/lib/docker /var/lib/containers -xdev \
         '(' -newer {MARK} -o -cnewer {MARK} ')' ! -path {SPEC}; \
         systemctl show -p Id -p InvocationID -p ActiveState docker.service podman.socket systemd-journald.service; \
         for disk in vda2 vdb; do dd if=/dev/$disk bs=1M count=1 iflag=direct status=none | sha256sum; done"
    ))
}
