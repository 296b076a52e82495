//! The runner as systemd starts it, against a made-up dockerd with one container.
#![expect(clippy::unwrap_used, reason = "the helpers belong to the tests, which fail by panic")]

#[expect(dead_code, reason = "the engine's tests use the rest")]
mod fake;

use std::os::unix::net::UnixDatagram;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::json;
use tokio::process::{Child, Command};

use fake::{Container, Engine};

fn runner(engine: &Engine, verb: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_container-runner"));
    command.arg(verb).arg("--socket").arg(engine.socket()).args(["--stop-timeout", "7", "redis"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

fn run(engine: &Engine) -> Child {
    runner(engine, "run").spawn().unwrap()
}

async fn end(child: Child) -> Output {
    tokio::time::timeout(Duration::from_secs(30), child.wait_with_output()).await.expect("it ends").unwrap()
}

fn terminate(child: &Child) {
    let id = child.id().unwrap();
    assert!(std::process::Command::new("kill").arg(id.to_string()).status().unwrap().success());
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn a_container_is_started_its_output_is_ours_and_so_is_its_exit_code() {
    let engine = Engine::start().await;
    engine.has(Container::ours());
    let child = run(&engine);
    engine.hears("POST /containers/c0ffee/wait", 1).await;
    engine.container(|container| container.said.push((1, b"out\n\0\xff".to_vec())));
    engine.container(|container| container.said.push((2, b"err".to_vec())));
    engine.container(|container| (container.running, container.code) = (false, 3));
    let output = end(child).await;
    assert_eq!((output.status.code(), &*output.stdout, &*output.stderr), (Some(3), &b"out\n\0\xff"[..], &b"err"[..]));
    let calls: Vec<String> =
        engine.heard().iter().map(|heard| heard.split('?').next().unwrap().replace("/containers/c0ffee/", "")).collect();
    assert_eq!(calls, ["GET /containers/redis/json", "POST attach", "POST start", "POST wait"]);
}

#[tokio::test]
async fn systemd_is_told_once_the_container_is_up() {
    let engine = Engine::start().await;
    engine.has(Container::ours());
    let path = engine.directory().join("notify");
    let notify = UnixDatagram::bind(&path).unwrap();
    notify.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut child = runner(&engine, "run").env("NOTIFY_SOCKET", &path).spawn().unwrap();
    let told = tokio::task::spawn_blocking(move || {
        let mut bytes = [0; 100];
        notify.recv(&mut bytes).map(|length| text(&bytes[..length]))
    });
    assert_eq!(told.await.unwrap().unwrap(), "READY=1\n");
    assert!(engine.heard().iter().any(|heard| heard.ends_with("/start")));
    child.kill().await.unwrap();
}

#[tokio::test]
async fn one_that_is_up_already_is_followed() {
    let engine = Engine::start().await;
    engine.has(Container { running: true, said: vec![(1, b"before".to_vec())], ..Container::ours() });
    let child = run(&engine);
    engine.hears("POST /containers/c0ffee/wait", 1).await;
    engine.container(|container| container.said.push((1, b"after".to_vec())));
    engine.container(|container| container.running = false);
    let output = end(child).await;
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), "after".to_owned()));
    assert!(!engine.heard().iter().any(|heard| heard.ends_with("/start")));
}

#[tokio::test]
async fn when_dockerd_comes_back_the_container_is_found_running_and_followed_on() {
    let mut engine = Engine::start().await;
    engine.has(Container::ours());
    let child = run(&engine);
    engine.hears("POST /containers/c0ffee/wait", 1).await;
    engine.go_away().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    engine.come_back();
    engine.hears("POST /containers/c0ffee/wait", 2).await;
    engine.container(|container| container.said.push((1, b"still here".to_vec())));
    engine.container(|container| (container.running, container.code) = (false, 5));
    let output = end(child).await;
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(5), "still here".to_owned()));
    assert!(text(&output.stderr).contains("cannot reach docker to wait for container c0ffee"), "{}", text(&output.stderr));
    assert_eq!(engine.heard().iter().filter(|heard| heard.ends_with("/start")).count(), 1);
}

#[tokio::test]
async fn when_it_ended_with_dockerd_its_exit_code_is_ours_and_it_is_not_started_here() {
    let mut engine = Engine::start().await;
    engine.has(Container::ours());
    let child = run(&engine);
    engine.hears("POST /containers/c0ffee/wait", 1).await;
    engine.go_away().await;
    engine.container(|container| (container.running, container.code) = (false, 137));
    engine.come_back();
    assert_eq!(end(child).await.status.code(), Some(137));
    assert_eq!(engine.heard().iter().filter(|heard| heard.ends_with("/start")).count(), 1);
}

#[tokio::test]
async fn a_dockerd_that_comes_up_late_is_waited_for() {
    let mut engine = Engine::start().await;
    engine.has(Container::ours());
    engine.go_away().await;
    let child = run(&engine);
    tokio::time::sleep(Duration::from_millis(400)).await;
    engine.come_back();
    engine.hears("POST /containers/c0ffee/wait", 1).await;
    engine.container(|container| container.running = false);
    assert_eq!(end(child).await.status.code(), Some(0));
}

#[tokio::test]
async fn told_to_stop_it_asks_dockerd_and_ends_well_whatever_the_containers_exit_code() {
    let engine = Engine::start().await;
    engine.has(Container::ours());
    let child = run(&engine);
    engine.hears("POST /containers/c0ffee/wait", 1).await;
    terminate(&child);
    let output = end(child).await;
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    assert!(engine.heard().contains(&"POST /containers/c0ffee/stop?t=7".to_owned()), "{:?}", engine.heard());
}

#[tokio::test]
async fn told_to_stop_while_dockerd_is_away_it_stops_the_container_once_dockerd_is_back() {
    let mut engine = Engine::start().await;
    engine.has(Container::ours());
    let child = run(&engine);
    engine.hears("POST /containers/c0ffee/wait", 1).await;
    engine.go_away().await;
    terminate(&child);
    tokio::time::sleep(Duration::from_millis(300)).await;
    engine.come_back();
    assert_eq!(end(child).await.status.code(), Some(0));
    assert!(engine.heard().contains(&"POST /containers/c0ffee/stop?t=7".to_owned()), "{:?}", engine.heard());
}

#[tokio::test]
async fn told_to_stop_while_dockerd_is_away_a_container_that_ended_with_it_ended_well() {
    let mut engine = Engine::start().await;
    engine.has(Container::ours());
    let child = run(&engine);
    engine.hears("POST /containers/c0ffee/wait", 1).await;
    engine.go_away().await;
    terminate(&child);
    engine.container(|container| (container.running, container.code) = (false, 143));
    tokio::time::sleep(Duration::from_millis(300)).await;
    engine.come_back();
    assert_eq!(end(child).await.status.code(), Some(0));
}

#[tokio::test]
async fn told_to_stop_before_dockerd_is_up_it_just_ends() {
    let mut engine = Engine::start().await;
    engine.go_away().await;
    let child = run(&engine);
    tokio::time::sleep(Duration::from_millis(300)).await;
    terminate(&child);
    assert_eq!(end(child).await.status.code(), Some(0));
}

#[tokio::test]
async fn without_a_container_of_ours_it_ends_so_that_systemd_does_not_try_again() {
    let engine = Engine::start().await;
    let output = end(run(&engine)).await;
    assert_eq!(
        (output.status.code(), text(&output.stderr)),
        (Some(78), "container-runner: there is no container redis; make it: atomic host apply\n".to_owned())
    );
    engine.has(Container { labels: json!({ "com.example": "x" }), ..Container::ours() });
    let output = end(run(&engine)).await;
    assert_eq!(output.status.code(), Some(78));
    assert!(!engine.heard().iter().any(|heard| heard.starts_with("POST")), "{:?}", engine.heard());
}

#[tokio::test]
async fn a_container_that_does_not_come_up_is_told_in_dockerds_words() {
    let engine = Engine::start().await;
    engine.has(Container::ours());
    engine.answer("POST /containers/c0ffee/start", 500, &json!({ "message": "driver failed: port is already allocated" }));
    let output = end(run(&engine)).await;
    assert_eq!(
        (output.status.code(), text(&output.stderr)),
        (Some(1), "container-runner: error: docker cannot start container c0ffee: driver failed: port is already allocated\n".to_owned())
    );
}

#[tokio::test]
async fn stop_stops_what_is_up_and_is_content_with_all_that_is_not() {
    let mut engine = Engine::start().await;
    let stop = async |engine: &Engine| end(runner(engine, "stop").spawn().unwrap()).await.status.code();
    assert_eq!(stop(&engine).await, Some(0), "there is none");
    engine.has(Container { running: true, ..Container::ours() });
    assert_eq!(stop(&engine).await, Some(0));
    assert!(engine.heard().contains(&"POST /containers/c0ffee/stop?t=7".to_owned()));
    assert_eq!(stop(&engine).await, Some(0), "it is down");
    assert_eq!(engine.heard().iter().filter(|heard| heard.contains("/stop")).count(), 1);
    engine.has(Container { running: true, labels: json!({}), ..Container::ours() });
    assert_eq!(stop(&engine).await, Some(78), "it is not ours");
    assert_eq!(engine.heard().iter().filter(|heard| heard.contains("/stop")).count(), 1);
    engine.go_away().await;
    assert_eq!(stop(&engine).await, Some(0), "dockerd is down");
}

#[tokio::test]
async fn wrong_arguments_are_told_with_the_right_ones() {
    let output = Command::new(env!("CARGO_BIN_EXE_container-runner")).arg("run").output().await.unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output.stderr).contains("usage: container-runner run|stop"));
}
