//! The words that the program is called with.

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation {
    /// No command: /etc/sysconfig/docker-storage-setup.
    Compat {
        /// Take it all away.
        reset: bool,
    },
    /// One of the commands.
    Command(Command),
    /// A text for standard output, exit code 0.
    Print(String),
}

/// A command on a named configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Make it.
    Create {
        /// Its name.
        name: String,
        /// The configuration file.
        input: String,
        /// Where the engine's options go too.
        output: Option<String>,
    },
    /// Bring it up.
    Activate(String),
    /// Bring it down.
    Deactivate(String),
    /// Take it away.
    Remove(String),
    /// Show one, or all.
    List(Option<String>),
    /// Print the engine's options.
    Export(String),
    /// One more disk.
    AddDevice {
        /// The configuration.
        name: String,
        /// The disk.
        device: String,
    },
}

/// A command line that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// What is wrong with it.
    pub why: String,
    /// What helps.
    pub help: String,
}

/// What `--version` prints: the version whose interface this is.
const VERSION: &str = "0.11.0\n";

/// What `--help` prints; `NAME` stands for the program's.
pub const USAGE: &str = "Usage: NAME [OPTIONS]
Usage: NAME [OPTIONS] COMMAND [arg...]

Grows the root filesystem and sets up storage for container runtimes

Options:
  -h, --help            Print help message
  --reset               Reset your docker storage to init state.
  -v, --version         Print version information.

Commands:
  create                Create storage configuration
  activate              Activate storage configuration
  deactivate            Deactivate storage configuration
  remove                Remove storage configuration
  list                  List storage configuration
  export                Send storage configuration output file to stdout
  add-dev               Add block device to storage configuration
";

impl Invocation {
    /// Reads the words after the program's name; `program` is that name, for help.
    ///
    /// # Errors
    /// [`Usage`]: an unknown word.
    pub fn parse(program: &str, words: &[String]) -> Result<Invocation, Usage> {
        let help = || USAGE.replace("NAME", program);
        let mut reset = false;
        for (index, word) in words.iter().enumerate() {
            match word.as_str() {
                "--reset" => reset = true,
                "-h" | "--help" => return Ok(Invocation::Print(help())),
                "-v" | "--version" => return Ok(Invocation::Print(VERSION.to_owned())),
                "--" => {}
                option if option.starts_with('-') => {
                    return Err(Usage { why: format!("unrecognized option '{option}'"), help: help() });
                }
                command => return parse_command(program, command, words.get(index + 1..).unwrap_or_default(), &help()),
            }
        }
        Ok(Invocation::Compat { reset })
    }
}

fn parse_command(program: &str, command: &str, words: &[String], usage: &str) -> Result<Invocation, Usage> {
    let Some((arguments, about)) = shape(command) else {
        return Err(Usage { why: format!("Unknown command {command}"), help: usage.to_owned() });
    };
    let help = format!("Usage: {program} {command} [OPTIONS] {arguments}\n\n{about}\n\nOptions:\n{}", options_of(command));
    let (mut plain, mut output) = (Vec::new(), None);
    let mut rest = words.iter();
    let mut only_plain = false;
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--" if !only_plain => only_plain = true,
            "-h" | "--help" if !only_plain => return Ok(Invocation::Print(help)),
            "-o" | "--output" if !only_plain && command == "create" => {
                let Some(path) = rest.next() else { return Err(Usage { why: format!("option '{word}' requires an argument"), help }) };
                output = Some(path.clone());
            }
            long if !only_plain && command == "create" && long.starts_with("--output=") => {
                output = long.split_once('=').map(|(_, path)| path.to_owned());
            }
            short if !only_plain && command == "create" && short.len() > 2 && short.starts_with("-o") => {
                output = short.strip_prefix("-o").map(str::to_owned);
            }
            option if !only_plain && option.len() > 1 && option.starts_with('-') => {
                return Err(Usage { why: format!("unrecognized option '{option}'"), help });
            }
            _ => plain.push(word.clone()),
        }
    }
    // A wrong count of words shows the help and is no failure, as ever.
    Ok(of_words(command, plain, output).map_or(Invocation::Print(help), Invocation::Command))
}

fn of_words(command: &str, mut words: Vec<String>, output: Option<String>) -> Option<Command> {
    let second = if words.len() == 2 { words.pop() } else { None };
    let first = if words.len() == 1 { words.pop() } else { None };
    if !words.is_empty() {
        return None;
    }
    match (command, first, second) {
        ("create", Some(name), Some(input)) => Some(Command::Create { name, input, output }),
        ("add-dev", Some(name), Some(device)) => Some(Command::AddDevice { name, device }),
        ("activate", Some(name), None) => Some(Command::Activate(name)),
        ("deactivate", Some(name), None) => Some(Command::Deactivate(name)),
        ("remove", Some(name), None) => Some(Command::Remove(name)),
        ("export", Some(name), None) => Some(Command::Export(name)),
        ("list", name, None) => Some(Command::List(name)),
        _ => None,
    }
}

fn shape(command: &str) -> Option<(&'static str, &'static str)> {
    Some(match command {
        "create" => ("CONFIG_NAME INPUTFILE", "Create storage configuration specified by CONFIG_NAME and INPUTFILE"),
        "activate" => ("CONFIG_NAME", "Activate storage configuration specified by CONFIG_NAME"),
        "deactivate" => ("CONFIG_NAME", "De-activate storage configuration specified by CONFIG_NAME"),
        "remove" => ("CONFIG_NAME", "Remove storage configuration specified by CONFIG_NAME"),
        "list" => ("[CONFIG_NAME]", "List storage configuration"),
        "export" => ("CONFIG_NAME", "Export storage configuration output file specified by CONFIG_NAME to stdout"),
        "add-dev" => ("CONFIG_NAME DEVICE", "Add block device to storage configuration specified by CONFIG_NAME"),
        _ => return None,
    })
}

fn options_of(command: &str) -> &'static str {
    match command {
        "create" => "  -h, --help\tPrint help message\n  -o, --output\tOutput file path\n",
        _ => "  -h, --help\tPrint help message\n",
    }
}
