//! A made-up engine behind a unix socket: canned answers, and one container that can run, speak and end.
//!
//! It can go away and come back, as dockerd does when it is restarted; the container stays as it is, as with live-restore.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// The engine. Dropped, it is gone.
pub(crate) struct Engine {
    directory: TempDir,
    shared: Arc<Shared>,
    server: Option<JoinHandle<()>>,
}

struct Shared {
    inside: Mutex<Inside>,
    /// Changes with everything that the container does.
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Inside {
    heard: Vec<String>,
    bodies: Vec<Value>,
    answers: BTreeMap<String, (u16, String)>,
    cuts: bool,
    container: Option<Container>,
}

/// The container `redis`.
#[derive(Clone)]
pub(crate) struct Container {
    pub(crate) labels: Value,
    pub(crate) running: bool,
    pub(crate) code: i64,
    /// What it wrote: 1 for standard output, 2 for standard error.
    pub(crate) said: Vec<(u8, Vec<u8>)>,
    /// Whether it ends when it is told to stop.
    pub(crate) obeys: bool,
}

impl Container {
    /// One of ours that never ran.
    pub(crate) fn ours() -> Container {
        let labels = json!({ "io.atomic-host.unit": "container-redis.service" });
        Container { labels, running: false, code: 0, said: Vec::new(), obeys: true }
    }
}

impl Engine {
    pub(crate) async fn start() -> Engine {
        let shared = Arc::new(Shared { inside: Mutex::default(), changed: watch::Sender::default() });
        let mut engine = Engine { directory: TempDir::new().unwrap(), shared, server: None };
        engine.come_back();
        engine
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("engine.sock")
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// `what` is a method and a path without its query.
    pub(crate) fn answer(&self, what: &str, status: u16, body: &impl ToString) {
        self.shared.lock().answers.insert(what.to_owned(), (status, body.to_string()));
    }

    /// From now on canned answers break off before their end.
    pub(crate) fn cut_answers(&self) {
        self.shared.lock().cuts = true;
    }

    pub(crate) fn has(&self, container: Container) {
        self.change(|inside| inside.container = Some(container));
    }

    /// Lets the container do something.
    pub(crate) fn container(&self, act: impl FnOnce(&mut Container)) {
        self.change(|inside| act(inside.container.as_mut().unwrap()));
    }

    fn change(&self, act: impl FnOnce(&mut Inside)) {
        act(&mut self.shared.lock());
        self.shared.changed.send_modify(|count| *count += 1);
    }

    /// Methods and paths with queries, without the sign of life.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.shared.lock().heard.clone()
    }

    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.shared.lock().bodies.clone()
    }

    /// Waits until something was heard so many times.
    pub(crate) async fn hears(&self, what: &str, times: usize) {
        let heard = async {
            while self.heard().iter().filter(|heard| heard.starts_with(what)).count() < times {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), heard)
            .await
            .unwrap_or_else(|_| panic!("never heard {what}: {:?}", self.heard()));
    }

    /// All connections break, and nobody listens any more.
    pub(crate) async fn go_away(&mut self) {
        let server = self.server.take().unwrap();
        server.abort();
        let _aborted = server.await;
        std::fs::remove_file(self.socket()).unwrap();
    }

    pub(crate) fn come_back(&mut self) {
        let listener = UnixListener::bind(self.socket()).unwrap();
        let shared = Arc::clone(&self.shared);
        self.server = Some(tokio::spawn(async move {
            // Dropped with this task, and with it all connections.
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let shared = Arc::clone(&shared);
                connections.spawn(async move { shared.serve(stream).await });
            }
        }));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    fn container(&self) -> Option<Container> {
        self.lock().container.clone()
    }

    /// One request, one answer.
    async fn serve(&self, mut stream: UnixStream) -> Option<()> {
        let (method, target, body) = read_request(&mut stream).await?;
        let path = target.split('?').next()?;
        let what = format!("{method} {path}");
        if path != "/_ping" {
            let mut inside = self.lock();
            inside.heard.push(format!("{method} {target}"));
            inside.bodies.extend(serde_json::from_slice(&body));
        }
        let canned = self.lock().answers.get(&what).cloned();
        let (status, body) = match (canned, what.as_str()) {
            (Some(canned), _) => canned,
            (None, "GET /_ping") => (200, "OK".to_owned()),
            (None, "GET /containers/redis/json") => self.inspect(),
            (None, "POST /containers/c0ffee/start") => self.start(),
            (None, "POST /containers/c0ffee/stop") => self.stop(),
            (None, "POST /containers/c0ffee/attach") => return self.attach(stream).await,
            (None, "POST /containers/c0ffee/wait") => return self.wait(stream).await,
            _ => (404, json!({ "message": format!("nothing known of {what}") }).to_string()),
        };
        let length = body.len() + usize::from(self.lock().cuts);
        let head = format!("HTTP/1.1 {status} Whatever\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(format!("{head}{body}").as_bytes()).await.ok()
    }

    fn inspect(&self) -> (u16, String) {
        let Some(container) = self.container() else { return (404, json!({ "message": "No such container: redis" }).to_string()) };
        // As docker 20.10 has it, with the parts that are easy to read wrongly.
        let told = json!({
            "Id": "c0ffee", "Name": "/redis", "Created": "2026-01-01T00:00:00.000000000Z", "Path": "redis-server", "Args": [],
            "State": {
                "Status": if container.running { "running" } else { "exited" }, "Running": container.running, "Paused": false,
                "Restarting": false, "OOMKilled": false, "Dead": false, "Pid": 0, "ExitCode": container.code, "Error": "",
                "StartedAt": "0001-01-01T00:00:00Z", "FinishedAt": "0001-01-01T00:00:00Z",
            },
            "Image": "sha256:b", "RestartCount": 0, "Driver": "overlay2", "Platform": "linux", "MountLabel": "", "ProcessLabel": "",
            "AppArmorProfile": "docker-default", "ExecIDs": null,
            "HostConfig": {
                "Binds": ["redis:/data"], "ContainerIDFile": "", "LogConfig": { "Type": "none", "Config": {} }, "NetworkMode": "bridge",
                "PortBindings": { "6379/tcp": [{ "HostIp": "", "HostPort": "6379" }] }, "RestartPolicy": { "Name": "no", "MaximumRetryCount": 0 },
                "AutoRemove": false, "CapAdd": null, "CgroupnsMode": "private", "IpcMode": "private", "Links": null, "OomScoreAdj": 0,
                "ConsoleSize": [0, 0], "Isolation": "", "CpuShares": 0, "Devices": null, "DeviceRequests": null, "KernelMemory": 0,
                "MemorySwappiness": null, "OomKillDisable": null, "PidsLimit": null, "Ulimits": null, "MaskedPaths": ["/proc/kcore"],
            },
            "GraphDriver": { "Data": null, "Name": "overlay2" },
            "Mounts": [{ "Type": "volume", "Name": "redis", "Source": "/x", "Destination": "/data", "Driver": "local", "Mode": "z", "RW": true, "Propagation": "" }],
            "Config": {
                "Hostname": "c0ffee", "ExposedPorts": { "6379/tcp": {} }, "Env": ["PASSWORD=hunter2"], "Cmd": ["redis-server"], "Image": "redis",
                "Volumes": { "/data": {} }, "WorkingDir": "/data", "Entrypoint": null, "OnBuild": null, "Labels": container.labels,
            },
            "NetworkSettings": {
                "Bridge": "", "Ports": { "6379/tcp": null }, "SecondaryIPAddresses": null, "IPPrefixLen": 0, "MacAddress": "",
                "Networks": { "bridge": { "IPAMConfig": null, "Links": null, "Aliases": null, "NetworkID": "", "IPAddress": "", "DriverOpts": null } },
            },
        });
        (200, told.to_string())
    }

    fn start(&self) -> (u16, String) {
        self.lock().container.as_mut().unwrap().running = true;
        self.changed.send_modify(|count| *count += 1);
        (204, String::new())
    }

    fn stop(&self) -> (u16, String) {
        if let Some(container) = self.lock().container.as_mut().filter(|container| container.obeys) {
            (container.running, container.code) = (false, 143);
        }
        self.changed.send_modify(|count| *count += 1);
        (204, String::new())
    }

    /// Gives what the container writes from now on, until it ends.
    async fn attach(&self, mut stream: UnixStream) -> Option<()> {
        let mut changed = self.changed.subscribe();
        let mut given = self.container()?.said.len();
        let mut ran = self.container()?.running;
        let head =
            "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
        stream.write_all(head.as_bytes()).await.ok()?;
        loop {
            let container = self.container()?;
            for (stream_of, bytes) in &container.said[given..] {
                let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
                stream.write_all(&[&[*stream_of, 0, 0, 0], &length[..], bytes].concat()).await.ok()?;
            }
            given = container.said.len();
            if ran && !container.running {
                return Some(());
            }
            ran = container.running;
            changed.changed().await.ok()?;
        }
    }

    /// The headers come at once, the exit code when there is one, as dockerd does.
    async fn wait(&self, mut stream: UnixStream) -> Option<()> {
        let mut changed = self.changed.subscribe();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n").await.ok()?;
        while self.container()?.running {
            changed.changed().await.ok()?;
        }
        let told = json!({ "Error": null, "StatusCode": self.container()?.code }).to_string() + "\n";
        stream.write_all(format!("{:x}\r\n{told}\r\n0\r\n\r\n", told.len()).as_bytes()).await.ok()
    }
}

/// Method, path with query, body.
async fn read_request(stream: &mut UnixStream) -> Option<(String, String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut body = bytes.split_off(end);
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    while body.len() < length && stream.read_buf(&mut body).await.ok()? > 0 {}
    let mut words = head.split(' ');
    Some((words.next()?.to_owned(), words.next()?.to_owned(), body))
}
