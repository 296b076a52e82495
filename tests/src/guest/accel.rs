//! Hardware virtualisation or emulation: decided by trying, once per checkout.
//! In: the kernel of the tree. Out: the answer, kept in `target/guest/accel`.

use crate::{image, made};
use anyhow::{Context, Result};
use std::fs;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// How the processor is provided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accelerator {
    Kvm,
    Tcg,
}

impl Accelerator {
    /// As options of qemu. Nehalem: richer processors boot slower when emulated.
    pub(super) fn arguments(self) -> Vec<String> {
        let options = match self {
            Self::Kvm => ["-accel", "kvm", "-cpu", "host"],
            Self::Tcg => ["-accel", "tcg,thread=multi", "-cpu", "Nehalem"],
        };
        options.map(str::to_owned).to_vec()
    }
}

/// The accelerator of this computer.
pub(super) fn accelerator() -> Result<Accelerator> {
    static ANSWER: OnceLock<Accelerator> = OnceLock::new();
    if let Some(answer) = ANSWER.get() {
        return Ok(*answer);
    }
    let _lock = image::lock("accel")?;
    let kept = made().join("accel");
    let answer = match fs::read_to_string(&kept).as_deref().map(str::trim) {
        Ok("kvm") => Accelerator::Kvm,
        Ok("tcg") => Accelerator::Tcg,
        _ => {
            let (answer, word) = if kvm_works()? { (Accelerator::Kvm, "kvm") } else { (Accelerator::Tcg, "tcg") };
            fs::write(&kept, word)?;
            answer
        }
    };
    Ok(*ANSWER.get_or_init(|| answer))
}

/// Does our kernel reach its initramfs under KVM within seconds? A device node alone says nothing.
fn kvm_works() -> Result<bool> {
    let modules = image::kernel()?;
    let tried = Command::new("timeout")
        .args(["-s", "KILL", "20", "qemu-system-x86_64", "-accel", "kvm", "-cpu", "host", "-machine", "pc", "-m", "512"])
        .args(["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio"])
        .arg("-kernel")
        .arg(modules.join("vmlinuz"))
        .arg("-initrd")
        .arg(modules.join("initramfs.img"))
        .args(["-append", "console=ttyS0 panic=-1 root=/dev/none"])
        .stdin(Stdio::null())
        .output()
        .context("qemu-system-x86_64 (make setup installs it)")?;
    Ok(String::from_utf8_lossy(&tried.stdout).contains("Run /init as init process"))
}
