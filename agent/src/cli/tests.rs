//! A host below a directory, whose storage worker answers with a machine of the cases.

use std::os::unix::fs::symlink;

use storage_setup::cases;
use storage_setup::protocol::Event;
use tempfile::TempDir;

use crate::host::Host;

/// With this text as its spec. It lasts as long as the directory.
pub(super) fn host_with(spec: &str) -> (TempDir, Host) {
    let directory = tempfile::tempdir().expect("a directory");
    let host = Host::below(directory.path());
    let etc = host.root.join("etc");
    for made in [&etc, &host.libexec] {
        std::fs::create_dir_all(made).expect("a directory");
    }
    std::fs::write(etc.join("atomic-host.toml"), spec).expect("a spec");
    // A link, since a file that was just written may be busy while a process is started elsewhere.
    symlink(concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/tests/storage-worker"), host.libexec.join("storage-worker")).expect("a link");
    let answer = serde_json::to_string(&Event::Observed(Box::new(cases::real_machine()))).expect("JSON");
    std::fs::write(host.libexec.join("storage-worker.answer"), format!("{answer}\n")).expect("an answer");
    (directory, host)
}
