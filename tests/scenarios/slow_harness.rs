//! What scenarios rely on beside the machine: served files, images to run, a registry and a log server.

use anyhow::Result;
use std::fs;
use tests::archive::{self, BUSYBOX};
use tests::containers::{self, Image};
use tests::guest::{Guest, PATIENCE};
use tests::image::Layout;
use tests::log_server::LogServer;
use tests::registry::{HOST, Registry};

#[test]
fn the_archived_image_loads_and_runs_and_files_are_served_to_the_guest() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    fs::write(guest.www().join("busybox.tar"), archive::busybox()?)?;
    guest.check("curl -sSf http://10.0.2.9:8123/busybox.tar -o /var/busybox.tar && podman load -q -i /var/busybox.tar")?;
    let said = guest.check(&format!("podman run --rm --network none {BUSYBOX} echo from inside"))?;
    assert_eq!(said, "from inside");
    Ok(())
}

const TEAM_APP: &str = "10.0.2.9:5000/team/app:1";

#[test]
fn both_engines_pull_from_a_registry_beside_the_guest_while_it_is_on() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    let mut registry = Registry::start(&guest)?;
    let image = |version| Image::busybox()?.with_file("/version", version);
    let first = registry.push("team/app", "1", &image("first")?)?;
    guest.check(&format!("podman pull -q --tls-verify=false {TEAM_APP}"))?;
    assert_eq!(guest.check(&format!("podman run --rm --network none {TEAM_APP} cat /version"))?, "first");
    assert_eq!(guest.check(&format!("podman image inspect -f '{{{{.Digest}}}}' {TEAM_APP}"))?, first);

    guest.check(&format!("mkdir -p /etc/docker && echo '{{\"insecure-registries\": [\"{HOST}\"]}}' >/etc/docker/daemon.json"))?;
    guest.check("systemctl restart docker")?;
    guest.check(&format!("docker pull -q {TEAM_APP}"))?;
    assert_eq!(guest.check(&format!("docker run --rm --network none {TEAM_APP} cat /version"))?, "first");

    registry.stop();
    let second = image("second")?;
    for pull in ["podman pull -q --tls-verify=false", "docker pull -q"] {
        assert_ne!(guest.sh(&format!("{pull} {TEAM_APP}"))?.code, 0, "{pull} from nowhere");
    }
    registry.start_again()?;
    let second = registry.push("team/app", "1", &second)?;
    guest.check(&format!("podman pull -q --tls-verify=false {TEAM_APP} && docker pull -q {TEAM_APP}"))?;
    let digests = guest.check(&format!("docker image inspect -f '{{{{.RepoDigests}}}}' {TEAM_APP}"))?;
    assert!(digests.contains(&second), "{digests}");
    Ok(())
}

/// What an agent would give the container.
const RSYSLOG: &str = "podman run -d --tls-verify=false --name rsyslog --privileged --network host --log-driver none \
    -v /etc/rsyslog.d:/etc/rsyslog.d:ro -v /etc/machine-id:/etc/machine-id:ro -v /etc/localtime:/etc/localtime:ro \
    -v /run/log:/run/log -v /var/log:/var/log -v /var/lib/rsyslog:/var/lib/rsyslog 10.0.2.9:5000/atomic-host/rsyslog:1";

#[test]
fn the_rsyslog_container_writes_files_and_sends_what_waited_for_the_log_server() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    let registry = Registry::start(&guest)?;
    registry.push("atomic-host/rsyslog", "1", &containers::rsyslog()?)?;
    let mut logs = LogServer::start(&guest)?;
    let address = logs.address();
    let (address, port) = address.split_once(':').unwrap_or_default();
    let files = "/usr/share/rsyslog/local-files.conf";
    guest.check("mkdir -p /etc/rsyslog.d /var/lib/rsyslog")?;
    guest.write_file(
        "/etc/rsyslog.d/50-atomic-host.conf",
        format!(
            "include(file=\"{files}\")\n*.* action(type=\"omfwd\" name=\"forward-0\" target=\"{address}\" port=\"{port}\" protocol=\"tcp\" \
             action.resumeRetryCount=\"-1\" action.resumeInterval=\"1\" action.resumeIntervalMax=\"5\" queue.type=\"LinkedList\" \
             queue.filename=\"forward-0\" queue.maxDiskSpace=\"64m\" queue.saveOnShutdown=\"on\" queue.timeoutEnqueue=\"0\" \
             queue.timeoutActionCompletion=\"10\")\n"
        ),
    )?;
    guest.check(RSYSLOG)?;
    // The guest agent logs each command: what is looked for must not find the command that looks.
    let count = |file: &str, word: &str| guest.sh(&format!("grep -c 'probe[^ ]*: {word}' /var/log/{file}")).map(|output| output.stdout);
    guest.check("logger -t probe word-one; logger -p authpriv.info -t probe word-two")?;
    assert!(logs.wait_for("]: word-one", PATIENCE)?.contains(" user.notice probe["));
    assert!(logs.wait_for("]: word-two", PATIENCE)?.contains(" authpriv.info probe["));
    assert_eq!([count("messages", "word-one")?, count("messages", "word-two")?, count("secure", "word-two")?], ["1\n", "0\n", "1\n"]);

    logs.stop();
    guest.check("logger -t probe word-three; until grep -q 'probe[^ ]*: word-three' /var/log/messages; do sleep 1; done")?;
    guest.check("podman stop rsyslog && podman start rsyslog")?;
    logs.start_again()?;
    logs.wait_for("]: word-three", PATIENCE)?;
    assert_eq!(count("messages", "word-three")?, "1\n");
    Ok(())
}

#[test]
fn podman_answers_on_its_socket_once_started_and_has_what_its_containers_need() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    assert_eq!(guest.sh("systemctl is-enabled podman.socket; systemctl is-active podman.socket")?.stdout, "disabled\ninactive\n");
    guest.check("systemctl start podman.socket")?;
    assert_eq!(guest.check("curl -sSf --unix-socket /run/podman/podman.sock http://podman/_ping")?, "OK");
    assert_eq!(
        guest.check("podman info -f '{{.Store.GraphDriverName}} {{.Host.OCIRuntime.Name}} {{.Host.NetworkBackend}}'")?,
        "overlay crun netavark"
    );

    let page = Image::busybox()?.with_file("/www/index.html", "served")?.with_command(&["httpd", "-f", "-p", "80", "-h", "/www"]);
    guest.write_file("/var/tmp/page.tar", archive::write("localhost/page:1", &page)?)?;
    guest.check("podman load -q -i /var/tmp/page.tar && podman run -d --name page -p 127.0.0.1:8080:80 localhost/page:1")?;
    assert_eq!(guest.check("curl -sSf --retry 20 --retry-delay 1 --retry-all-errors http://127.0.0.1:8080/index.html")?, "served");
    guest.check("podman create --name once --network none localhost/page:1 sh -c 'echo said; exit 3'")?;
    let once = guest.run(&["podman", "start", "--attach", "once"])?;
    assert_eq!((once.code, once.stdout.as_str()), (3, "said\n"), "{}", once.stderr);
    Ok(())
}
