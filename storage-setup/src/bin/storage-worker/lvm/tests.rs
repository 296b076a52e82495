//! The library itself, with commands that touch no disk. One test, since the library has one state for the whole process.

use super::{Lvm, LvmError};

#[test]
fn commands_answer_fail_in_words_and_go_on_after_a_failure() {
    let mut lvm = Lvm::start().expect("liblvm2cmd starts");
    let seen =
        lvm.run(&["pvs", "--config", "devices{filter=[\"r|.*|\"] use_devicesfile=0} global{activation=0}", "--reportformat", "json"]);
    let report = seen.expect("pvs of no disk").report;
    assert!(serde_json::from_str::<serde_json::Value>(&report).is_ok(), "{report}");

    let error = lvm.run(&["no-such-command"]).expect_err("unknown");
    assert!(error.to_string().contains("no-such-command"), "{error}");
    let error = lvm.run(&["vgs", "--config", "devices{filter=[\"r|.*|\"] use_devicesfile=0}", "absent-group"]).expect_err("absent");
    assert!(matches!(error, LvmError::Failed { .. }), "{error:?}");
    assert!(error.to_string().contains("absent-group"), "{error}");
    lvm.run(&["formats"]).expect("goes on");
}
