//! A private bus with a made-up systemd on it. A unit's name says how its jobs end.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zbus::connection::Builder;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, ObjectServer, OwnedObjectPath, interface};

use crate::proxy::Change;
use crate::state::StartCommand;

/// The bus, systemd on it, and what that heard. Dropped, all are gone.
pub(crate) struct Bus {
    pub(crate) address: String,
    heard: Arc<Mutex<Vec<String>>>,
    daemon: Child,
    _systemd: Connection,
}

impl Bus {
    pub(crate) async fn start() -> Bus {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .stdout(Stdio::piped())
            // It complains there of limits that only a root of the whole host may raise.
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run dbus-daemon ({error}): install the package dbus-daemon, or dbus on older systems"));
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        assert!(!address.is_empty(), "dbus-daemon ended before it gave its address: is its session.conf installed?");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let manager = Manager { heard: Arc::clone(&heard), enabled: BTreeSet::new(), subscribed: false, jobs: 0 };
        let systemd = Builder::address(address.as_str())
            .serve_at("/org/freedesktop/systemd1", manager)
            .name("org.freedesktop.systemd1")
            .build()
            .await
            .unwrap();
        Bus { address, heard, daemon, _systemd: systemd }
    }

    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.daemon.kill().unwrap();
        self.daemon.wait().unwrap();
    }
}

#[derive(Debug, zbus::DBusError)]
#[zbus(prefix = "org.freedesktop.systemd1")]
enum Refusal {
    #[zbus(error)]
    Bus(zbus::Error),
    NoSuchUnit(String),
    AlreadySubscribed(String),
}

struct Manager {
    heard: Arc<Mutex<Vec<String>>>,
    enabled: BTreeSet<String>,
    subscribed: bool,
    jobs: u32,
}

#[interface(name = "org.freedesktop.systemd1.Manager")]
impl Manager {
    fn subscribe(&mut self) -> Result<(), Refusal> {
        if std::mem::replace(&mut self.subscribed, true) {
            return Err(Refusal::AlreadySubscribed("Client is already subscribed.".to_owned()));
        }
        self.hear("subscribe".to_owned());
        Ok(())
    }

    fn reload(&self) {
        self.hear("reload".to_owned());
    }

    async fn load_unit(&self, name: String, #[zbus(object_server)] server: &ObjectServer) -> Result<OwnedObjectPath, Refusal> {
        let path = path("unit", &name);
        server.at(path.clone(), Unit { name: name.clone() }).await?;
        if name.ends_with(".service") {
            server.at(path.clone(), Service).await?;
        }
        Ok(path)
    }

    async fn start_unit(
        &mut self,
        name: String,
        mode: String,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> Result<OwnedObjectPath, Refusal> {
        self.job("start", &name, &mode, &emitter).await
    }

    async fn stop_unit(
        &mut self,
        name: String,
        mode: String,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> Result<OwnedObjectPath, Refusal> {
        self.job("stop", &name, &mode, &emitter).await
    }

    async fn restart_unit(
        &mut self,
        name: String,
        mode: String,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> Result<OwnedObjectPath, Refusal> {
        self.job("restart", &name, &mode, &emitter).await
    }

    fn enable_unit_files(&mut self, files: Vec<String>, runtime: bool, force: bool) -> (bool, Vec<Change>) {
        assert!(!runtime && !force);
        let installable: Vec<String> = files.into_iter().filter(|file| file != "static.service").collect();
        let any = !installable.is_empty();
        let changes = installable.into_iter().filter(|file| self.enabled.insert(file.clone())).map(link).collect();
        (any, changes)
    }

    fn disable_unit_files(&mut self, files: Vec<String>, runtime: bool) -> Result<Vec<Change>, Refusal> {
        assert!(!runtime);
        if files.iter().any(|file| file == "missing.service") {
            return Err(Refusal::NoSuchUnit("Unit file missing.service does not exist.".to_owned()));
        }
        Ok(files.into_iter().filter(|file| self.enabled.remove(file)).map(link).collect())
    }

    #[zbus(signal)]
    async fn job_removed(emitter: &SignalEmitter<'_>, id: u32, job: OwnedObjectPath, unit: &str, result: &str) -> zbus::Result<()>;
}

impl Manager {
    fn hear(&self, what: String) {
        self.heard.lock().unwrap().push(what);
    }

    async fn job(&mut self, verb: &str, name: &str, mode: &str, emitter: &SignalEmitter<'_>) -> Result<OwnedObjectPath, Refusal> {
        self.hear(format!("{verb} {name} {mode}"));
        if name == "missing.service" {
            return Err(Refusal::NoSuchUnit(format!("Unit {name} not loaded.")));
        }
        let others = if name == "busy.service" { 500 } else { 0 };
        for _ in 0..others {
            self.jobs += 1;
            Manager::job_removed(emitter, self.jobs, path("job", &self.jobs.to_string()), "other.service", "done").await?;
        }
        self.jobs += 1;
        let (id, job) = (self.jobs, path("job", &self.jobs.to_string()));
        match name.trim_end_matches(".service") {
            "hangs" => (),
            "quick" | "busy" => Manager::job_removed(emitter, id, job.clone(), name, "done").await?,
            "slow" => {
                let (emitter, job, name, heard) = (emitter.to_owned(), job.clone(), name.to_owned(), Arc::clone(&self.heard));
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    heard.lock().unwrap().push(format!("{name} ended"));
                    Manager::job_removed(&emitter, id, job, &name, "done").await.unwrap();
                });
            }
            result => Manager::job_removed(emitter, id, job.clone(), name, result).await?,
        }
        Ok(job)
    }
}

struct Unit {
    name: String,
}

impl Unit {
    fn is_there(&self) -> bool {
        self.name != "missing.service"
    }

    fn pick<'a>(&self, there: &'a str, missing: &'a str) -> String {
        if self.is_there() { there } else { missing }.to_owned()
    }
}

#[interface(name = "org.freedesktop.systemd1.Unit")]
impl Unit {
    #[zbus(property)]
    fn id(&self) -> String {
        self.name.clone()
    }
    #[zbus(property)]
    fn load_state(&self) -> String {
        self.pick("loaded", "not-found")
    }
    #[zbus(property)]
    fn active_state(&self) -> String {
        self.pick("active", "inactive")
    }
    #[zbus(property)]
    fn sub_state(&self) -> String {
        self.pick("running", "dead")
    }
    #[zbus(property)]
    fn fragment_path(&self) -> String {
        self.pick(&format!("/lib/systemd/system/{}", self.name), "")
    }
    #[zbus(property)]
    fn need_daemon_reload(&self) -> bool {
        self.is_there()
    }
    #[zbus(property)]
    fn job(&self) -> (u32, OwnedObjectPath) {
        if self.is_there() { (9, path("job", "9")) } else { (0, OwnedObjectPath::try_from("/").unwrap()) }
    }
    #[zbus(property)]
    fn condition_timestamp_monotonic(&self) -> u64 {
        u64::from(self.is_there())
    }
    #[zbus(property)]
    fn condition_result(&self) -> bool {
        self.is_there()
    }
    #[zbus(property)]
    fn assert_timestamp_monotonic(&self) -> u64 {
        u64::from(self.is_there())
    }
    #[zbus(property)]
    fn assert_result(&self) -> bool {
        false
    }
}

struct Service;

#[interface(name = "org.freedesktop.systemd1.Service")]
impl Service {
    #[zbus(property, name = "MainPID")]
    fn main_pid(&self) -> u32 {
        4711
    }
    #[zbus(property)]
    fn exec_start(&self) -> Vec<StartCommand> {
        let words = ["/usr/bin/daemon", "$OPTIONS"].map(str::to_owned).to_vec();
        vec![("/usr/bin/daemon".to_owned(), words, false, 1, 2, 3, 4, 4711, 0, 0)]
    }
    #[zbus(property)]
    fn environment_files(&self) -> Vec<(String, bool)> {
        vec![("/etc/default/daemon".to_owned(), true), ("/etc/sysconfig/daemon".to_owned(), false)]
    }
}

fn link(file: String) -> Change {
    ("symlink".to_owned(), format!("/etc/systemd/system/multi-user.target.wants/{file}"), file)
}

fn path(kind: &str, name: &str) -> OwnedObjectPath {
    let name = name.replace('.', "_2e");
    OwnedObjectPath::try_from(format!("/org/freedesktop/systemd1/{kind}/{name}")).unwrap()
}
