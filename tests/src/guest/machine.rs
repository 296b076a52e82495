//! The emulated machine: its files, its command line, its process.
//! In: a directory with disk files (see [`super::disks`]). Out: a running qemu with sockets for control; dies with us unless detached.

use super::accel::accelerator;
use super::beside;
use super::disks::{DataDisk, OS_DISK};
use super::qmp::Qmp;
use crate::{made, tied};
use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const QEMU: &str = "qemu-system-x86_64";
/// The firmware boots from the device with this.
const FIRST: &str = ",bootindex=0";

/// Where the content of the disks is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Backing {
    /// In files of the machine's directory.
    Files,
    /// Behind this socket, under the disks' serial numbers: see [`crate::power`].
    Served(PathBuf),
}

impl Backing {
    /// The value of qemu's `-drive`.
    fn drive(&self, id: &str, file: &Path) -> String {
        match self {
            Self::Files => format!("if=none,id={id},format=qcow2,discard=unmap,file={}", file.display()),
            Self::Served(socket) => {
                format!("if=none,id={id},format=raw,discard=unmap,file=nbd+unix:///{id}?socket={}", socket.display())
            }
        }
    }
}

/// What a machine begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load<'a> {
    /// Nothing: it is turned on.
    PowerOn,
    /// A state saved in its disks.
    Saved(&'a str),
    /// The same, but it stands still.
    Still(&'a str),
    /// A state in a file of its own.
    File(&'a Path),
    /// A kernel: no firmware looks for one on the disks.
    Kernel(&'a Direct),
}

/// What is started without a boot loader.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Direct {
    pub(super) kernel: PathBuf,
    pub(super) initramfs: PathBuf,
    /// The kernel's command line.
    pub(super) line: String,
}

impl Load<'_> {
    fn arguments(self) -> Vec<String> {
        match self {
            Self::PowerOn => Vec::new(),
            Self::Saved(name) => vec!["-loadvm".to_owned(), name.to_owned()],
            Self::Still(name) => vec!["-S".to_owned(), "-loadvm".to_owned(), name.to_owned()],
            Self::File(path) => vec!["-incoming".to_owned(), format!("exec:cat {}", path.display())],
            Self::Kernel(Direct { kernel, initramfs, line }) => {
                let (kernel, initramfs) = (kernel.display().to_string(), initramfs.display().to_string());
                ["-kernel", &kernel, "-initrd", &initramfs, "-append", line].map(str::to_owned).to_vec()
            }
        }
    }
}

/// One machine, on or off.
#[derive(Debug)]
pub(super) struct Machine {
    /// Disks, serial log and served files.
    pub(super) dir: PathBuf,
    /// Unix sockets; short, since their paths may not be long.
    pub(super) sockets: PathBuf,
    pub(super) ssh_port: u16,
    pub(super) disks: Vec<DataDisk>,
    pub(super) backing: Backing,
    /// Ends with this process, even when that is killed.
    pub(super) tied: bool,
    child: Option<Child>,
}

impl Machine {
    pub(super) fn new(dir: PathBuf, sockets: PathBuf, disks: Vec<DataDisk>, backing: Backing, tied: bool) -> Result<Self> {
        fs::create_dir_all(dir.join("www"))?;
        Ok(Self { dir, sockets, ssh_port: tied::free_port()?, disks, backing, tied, child: None })
    }

    pub(super) fn agent_socket(&self) -> PathBuf {
        self.sockets.join("agent")
    }

    pub(super) fn qmp_socket(&self) -> PathBuf {
        self.sockets.join("qmp")
    }

    pub(super) fn serial_log(&self) -> PathBuf {
        self.dir.join("serial.log")
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Starts qemu and waits until it can be controlled.
    pub(super) fn start(&mut self, load: Load<'_>) -> Result<()> {
        let mut arguments = arguments(&self.dir, &self.sockets, self.ssh_port, &self.disks, &self.backing)?;
        if let Load::Kernel(_) = load {
            // That place is the kernel's.
            arguments.iter_mut().for_each(|argument| *argument = argument.replace(FIRST, ""));
        }
        arguments.extend(load.arguments());
        for socket in [self.agent_socket(), self.qmp_socket()] {
            match fs::remove_file(&socket) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).context("old socket"),
                _ => {}
            }
        }
        let log = fs::File::create(self.dir.join("qemu.log"))?;
        let mut command = if self.tied { tied::command(QEMU) } else { Command::new(QEMU) };
        command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        if !self.tied {
            std::os::unix::process::CommandExt::process_group(&mut command, 0);
        }
        self.child = Some(tied::spawn(command).context("qemu-system-x86_64 (make setup installs it)")?);
        self.wait_for_sockets()?;
        match load {
            Load::PowerOn | Load::Saved(_) | Load::Still(_) | Load::Kernel(_) => Ok(()),
            Load::File(_) => self.let_go(),
        }
    }

    /// A state in a file is that of a machine that stood still.
    fn let_go(&self) -> Result<()> {
        let mut qmp = Qmp::connect(&self.qmp_socket())?;
        let until = Instant::now() + Duration::from_mins(3);
        while qmp.execute("query-status", &json!({}))?["status"] == "inmigrate" {
            ensure!(Instant::now() < until, "loading the machine's state takes too long");
            sleep(Duration::from_millis(20));
        }
        qmp.execute("cont", &json!({})).map(drop)
    }

    fn wait_for_sockets(&mut self) -> Result<()> {
        let until = Instant::now() + Duration::from_secs(60);
        while !(self.qmp_socket().exists() && self.agent_socket().exists()) {
            self.ensure_running()?;
            if Instant::now() > until {
                bail!("qemu did not open its control sockets");
            }
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// An error with what qemu said if it has ended.
    pub(super) fn ensure_running(&mut self) -> Result<()> {
        let child = self.child.as_mut().context("qemu was not started")?;
        if let Some(status) = child.try_wait()? {
            let said = fs::read_to_string(self.dir.join("qemu.log")).unwrap_or_default();
            bail!("qemu ended, {status}: {said}");
        }
        Ok(())
    }

    /// Ends the process as pulling the plug would: what the guest did not flush may be lost.
    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Either it is gone already, or waiting reaps it.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Waits for a process that was told to quit.
    pub(super) fn wait(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.wait()?;
        }
        Ok(())
    }

    /// Lets the process live on without us.
    pub(super) fn detach(&mut self) {
        self.child = None;
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The machine. Snapshots load only into the very same one, so [`shape`] is part of their key.
fn arguments(dir: &Path, sockets: &Path, ssh_port: u16, disks: &[DataDisk], backing: &Backing) -> Result<Vec<String>> {
    let path = |name: &str| dir.join(name).display().to_string();
    let socket = |name: &str| sockets.join(name).display().to_string();
    let mut all = accelerator()?.arguments();
    let mut add = |option: &str, value: String| all.extend([option.to_owned(), value]);
    add("-machine", "pc".into());
    add("-smp", "2".into());
    add("-m", "2048".into());
    add("-display", "none".into());
    add("-drive", backing.drive("os", &dir.join(OS_DISK)));
    add("-device", format!("virtio-blk-pci,drive=os,serial=os{FIRST}"));
    all.extend(disks.iter().filter(|disk| !disk.added).flat_map(|disk| arguments_of(disk, dir, backing)));
    // 10.0.2.9:8123 in the guest serves the directory `www`, one busybox per connection: no port, no daemon.
    let busybox = made().join("tree/usr/bin/busybox");
    let www = format!("guestfwd=tcp:10.0.2.9:8123-cmd:{} httpd -i -h {}", busybox.display(), path("www"));
    let mut add = |option: &str, value: String| all.extend([option.to_owned(), value]);
    add("-netdev", format!("user,id=net,hostfwd=tcp:127.0.0.1:{ssh_port}-:22,{www},{}", beside::relays(sockets)));
    add("-device", "virtio-net-pci,netdev=net,romfile=".into());
    add("-device", "virtio-serial".into());
    add("-chardev", format!("socket,id=agent,server=on,wait=off,path={}", socket("agent")));
    add("-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0".into());
    add("-device", "virtio-rng-pci".into());
    add("-chardev", format!("file,id=serial,append=on,path={}", path("serial.log")));
    add("-serial", "chardev:serial".into());
    add("-qmp", format!("unix:{},server=on,wait=off", socket("qmp")));
    // Disks added later come last, so that nothing else moves to another slot.
    all.extend(disks.iter().filter(|disk| disk.added).flat_map(|disk| arguments_of(disk, dir, backing)));
    all.extend(["-nodefaults".to_owned(), "-no-user-config".to_owned()]);
    Ok(all)
}

fn arguments_of(disk: &DataDisk, dir: &Path, backing: &Backing) -> [String; 4] {
    let serial = &disk.serial;
    let device = format!("virtio-blk-pci,drive={serial},id=disk-{serial},serial={serial}");
    ["-drive".to_owned(), backing.drive(serial, &dir.join(disk.file())), "-device".to_owned(), device]
}

/// What a saved state depends on, besides the disks: the command line with its paths left out.
pub(super) fn shape(disks: &[DataDisk]) -> Result<String> {
    Ok(arguments(Path::new(""), Path::new(""), 0, disks, &Backing::Files)?.join(" "))
}
