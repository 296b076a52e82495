//! Lets liblvm2cmd find the worker's own io_setup and io_submit: see `src/bin/storage-worker/lvm/dsync.rs`.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-link-arg=-Wl,--export-dynamic-symbol=io_setup");
    println!("cargo:rustc-link-arg=-Wl,--export-dynamic-symbol=io_submit");
}
