//! The verbs of the OS with a worker that says what the test wants.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::ExitCode;

use image::{Branch, Event};

use super::super::{VerbError, rebase, rollback, upgrade};
use crate::host::Host;
use crate::reconcile::intention::IntentionError;
use crate::state::rollback::tests::status;

const COMMITS: &str = r#""new":{"commit":"bb","version":"13","timestamp":2},"now":{"commit":"aa","version":"12","timestamp":1}"#;

/// A host below a directory, with this spec and a worker that gives this answer and keeps what it was asked last.
fn host(spec: &str, answers: &str) -> (tempfile::TempDir, Host) {
    let home = tempfile::tempdir().unwrap();
    let host = Host::below(home.path());
    for directory in [&host.libexec, &host.state, &host.run, &host.root.join("etc"), &host.root.join("proc/sys/kernel/random")] {
        fs::create_dir_all(directory).unwrap();
    }
    fs::write(host.root.join("etc/atomic-host.toml"), spec).unwrap();
    fs::write(host.root.join("proc/sys/kernel/random/boot_id"), "this boot\n").unwrap();
    fs::write(home.path().join("status"), "").unwrap();
    fs::write(home.path().join("answers"), answers).unwrap();
    // Status has an answer of its own, see [`has`].
    let script = "#!/bin/sh\ncd HOME\ncat > asked\nif grep -q '\"status\"' asked; then cat status; else cat answers; fi\n";
    let script = script.replace("HOME", &home.path().display().to_string());
    // Renamed into place: a file that is still open for writing cannot be run.
    fs::write(host.libexec.join("fresh"), script).unwrap();
    fs::set_permissions(host.libexec.join("fresh"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(host.libexec.join("fresh"), host.libexec.join("image-worker")).unwrap();
    (home, host)
}

/// What the worker tells of the deployments, written as `13+ 12*`.
fn has(home: &tempfile::TempDir, order: &str) {
    fs::write(home.path().join("status"), serde_json::to_string(&Event::Status(status(order))).unwrap()).unwrap();
}

fn ledger(host: &Host) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(host.state.join("ledger.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn code(result: Result<ExitCode, VerbError>) -> ExitCode {
    result.unwrap_or_else(VerbError::report)
}

#[tokio::test]
async fn an_upgrade_follows_the_spec_and_is_in_the_ledger() {
    let answers =
        format!("{{\"event\":\"progress\",\"text\":\"receiving\",\"fetched\":1,\"total\":2}}\n{{\"event\":\"staged\",{COMMITS}}}");
    let (home, host) = host("os.ref = \"site:a/b\"\n", &answers);
    assert_eq!(code(upgrade::run(&host, false, false).await), ExitCode::SUCCESS);
    let asked = fs::read_to_string(home.path().join("asked")).unwrap();
    assert_eq!(asked.trim(), r#"{"request":"upgrade","follow":{"remote":"site","branch":"a/b"},"allow_downgrade":false}"#);
    let entries = ledger(&host);
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (&entries[0]["kind"], &entries[0]["target"], &entries[0]["outcome"]),
        (&"upgrade".into(), &"site:a/b".into(), &"made".into())
    );
    assert_eq!((&entries[0]["from"], &entries[0]["to"]), (&"12 aa".into(), &"13 bb".into()));
}

#[tokio::test]
async fn nothing_new_is_well_done_but_77_for_a_check() {
    let (_home, host) = host("", r#"{"event":"nothing-new","commit":{"commit":"aa","version":"12","timestamp":1},"reboot":false}"#);
    assert_eq!(code(upgrade::run(&host, false, true).await), ExitCode::SUCCESS);
    assert_eq!(code(upgrade::look(&host, false).await), ExitCode::from(77));
    assert_eq!(code(upgrade::look(&host, true).await), ExitCode::from(77));
    assert_eq!(ledger(&host).len(), 0);
}

#[tokio::test]
async fn what_the_worker_refuses_fails_with_its_words_and_is_in_the_ledger() {
    let (_home, host) = host("", r#"{"event":"failed","why":"it is not signed"}"#);
    let error = upgrade::run(&host, false, true).await.unwrap_err();
    assert_eq!(error.to_string(), "it is not signed");
    assert_eq!(error.report(), ExitCode::FAILURE);
    assert_eq!(ledger(&host)[0]["outcome"], "failed: it is not signed");
}

#[tokio::test]
async fn a_rollback_needs_no_spec_and_does_not_reboot_into_what_runs() {
    let (home, host) = host("this is [ no spec", r#"{"event":"rolled-back","reboot":false}"#);
    has(&home, "13 12*");
    assert_eq!(code(rollback::run(&host, true).await), ExitCode::SUCCESS);
    assert!(fs::read_to_string(home.path().join("asked")).unwrap().contains(r#""to":{"commit":"12","serial":0"#));
    assert_eq!(
        (&ledger(&host)[0]["kind"], &ledger(&host)[0]["from"], &ledger(&host)[0]["to"]),
        (&"rollback".into(), &"13 13".into(), &"12 12".into())
    );
    let bad = upgrade::run(&host, false, false).await.unwrap_err();
    assert!(matches!(bad, VerbError::Intention(IntentionError::Bad(_))), "{bad:?}");
}

#[tokio::test]
async fn a_rollback_is_held_until_it_is_undone_or_somebody_goes_on() {
    let (home, host) = host("", r#"{"event":"rolled-back","reboot":true}"#);
    let held = |order: &str| {
        has(&home, order);
        let Event::Status(status) = serde_json::from_str(&fs::read_to_string(home.path().join("status")).unwrap()).unwrap() else {
            panic!()
        };
        super::held(&host, &Ok(status)).unwrap().is_some()
    };
    assert!(!held("13* 12"));
    assert_eq!(code(rollback::run(&host, false).await), ExitCode::SUCCESS);
    assert!(held("12 13*"));
    assert_eq!(code(rollback::run(&host, false).await), ExitCode::SUCCESS);
    assert!(!crate::state::rollback::is_remembered(&host), "undone");

    for (answer, lifted) in [
        (r#"{"event":"failed","why":"no server"}"#.to_owned(), false),
        (r#"{"event":"nothing-new","commit":{"commit":"12","version":"12","timestamp":1},"reboot":false}"#.to_owned(), true),
        (format!("{{\"event\":\"staged\",{COMMITS}}}"), true),
    ] {
        has(&home, "13* 12");
        fs::write(home.path().join("answers"), r#"{"event":"rolled-back","reboot":true}"#).unwrap();
        assert_eq!(code(rollback::run(&host, false).await), ExitCode::SUCCESS);
        fs::write(home.path().join("answers"), &answer).unwrap();
        assert_eq!(code(upgrade::run(&host, false, false).await), ExitCode::from(u8::from(!lifted)));
        assert_eq!(held("12 13*"), !lifted, "{answer}");
    }
}

#[tokio::test]
async fn without_a_way_back_nothing_is_remembered_and_the_ledger_says_why() {
    let (home, host) = host("", "");
    has(&home, "13*");
    let error = rollback::run(&host, false).await.unwrap_err();
    assert!(error.to_string().starts_with("there is no deployment to go back to"), "{error}");
    assert_eq!(error.report(), ExitCode::FAILURE);
    assert!(ledger(&host)[0]["outcome"].as_str().unwrap().starts_with("failed: there is no deployment"));
    assert!(!crate::state::rollback::is_remembered(&host));
}

#[tokio::test]
async fn a_rebase_away_from_the_spec_is_refused_with_the_place_to_change() {
    let (home, host) = host("\nos.ref = \"site:a/b\"\n", &format!("{{\"event\":\"staged\",{COMMITS}}}"));
    let to = |branch: &str| Branch { remote: "site".to_owned(), branch: branch.to_owned() };
    let error = rebase::run(&host, to("a/c"), false).await.unwrap_err();
    assert!(error.to_string().contains("site:a/b is set in os.ref at ") && error.to_string().contains("atomic-host.toml:2:10"), "{error}");
    assert_eq!(error.report(), ExitCode::from(2));
    assert!(!home.path().join("asked").exists(), "the worker was not even asked");
    assert_eq!(code(rebase::run(&host, to("a/b"), false).await), ExitCode::SUCCESS);
}
