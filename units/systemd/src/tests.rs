//! The calls against a made-up systemd on a private bus.

mod fake;

use std::error::Error;
use std::time::Duration;

use crate::{ActiveState, JobResult, LoadState, Systemd, SystemdError};
use fake::Bus;

const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_job_that_ends_before_its_answer_counts() {
    let (_bus, systemd) = both().await;
    systemd.start("quick.service", SOON).await.unwrap();
}

#[tokio::test]
async fn a_job_that_ends_after_its_answer_is_waited_for() {
    let (bus, systemd) = both().await;
    systemd.restart("slow.service", SOON).await.unwrap();
    assert_eq!(bus.heard(), ["subscribe", "restart slow.service replace", "slow.service ended"]);
}

#[tokio::test]
async fn hundreds_of_other_jobs_do_not_hold_the_answer_back() {
    let (_bus, systemd) = both().await;
    systemd.start("busy.service", SOON).await.unwrap();
}

#[tokio::test]
async fn signals_are_asked_for_once() {
    let (bus, systemd) = both().await;
    systemd.start("quick.service", SOON).await.unwrap();
    systemd.stop("quick.service", SOON).await.unwrap();
    assert_eq!(bus.heard(), ["subscribe", "start quick.service replace", "stop quick.service replace"]);
}

#[tokio::test]
async fn a_copy_that_subscribes_again_is_no_obstacle() {
    let (_bus, systemd) = both().await;
    let copy = systemd.clone();
    systemd.start("quick.service", SOON).await.unwrap();
    copy.start("quick.service", SOON).await.unwrap();
}

#[tokio::test]
async fn a_failed_job_is_told_in_words_with_the_journal_as_hint() {
    let (_bus, systemd) = both().await;
    for (unit, words) in [
        ("failed.service", "cannot start failed.service: it failed; see: journalctl -u failed.service"),
        ("timeout.service", "cannot start timeout.service: systemd's time limit for it passed; see: journalctl -u timeout.service"),
        ("dependency.service", "cannot start dependency.service: a unit that it requires failed; see: journalctl -u dependency.service"),
        ("assert.service", "cannot start assert.service: an Assert of the unit does not hold; see: journalctl -u assert.service"),
        ("novel.service", "cannot start novel.service: systemd says \"novel\"; see: journalctl -u novel.service"),
    ] {
        let error = systemd.start(unit, SOON).await.unwrap_err();
        assert_eq!(error.to_string(), words);
        assert!(error.source().is_none());
    }
}

#[tokio::test]
async fn a_skipped_job_is_well() {
    let (_bus, systemd) = both().await;
    systemd.start("skipped.service", SOON).await.unwrap();
}

#[tokio::test]
async fn the_kind_of_failure_can_be_matched_on() {
    let (_bus, systemd) = both().await;
    let error = systemd.start("assert.service", SOON).await.unwrap_err();
    assert!(matches!(error, SystemdError::Job { result: JobResult::Assert, .. }), "{error}");
}

#[tokio::test]
async fn a_job_that_never_ends_is_given_up() {
    let (_bus, systemd) = both().await;
    let error = systemd.stop("hangs.service", Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(error.to_string(), "systemd did not stop hangs.service within 1s and still tries to; see: journalctl -u hangs.service");
}

#[tokio::test]
async fn a_bus_that_goes_away_ends_the_wait() {
    let (bus, systemd) = both().await;
    let wait = tokio::spawn(async move { systemd.start("hangs.service", SOON).await });
    while bus.heard().len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(bus);
    let error = wait.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "lost the bus while systemd was to start hangs.service; see: systemctl status dbus.service");
}

#[tokio::test]
async fn stopping_what_is_not_there_is_done_already_but_starting_it_fails() {
    let (_bus, systemd) = both().await;
    systemd.stop("missing.service", SOON).await.unwrap();
    let error = systemd.start("missing.service", SOON).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot start missing.service; see: systemctl status missing.service");
    assert_eq!(error.source().unwrap().to_string(), "org.freedesktop.systemd1.NoSuchUnit: Unit missing.service not loaded.");
}

#[tokio::test]
async fn enabling_twice_changes_something_once() {
    let (_bus, systemd) = both().await;
    assert!(systemd.enable(&["a.mount", "b.mount"]).await.unwrap());
    assert!(!systemd.enable(&["a.mount", "b.mount"]).await.unwrap());
    assert!(systemd.disable(&["a.mount"]).await.unwrap());
    assert!(!systemd.disable(&["a.mount"]).await.unwrap());
}

#[tokio::test]
async fn disabling_what_has_no_file_changes_nothing() {
    let (_bus, systemd) = both().await;
    assert!(!systemd.disable(&["missing.service"]).await.unwrap());
}

#[tokio::test]
async fn enabling_a_unit_without_an_install_section_is_an_error_not_a_silence() {
    let (_bus, systemd) = both().await;
    let error = systemd.enable(&["static.service"]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot enable static.service: no [Install] section there; add one with WantedBy=, or have another unit want it"
    );
}

#[tokio::test]
async fn a_reload_reaches_systemd() {
    let (bus, systemd) = both().await;
    systemd.reload().await.unwrap();
    assert_eq!(bus.heard(), ["reload"]);
}

#[tokio::test]
async fn a_running_service_is_seen_with_its_process() {
    let (_bus, systemd) = both().await;
    let unit = systemd.unit("quick.service").await.unwrap();
    assert_eq!(unit.name, "quick.service");
    assert_eq!(unit.load, LoadState::Loaded);
    assert_eq!(unit.active, ActiveState::Active);
    assert_eq!(unit.sub, "running");
    assert_eq!(unit.fragment.as_deref(), Some("/lib/systemd/system/quick.service"));
    assert_eq!(unit.main_pid, Some(4711));
    assert_eq!(unit.job, Some(9));
    assert_eq!((unit.condition_ok, unit.assert_ok), (Some(true), Some(false)));
    assert!(unit.need_reload);
}

#[tokio::test]
async fn a_unit_that_does_not_exist_is_a_state_not_an_error() {
    let (_bus, systemd) = both().await;
    let unit = systemd.unit("missing.service").await.unwrap();
    assert_eq!(unit.load, LoadState::NotFound);
    assert_eq!(unit.active, ActiveState::Inactive);
    assert_eq!((unit.fragment, unit.main_pid, unit.job), (None, None, None));
    assert_eq!((unit.condition_ok, unit.assert_ok), (None, None));
}

#[tokio::test]
async fn the_commands_of_a_service_are_given_as_words_and_its_files_in_order() {
    let (_bus, systemd) = both().await;
    let setup = systemd.service("quick.service").await.unwrap();
    assert_eq!(setup.start, [["/usr/bin/daemon", "$OPTIONS"]]);
    assert_eq!(setup.environment_files, ["/etc/default/daemon", "/etc/sysconfig/daemon"]);
}

#[tokio::test]
async fn a_mount_is_not_asked_for_a_process() {
    let (_bus, systemd) = both().await;
    assert_eq!(systemd.unit("a.mount").await.unwrap().main_pid, None);
}

#[tokio::test]
async fn without_a_bus_the_error_says_where_to_look() {
    let error = Systemd::connect_to("unix:path=/nonexistent/bus").await.unwrap_err();
    assert_eq!(error.to_string(), "cannot reach the system bus; see: systemctl status dbus.service");
    assert!(error.source().is_some());
}

async fn both() -> (Bus, Systemd) {
    let bus = Bus::start().await;
    let systemd = Systemd::connect_to(&bus.address).await.unwrap();
    (bus, systemd)
}
