//! The bench that the worker is tried on: loop devices, and LVM with a configuration of its own that sees only these.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use config::{Bytes, MIB};
use storage_setup::DiskRef;
use storage_setup::intents::{Intent, Intents};
use storage_setup::protocol::{Event, Kill, Request, Task};
use storage_setup::record::Record;

pub(crate) const SIZE: u64 = 100 * MIB;
pub(crate) const EXTENT: Bytes = Bytes(4 * MIB);
pub(crate) const GROUP: &str = "worker-test";

/// Three disks, a configuration of LVM that sees only them, and a state directory.
pub(crate) struct Bench {
    directory: tempfile::TempDir,
    pub(crate) nodes: Vec<String>,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let directory = tempfile::tempdir().expect("directory");
        let mut bench = Bench { directory, nodes: Vec::new() };
        let installed = Path::new("/usr/sbin/lvm").exists() || Path::new("/sbin/lvm").exists();
        assert!(installed, "this test needs LVM; make setup installs it (package lvm2)");
        for index in 0..3 {
            std::fs::File::create(bench.image(index)).and_then(|file| file.set_len(SIZE)).expect("sparse file");
            let made = Command::new("losetup").args(["-f", "--show"]).arg(bench.image(index)).output().expect("losetup");
            let said = String::from_utf8_lossy(&made.stderr);
            assert!(made.status.success(), "this test needs root and loop devices: {said}");
            bench.nodes.push(String::from_utf8_lossy(&made.stdout).trim().to_owned());
        }
        let seen: Vec<String> = bench.nodes.iter().map(|node| format!("\"a|^{node}$|\"")).collect();
        let text = format!(
            "global {{ activation=0 use_lvmpolld=0 event_activation=0 }}\nactivation {{ monitoring=0 udev_sync=0 udev_rules=0 }}\n\
             devices {{ filter=[{}, \"r|.*|\"] obtain_device_list_from_udev=0 external_device_info_source=\"none\" use_devicesfile=0 }}\n\
             backup {{ backup=0 archive=0 }}\n",
            seen.join(", ")
        );
        std::fs::create_dir(bench.path("lvm")).expect("directory");
        std::fs::write(bench.path("lvm/lvm.conf"), text).expect("lvm.conf");
        bench
    }

    /// More for LVM's configuration.
    pub(crate) fn configure(&self, text: &str) {
        let file = std::fs::OpenOptions::new().append(true).open(self.path("lvm/lvm.conf"));
        file.and_then(|mut file| file.write_all(text.as_bytes())).expect("lvm.conf");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn image(&self, index: usize) -> PathBuf {
        self.path(&format!("disk{index}"))
    }

    /// Disks as new, no state, no files.
    pub(crate) fn reset(&self) {
        for node in &self.nodes {
            let disk = std::fs::OpenOptions::new().write(true).open(node).expect("disk");
            (&disk).write_all(&vec![0; 2 << 20]).expect("zeros");
            disk.sync_all().expect("sync");
        }
        let _ = std::fs::remove_dir_all(self.path("state"));
        let _ = std::fs::remove_dir_all(self.path("etc"));
    }

    pub(crate) fn disk(&self, index: usize) -> DiskRef {
        // A loop device has no serial number: its node is its identity.
        DiskRef { identity: self.nodes[index].clone(), node: self.nodes[index].clone(), size: Bytes(SIZE) }
    }

    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("LVM_SYSTEM_DIR", self.path("lvm")).env("LVM_SUPPRESS_FD_WARNINGS", "1");
        command
    }

    /// Everything that the worker said; it may have died on the way.
    pub(crate) fn apply(&self, steps: &[Task], kill: Option<Kill>) -> Vec<Event> {
        let request = Request::Apply { steps: steps.to_vec(), state: self.path("state").display().to_string(), kill };
        let mut worker = self
            .command(env!("CARGO_BIN_EXE_storage-worker"))
            // Its kill is for its whole group, which must not be ours.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the worker starts");
        let mut line = serde_json::to_string(&request).expect("a request");
        line.push('\n');
        worker.stdin.take().expect("stdin").write_all(line.as_bytes()).expect("request");
        let output = worker.wait_with_output().expect("the worker ends");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().map(|line| serde_json::from_str(line).expect("an event")).collect()
    }

    /// How many of each the kernel has sent to the disk (Documentation/block/stat.rst).
    pub(crate) fn writes_and_flushes(&self, index: usize) -> (u64, u64) {
        let path = self.nodes[index].replace("/dev/", "/sys/block/") + "/stat";
        let text = std::fs::read_to_string(path).expect("statistics");
        let figures: Vec<u64> = text.split_whitespace().map(|figure| figure.parse().expect("a figure")).collect();
        (figures[4], figures[15])
    }

    /// Where a disk has its label and its copy of the metadata.
    pub(crate) fn head(&self, index: usize) -> Vec<u8> {
        let mut head = vec![0; 1 << 20];
        std::fs::File::open(&self.nodes[index]).and_then(|mut disk| disk.read_exact(&mut head)).expect("the head of a disk");
        head
    }

    pub(crate) fn put_head(&self, index: usize, head: &[u8]) {
        let disk = std::fs::OpenOptions::new().write(true).open(&self.nodes[index]).expect("disk");
        (&disk).write_all(head).and_then(|()| disk.sync_all()).expect("the head of a disk");
    }

    /// The record of a run that was cut off: the disk goes to the group.
    pub(crate) fn record(&self, index: usize) {
        let intent = Intent { identity: self.nodes[index].clone(), size: Bytes(SIZE), group: GROUP.to_owned() };
        let text = Intents::default().with(intent).to_text().expect("text");
        std::fs::write(self.path("state/intents.json"), text).expect("record");
    }

    /// What LVM has to say against the group.
    pub(crate) fn complaints(&self) -> String {
        let output = self.command("lvm").args(["vgck", GROUP]).output().expect("vgck");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // This test's own configuration.
        said.lines().filter(|line| !line.contains("Activation disabled")).collect()
    }

    /// What LVM has, UUIDs and times left out.
    pub(crate) fn lvm_state(&self) -> String {
        let mut text = String::new();
        let reports = [["pvs", "pv_name,vg_name"], ["vgs", "vg_name,vg_extent_count,vg_free_count"], ["lvs", "lv_name,lv_size,lv_tags"]];
        for [report, columns] in reports {
            let output = self.command("lvm").args([report, "--noheadings", "-o", columns]).output().expect("lvm");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            text.push_str(&String::from_utf8_lossy(&output.stdout));
        }
        text
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        for node in &self.nodes {
            let _ = Command::new("losetup").args(["-d", node]).status();
        }
    }
}
