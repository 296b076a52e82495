//! Makes the bindings from the headers of the LVM and the kernel that are installed, so that they always agree.

use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-changed=wrapper.h");
    // Debian ships no pkg-config file for it; header and library lie in the default places.
    println!("cargo:rustc-link-lib=lvm2cmd");

    let Some(out) = std::env::var_os("OUT_DIR").map(PathBuf::from) else {
        fail("cargo did not set OUT_DIR");
    };
    let bindings = bindgen::Builder::default()
        .header("wrapper.h")
        .allowlist_function("lvm2_(init|exit|run|log_fn|log_level|disable_dmeventd_monitoring)")
        .allowlist_var("LVM2_.*|IOCB_CMD_PWRITE")
        .allowlist_type("iocb")
        .rust_target(bindgen::RustTarget::stable(85, 0).unwrap_or_default())
        .rust_edition(bindgen::RustEdition::Edition2024)
        .layout_tests(false)
        .generate();
    match bindings {
        Ok(bindings) => {
            if let Err(error) = bindings.write_to_file(out.join("bindings.rs")) {
                fail(&format!("cannot write the bindings: {error}"));
            }
        }
        Err(error) => fail(&format!(
            "lvm2cmd.h or linux/aio_abi.h cannot be read; install liblvm2-dev and libclang-dev (Debian) or lvm2-devel and clang-devel: {error}"
        )),
    }
}

fn fail(why: &str) -> ! {
    println!("cargo:error={why}");
    std::process::exit(1)
}
