//! Bindings to liblvm2cmd, and to what io_submit(2) takes, made by `build.rs` from their headers: raw, and used by the storage
//! worker's `lvm.rs` and `lvm/dsync.rs` alone.

#![expect(missing_docs, non_camel_case_types, unsafe_code, reason = "generated from a C header")]

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
