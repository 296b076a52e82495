//! Bindings to liblvm2cmd, made by `build.rs` from lvm2cmd.h: raw, and used by the storage worker's `lvm.rs` alone.

#![expect(missing_docs, non_camel_case_types, unsafe_code, reason = "generated from a C header")]

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
