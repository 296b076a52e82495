//! A guest: a whole machine running the appliance, to do things to and look at.
//! In: a [`Layout`], then commands. Out: what the commands said. The machine ends when the value is dropped.
//! Commands go through qemu-guest-agent, so they need no network and no login.

mod accel;
mod agent;
mod begun;
mod beside;
mod disks;
mod machine;
mod qmp;
mod ready;
mod served;

pub use agent::Output;
pub(crate) use begun::Begun;
pub(crate) use beside::Beside;
pub use qmp::Qmp;
pub(crate) use served::{Frozen, names as disk_names};

use crate::image::{self, Layout};
use crate::made;
use agent::Agent;
use anyhow::{Context, Result, bail, ensure};
use disks::DataDisk;
use machine::{Backing, Load, Machine};
use serde_json::json;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// Time for one command. Emulated and on a busy computer, everything may take long.
pub const PATIENCE: Duration = Duration::from_mins(4);
/// Time for a boot or a reboot.
pub const BOOT_PATIENCE: Duration = Duration::from_mins(8);

/// A machine that is on.
#[derive(Debug)]
pub struct Guest {
    machine: Machine,
    agent: Mutex<Agent>,
    /// Removed at the end, unless the machine is to stay.
    dirs: Vec<TempDir>,
}

impl Guest {
    /// A machine that booted once, with nothing configured, and is idle; from the saved state, in seconds.
    pub fn ready(layout: &Layout) -> Result<Self> {
        let (saved, home) = (Self::saved(layout)?, home()?);
        disks::copy(&saved, home.path())?;
        let mut guest = Self::start(home.path().to_owned(), Load::Saved(ready::STATE), true)?;
        guest.dirs.push(home);
        guest.set_clock()?;
        Ok(guest)
    }

    /// A machine of its own, from power on, with the disks of the image.
    pub fn boot(layout: &Layout) -> Result<Self> {
        let home = home()?;
        disks::create(home.path(), &image::build(layout)?.path)?;
        let mut guest = Self::start(home.path().to_owned(), Load::PowerOn, true)?;
        guest.dirs.push(home);
        guest.wait_until_up()?;
        Ok(guest)
    }

    /// As [`Guest::ready`], in a given directory, and living on after this process once [`Guest::detach`]ed.
    pub fn ready_in(layout: &Layout, dir: &Path) -> Result<Self> {
        disks::copy(&Self::saved(layout)?, dir)?;
        let guest = Self::start(dir.to_owned(), Load::Saved(ready::STATE), false)?;
        guest.set_clock()?;
        Ok(guest)
    }

    /// Makes the image and its saved state, if they are not there; gives the directory of the latter.
    pub fn saved(layout: &Layout) -> Result<PathBuf> {
        ready::directory(layout, &image::build(layout)?)
    }

    fn start(dir: PathBuf, load: Load<'_>, tied: bool) -> Result<Self> {
        Self::start_on(dir, Backing::Files, load, tied)
    }

    fn start_on(dir: PathBuf, backing: Backing, load: Load<'_>, tied: bool) -> Result<Self> {
        let sockets = tempfile::Builder::new().prefix("guest-").tempdir()?;
        let mut machine = Machine::new(dir, sockets.path().to_owned(), disks::usual(), backing, tied)?;
        machine.start(load)?;
        let agent = Mutex::new(Agent::connect(&machine.agent_socket())?);
        let guest = Self { machine, agent, dirs: vec![sockets] };
        guest.wait_for_agent()?;
        Ok(guest)
    }

    /// Runs a program; any exit code is fine.
    pub fn run(&self, argv: &[&str]) -> Result<Output> {
        self.run_within(PATIENCE, argv)
    }

    /// Runs a program with a time limit of its own.
    pub fn run_within(&self, limit: Duration, argv: &[&str]) -> Result<Output> {
        let ran = self.agent().run(argv, Instant::now() + limit);
        ran.with_context(|| self.told(&argv.join(" ")))
    }

    /// Runs a shell script; any exit code is fine.
    pub fn sh(&self, script: &str) -> Result<Output> {
        self.run(&["/bin/sh", "-c", script])
    }

    /// Runs a shell script that has to succeed; gives its output without surrounding blanks.
    pub fn check(&self, script: &str) -> Result<String> {
        let output = self.sh(script)?;
        if output.code != 0 {
            bail!("in the guest: {script}\nexit code {}\n{}{}", output.code, output.stdout, output.stderr);
        }
        Ok(output.stdout.trim().to_owned())
    }

    /// Writes a file with mode 0644; see [`Guest::check`] for another.
    pub fn write_file(&self, path: &str, bytes: impl AsRef<[u8]>) -> Result<()> {
        let wrote = self.agent().write_file(path, bytes.as_ref(), Instant::now() + PATIENCE);
        wrote.with_context(|| self.told(path))?;
        self.check(&format!("chmod 644 '{path}'")).map(drop)
    }

    /// Reads a file.
    pub fn read_file(&self, path: &str) -> Result<Vec<u8>> {
        let read = self.agent().read_file(path, Instant::now() + PATIENCE);
        read.with_context(|| self.told(path))
    }

    /// Checksum of all that was ever written to a data disk, of the file that stands for it: the same only if no write came.
    pub fn disk_checksum(&self, serial: &str) -> Result<String> {
        use sha2::{Digest as _, Sha256};
        let path = self.machine.dir.join(format!("{serial}.qcow2"));
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        Ok(Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
    }

    /// Puts a file of this computer there, executable if it is so here.
    pub fn push(&self, local: &Path, path: &str) -> Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        let bytes = fs::read(local).with_context(|| local.display().to_string())?;
        self.write_file(path, bytes)?;
        let mode = fs::metadata(local)?.permissions().mode() & 0o777;
        self.check(&format!("chmod {mode:o} '{path}'")).map(drop)
    }

    /// Asks systemd for a reboot and waits until the next boot has finished.
    pub fn reboot_and_wait(&self) -> Result<()> {
        self.reboot_and_answer()?;
        self.wait_until_up().map(drop)
    }

    /// Asks systemd for a reboot and waits until the next boot answers, finished or not.
    pub fn reboot_and_answer(&self) -> Result<()> {
        self.reboot_by(&["systemctl", "reboot"])
    }

    /// Starts a program that ends with a reboot, and waits until the next boot answers, finished or not.
    pub fn reboot_by(&self, argv: &[&str]) -> Result<()> {
        let before = self.boot_id()?;
        self.agent().start(argv, Instant::now() + PATIENCE)?;
        let until = Instant::now() + BOOT_PATIENCE;
        while Instant::now() < until {
            sleep(Duration::from_millis(500));
            // Asked on its way down, the guest may take the question with it.
            let soon = Instant::now() + Duration::from_secs(20);
            let mut agent = self.agent();
            let now = agent.wait(soon).and_then(|()| agent.read_file(BOOT_ID, soon));
            if now.is_ok_and(|now| now != before) {
                return Ok(());
            }
        }
        bail!(self.told("no reboot"))
    }

    /// Pulls the plug, and turns the machine on again: what was not flushed to the disks is lost.
    pub fn power_cycle(&mut self) -> Result<()> {
        self.power_cut();
        self.power_on()
    }

    /// Pulls the plug.
    pub fn power_cut(&mut self) {
        self.machine.kill();
    }

    /// Turns the machine on after [`Guest::power_cut`] and waits until the boot has finished.
    pub fn power_on(&mut self) -> Result<()> {
        self.machine.start(Load::PowerOn)?;
        self.agent = Mutex::new(Agent::connect(&self.machine.agent_socket())?);
        self.wait_for_agent()?;
        self.wait_until_up().map(drop)
    }

    /// Saves the running machine, disks and all, under a name.
    pub fn save(&self, name: &str) -> Result<()> {
        self.qmp()?.human(&format!("savevm {name}"))
    }

    /// Makes the machine what it was when it was saved.
    pub fn restore(&self, name: &str) -> Result<()> {
        self.qmp()?.human(&format!("loadvm {name}"))?;
        self.wait_for_agent()?;
        self.set_clock()
    }

    /// Plugs an empty disk in; it is `/dev/disk/by-id/virtio-SERIAL`.
    pub fn add_disk(&mut self, serial: &str, gib: u32) -> Result<()> {
        let disk = DataDisk { serial: serial.to_owned(), added: true };
        disks::empty(&self.machine.dir, serial, gib)?;
        let file = self.machine.dir.join(disk.file());
        let node = json!({ "node-name": serial, "driver": "qcow2", "discard": "unmap", "file": { "driver": "file", "filename": file } });
        let device = json!({ "driver": "virtio-blk-pci", "drive": serial, "id": format!("disk-{serial}"), "serial": serial });
        let mut qmp = self.qmp()?;
        qmp.execute("blockdev-add", &node)?;
        qmp.execute("device_add", &device)?;
        self.machine.disks.push(disk);
        self.check(&format!("udevadm wait --timeout=180 /dev/disk/by-id/virtio-{serial}")).map(drop)
    }

    /// Pulls a data disk out; it stays away over later boots.
    pub fn remove_disk(&mut self, serial: &str) -> Result<()> {
        self.qmp()?.execute("device_del", &json!({ "id": format!("disk-{serial}") }))?;
        self.machine.disks.retain(|disk| disk.serial != serial);
        self.check(&format!("udevadm wait --timeout=180 --removed /dev/disk/by-id/virtio-{serial}")).map(drop)
    }

    /// Waits until no job of the boot is left; gives systemd's word for the outcome, `running` or `degraded`.
    pub fn wait_until_up(&self) -> Result<String> {
        let until = Instant::now() + BOOT_PATIENCE;
        while Instant::now() < until {
            // Early in the boot there is no bus to wait on.
            let said = self.run_within(BOOT_PATIENCE, &["systemctl", "is-system-running", "--wait"])?.stdout;
            if matches!(said.trim(), "running" | "degraded") {
                return Ok(said.trim().to_owned());
            }
            sleep(Duration::from_millis(300));
        }
        let jobs = self.sh("systemctl list-jobs").map(|output| output.stdout).unwrap_or_default();
        bail!(self.told(&format!("the boot does not finish; jobs:\n{jobs}")))
    }

    /// Waits until the boot is over and the processors have nothing to do.
    pub fn wait_until_idle(&self) -> Result<()> {
        self.wait_until_up()?;
        // Longer when compilers have the processors of this computer.
        let until = Instant::now() + Duration::from_mins(3);
        while !self.check(IDLE)?.is_empty() {
            ensure!(Instant::now() < until, self.told("the guest does not come to rest"));
        }
        Ok(())
    }

    /// Port on 127.0.0.1 that leads to the guest's sshd.
    pub fn ssh_port(&self) -> u16 {
        self.machine.ssh_port
    }

    /// The key that root in the guest accepts.
    pub fn ssh_key() -> PathBuf {
        made().join("ssh/id_ed25519")
    }

    /// What lies in here, the guest sees under <http://10.0.2.9:8123/>.
    pub fn www(&self) -> PathBuf {
        self.machine.dir.join("www")
    }

    /// qemu's own control socket; one connection at a time.
    pub fn qmp(&self) -> Result<Qmp> {
        Qmp::connect(&self.machine.qmp_socket())
    }

    /// The path of that socket.
    pub fn qmp_socket(&self) -> PathBuf {
        self.machine.qmp_socket()
    }

    /// The process of the machine.
    pub fn pid(&self) -> Option<u32> {
        self.machine.pid()
    }

    /// The last lines on the console.
    pub fn serial_tail(&self) -> String {
        let bytes = fs::read(self.machine.serial_log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// Lets the machine run on after this process; for one made by [`Guest::ready_in`].
    pub fn detach(mut self) {
        self.machine.detach();
        for dir in self.dirs.drain(..) {
            let _ = dir.keep();
        }
    }

    fn agent(&self) -> MutexGuard<'_, Agent> {
        // A test that panicked holding it left at most an unread answer, which the next call drops.
        self.agent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for_agent(&self) -> Result<()> {
        let answers = self.agent().wait(Instant::now() + BOOT_PATIENCE);
        answers.with_context(|| self.told("boot"))
    }

    fn boot_id(&self) -> Result<Vec<u8>> {
        self.agent().read_file(BOOT_ID, Instant::now() + PATIENCE)
    }

    /// A restored machine thinks that no time has passed.
    fn set_clock(&self) -> Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        self.check(&format!("date -s @{now}")).map(drop)
    }

    /// A sentence for an error: what was done, and what the console says.
    fn told(&self, what: &str) -> String {
        format!("{what}\nconsole of the guest:\n{}", self.serial_tail())
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Shown with the failed test; nothing to be done if even that fails.
            let _ = writeln!(std::io::stderr(), "{}", self.told("the guest of the failed test"));
        }
    }
}

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Prints something unless the processors are idle for three seconds, in which asking for it is little.
const IDLE: &str = "a=$(sed -n 's/^cpu  //p' /proc/stat); sleep 3; b=$(sed -n 's/^cpu  //p' /proc/stat); \
    echo $a $b | awk '{ all = 0; for (i = 1; i <= 8; i++) all += $(i + 10) - $i; if ($14 - $4 < all * 0.9) print \"busy\" }'";

/// A directory for a machine.
pub(crate) fn home() -> Result<TempDir> {
    let all = made().join("vm");
    fs::create_dir_all(&all)?;
    // Left by processes that were killed.
    disks::sweep(&all, "vm-", Duration::from_hours(3))?;
    Ok(tempfile::Builder::new().prefix("vm-").tempdir_in(all)?)
}
