//! No value of a container gets out of its line: whatever is in paths, commands and environments, the unit says it and nothing else, the
//! engine has it byte for byte, and so does the process inside.
//!
//! Sixty containers, drawn from seeds and some made by hand, in one spec and one apply.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use storage_setup::cases::Choices;
use tests::archive::{self, BUSYBOX};
use tests::guest::Guest;
use tests::image::Layout;
use tests::product::{self, SPEC};

/// What systemd, shells, docker, TOML or JSON could take for more than itself.
const PIECES: [&str; 48] = [
    "a",
    "B",
    "0",
    " ",
    "  ",
    "\"",
    "'",
    "\\",
    "\\\\",
    "\\n",
    "\\x20",
    "\\;",
    "%",
    "%%",
    "%n",
    "%h",
    "$",
    "$$",
    "${HOME}",
    "$(canary)",
    "`canary`",
    ";canary",
    " ; canary",
    "|canary",
    "&&canary",
    "\"canary\"",
    "#",
    "=",
    ",",
    "*",
    "?",
    "~",
    "!",
    "@",
    "-",
    "--",
    "{}",
    "[x]",
    "<",
    ">",
    "(",
    ")",
    "é",
    "e\u{301}",
    "日本",
    "🦀",
    "\u{a0}",
    "\u{2028}",
];
const ENDS: [&str; 6] = [" ", "\\", "\"", "'", "%", "$"];
/// With those made by hand, sixty.
const SEEDS: u64 = 53;
/// What the container does: it tells what it was given, and what it sees at its targets.
const SCRIPT: &str = r#"cat /proc/$$/cmdline >/seen/words; cat /proc/$$/environ >/seen/env; cat "$1/here" "$2/here" >/seen/marks"#;

/// A container with odd values.
struct Case {
    name: String,
    /// Two directories of the host, and where the container sees them.
    mounts: [(String, String); 2],
    words: Vec<String>,
    env: Vec<(String, String)>,
}

impl Case {
    /// Without anything odd, but for what is given.
    fn of(name: &str, part: &str, word: &str) -> Case {
        let mount = |number: u64| (format!("{}/{number}/{part}", home(name)), format!("/t{number}/{part}"));
        Case { name: name.to_owned(), mounts: [mount(0), mount(1)], words: vec![word.to_owned()], env: vec![variable(0, word)] }
    }

    fn drawn(seed: u64) -> Case {
        let (name, mut choices) = (format!("case-{seed}"), Choices::seeded(seed));
        let mut path = |start: String| format!("{start}/{}/{}", part(&mut choices), part(&mut choices));
        let mut mount = |number: u64| (path(format!("{}/{number}", home(&name))), path(format!("/t{number}")));
        let mounts = [mount(0), mount(1)];
        let words = (0..1 + choices.below(3)).map(|_| text(&mut choices)).collect();
        let env = (0..1 + choices.below(3)).map(|number| variable(number, &text(&mut choices))).collect();
        Case { name, mounts, words, env }
    }

    fn command(&self) -> Vec<&str> {
        let targets = self.mounts.iter().map(|(_, target)| target.as_str());
        ["sh", "-c", SCRIPT, "sh"].into_iter().chain(targets).chain(self.words.iter().map(String::as_str)).collect()
    }

    /// Sources, each with its target.
    fn all_mounts(&self) -> Vec<(String, String)> {
        [(seen(&self.name), "/seen".to_owned())].into_iter().chain(self.mounts.clone()).collect()
    }

    fn binds(&self) -> Vec<String> {
        self.all_mounts().iter().map(|(source, target)| format!("{source}:{target}")).collect()
    }

    fn section(&self) -> String {
        // A string of JSON is one of TOML too.
        let mut text = format!("[container.{}]\nimage = {BUSYBOX:?}\nnetwork = \"none\"\nrestart = \"no\"\n", self.name);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "command = {}\nvolume = {}", json!(self.command()), json!(self.binds()));
        for (name, value) in &self.env {
            let _ = writeln!(text, "env.{name} = {}", json!(value));
        }
        text
    }

    fn unit(&self) -> String {
        format!("container-{}.service", self.name)
    }
}

fn home(name: &str) -> String {
    format!("/srv/odd/{name}")
}

fn seen(name: &str) -> String {
    format!("/srv/seen/{name}")
}

fn variable(number: u64, value: &str) -> (String, String) {
    (format!("ODD_{number}"), value.to_owned())
}

fn text(choices: &mut Choices) -> String {
    (0..choices.below(8)).map(|_| choices.one_of(&PIECES)).collect()
}

/// A part of a path, often with an end that could take the end of the line with it.
fn part(choices: &mut Choices) -> String {
    let start = if choices.once_in(8) { "long".repeat(40) } else { String::new() };
    let end = if choices.below(2) == 1 { choices.one_of(&ENDS) } else { "" };
    format!("{start}{}{}{end}", choices.one_of(&PIECES), text(choices))
}

/// The first is plain, to compare the others with.
fn cases() -> Vec<Case> {
    let longest = "l".repeat(63);
    let dashes = format!("d{}{}", "-".repeat(50), "d".repeat(12));
    let deep = format!("{}/{}", ["p".repeat(255).as_str(); 15].join("/"), "p".repeat(210));
    let mut deepest = Case::of("deepest", "plain", "plain");
    deepest.mounts[0].0 = format!("{}/{deep}", home("deepest"));
    let made = [
        Case::of("plain", "plain", "plain"),
        Case::of("z0", " ", ""),
        Case::of(&longest, "\\", "\\"),
        Case::of(&dashes, "\"", "\""),
        Case::of("z_-__z", "%", "%"),
        Case::of("huge", &"é".repeat(127), &"${HOME} ".repeat(12_000)),
        deepest,
    ];
    made.into_iter().chain((0..SEEDS).map(Case::drawn)).collect()
}

#[test]
fn no_value_gets_out_of_its_line_and_each_arrives_as_it_is_written() -> Result<()> {
    let (guest, cases) = (Guest::ready(&Layout::default())?, cases());
    prepare(&guest, &cases)?;
    let spec: String = cases.iter().map(Case::section).collect();
    guest.write_file(SPEC, spec)?;
    let applied = guest.run_within(Duration::from_mins(30), &["/usr/bin/atomic", "host", "apply"])?;
    ensure!(applied.code == 0, "{}{}", applied.stdout, applied.stderr);
    guest.check("docker wait $(docker ps -aq)")?;

    units_are_sound(&guest, cases.len())?;
    let plain = told_by_systemd(&guest, &cases[0])?;
    let containers: Vec<Value> = serde_json::from_str(&guest.check("docker inspect $(docker ps -aq)")?)?;
    ensure!(containers.len() == cases.len(), "{} containers", containers.len());
    let wrong = cases.iter().flat_map(|case| {
        [unit_says_nothing_else(&guest, case, &plain), the_engine_has_it(&containers, case), it_arrived(&guest, case)]
            .map(|checked| checked.err().map(|error| format!("{}: {error:#}", case.name)))
    });
    let wrong: Vec<String> = wrong.flatten().collect();
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));

    guest.check("! test -e /run/canary").context("a value was carried out")?;
    guest.check("atomic host check /var/lib/atomic-host/generations/*/spec.toml").context("what is remembered is not what was written")?;
    ensure!(product::plan(&guest)? == Vec::<Value>::new());
    Ok(())
}

/// The image, the directories with a mark in each, and a command that should not be run.
fn prepare(guest: &Guest, cases: &[Case]) -> Result<()> {
    fs::write(guest.www().join("busybox.tar"), archive::busybox()?)?;
    guest.check(
        "systemctl stop atomic-hostd.service; set -e; \
         curl -sSf http://10.0.2.9:8123/busybox.tar -o /var/busybox.tar; docker load -qi /var/busybox.tar; \
         mkdir -p /usr/local/bin; printf '#!/bin/sh\\ntouch /run/canary\\n' >/usr/local/bin/canary; chmod +x /usr/local/bin/canary",
    )?;
    let mut list = String::new();
    for case in cases {
        for (source, target) in case.all_mounts() {
            list += &format!("{source}\0{}:{target}\n\0", case.name);
        }
    }
    guest.write_file("/run/directories", list)?;
    guest.check("xargs -0 -n 2 sh -ec 'mkdir -p -- \"$1\"; printf %s \"$2\" >\"$1/here\"' sh </run/directories").map(drop)
}

/// systemd finds nothing to say about the units, and there are no others.
fn units_are_sound(guest: &Guest, cases: usize) -> Result<()> {
    let units = "/etc/systemd/system/container-*.service /etc/systemd/system/container-*.slice";
    let said = guest.check(&format!("systemd-analyze verify --man=no {units} 2>&1"))?;
    ensure!(said.is_empty(), "{said}");
    let count = guest.check("ls /etc/systemd/system | grep -c ^container-")?;
    ensure!(count == (cases * 2).to_string(), "{count} files of units");
    Ok(())
}

/// A unit is the plain one but for its name and its paths, in its text and in what systemd makes of it.
fn unit_says_nothing_else(guest: &Guest, case: &Case, plain: &Value) -> Result<()> {
    let told = told_by_systemd(guest, case)?;
    let mut sources: Vec<String> = case.all_mounts().into_iter().map(|(source, _)| json!(source).to_string()).collect();
    sources.sort();
    ensure!(told["paths"] == json!(sources), "{:#}, not {sources:#?}", told["paths"]);
    for key in ["lines", "relations", "commands"] {
        let (told, plain) = (told[key].to_string().replace(&case.name, "plain"), plain[key].to_string());
        ensure!(told == plain, "{told}, not as {plain}");
    }
    Ok(())
}

/// What systemd understood of a unit.
fn told_by_systemd(guest: &Guest, case: &Case) -> Result<Value> {
    const RELATIONS: &str = "Wants After Before Requires Requisite BindsTo PartOf Conflicts OnFailure OnSuccess Documentation";
    const COMMANDS: &str = "ExecStart ExecStopPost ExecCondition ExecStartPre ExecStartPost ExecReload ExecStop";
    const OTHERS: &str = "Environment EnvironmentFiles";
    let unit = case.unit();
    // As D-Bus has it in paths of objects.
    let object = unit.chars().fold(String::new(), |object, c| {
        object + &if c.is_ascii_alphanumeric() { c.to_string() } else { format!("_{:02x}", u32::from(c)) }
    });
    let get = format!("busctl --json=short get-property org.freedesktop.systemd1 /org/freedesktop/systemd1/unit/{object}");
    let said = guest.check(&format!(
        "{get} org.freedesktop.systemd1.Unit RequiresMountsFor {RELATIONS}; {get} org.freedesktop.systemd1.Service {OTHERS} {COMMANDS}; \
         wc -l </etc/systemd/system/{unit}"
    ))?;
    let said: Vec<Value> = said.split('\n').map(serde_json::from_str).collect::<Result<_, _>>()?;
    let [paths, rest @ .., lines] = said.as_slice() else { bail!("{unit}: systemd says nothing") };
    let (relations, commands) = rest.split_at(RELATIONS.split(' ').count() + OTHERS.split(' ').count());
    // Sets have no order.
    let set = |value: &Value| {
        let mut items: Vec<String> = value["data"].as_array().into_iter().flatten().map(Value::to_string).collect();
        items.sort();
        items
    };
    // A command's words; times and processes follow them.
    let words = |command: &Value| json!([command[0], command[1], command[2]]);
    let commands = commands.iter().map(|list| list["data"].as_array().into_iter().flatten().map(words).collect::<Vec<_>>());
    Ok(json!({
        "paths": set(paths), "lines": lines,
        "relations": relations.iter().map(set).collect::<Vec<_>>(), "commands": commands.collect::<Vec<_>>(),
    }))
}

/// The container was made from the very values.
fn the_engine_has_it(containers: &[Value], case: &Case) -> Result<()> {
    let name = json!(format!("/{}", case.name));
    let told = containers.iter().find(|told| told["Name"] == name).context("no container")?;
    let (config, host) = (&told["Config"], &told["HostConfig"]);
    ensure!(config["Cmd"] == json!(case.command()), "{:#}, not {:#?}", config["Cmd"], case.command());
    ensure!(host["Binds"] == json!(case.binds()), "{:#}, not {:#?}", host["Binds"], case.binds());
    let env: Vec<String> = case.env.iter().map(|(name, value)| format!("{name}={value}")).chain(["PATH=/bin".to_owned()]).collect();
    ensure!(config["Env"] == json!(env), "{:#}, not {env:#?}", config["Env"]);
    ensure!(told["State"]["ExitCode"] == 0, "{:#}", told["State"]);
    Ok(())
}

/// What the process inside was given, and that it saw what it was to see.
fn it_arrived(guest: &Guest, case: &Case) -> Result<()> {
    let home = seen(&case.name);
    let read = |file: &str| -> Result<String> { Ok(String::from_utf8(guest.read_file(&format!("{home}/{file}"))?)?) };
    let words: String = case.command().iter().map(|word| format!("{word}\0")).collect();
    ensure!(read("words")? == words, "{:?}, not {words:?}", read("words")?);
    let env = read("env")?;
    for (name, value) in &case.env {
        ensure!(env.split('\0').any(|entry| entry == format!("{name}={value}")), "no {name}={value:?} in {env:?}");
    }
    let marks: String = case.mounts.iter().map(|(_, target)| format!("{}:{target}\n", case.name)).collect();
    ensure!(read("marks")? == marks, "{:?}, not {marks:?}", read("marks")?);
    Ok(())
}
