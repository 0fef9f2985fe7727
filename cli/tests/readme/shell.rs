//! One shell that lives through the whole README, so that a variable that one command sets is there for the next.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long one command may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Begins the line that ends an answer; no answer has it.
const END: char = '\u{1e}';
/// A refused call ends in failure, as `curl -s` alone does not.
const PROFILE: &str = "set -m\ncurl() { command curl --fail-with-body \"$@\"; }\n";

pub(crate) struct Shell {
    shell: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    /// Process groups of what runs beside.
    beside: Vec<u32>,
}

/// What a command said, on both streams, and its exit code.
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) text: String,
}

impl Shell {
    pub(crate) fn start(folder: &Path, variables: &[(&str, String)]) -> Self {
        let kept = ["PATH", "EM_PG_BIN", "EM_NATS_BIN"];
        let environment = boot::environment::variables().into_iter().filter(|(name, _)| kept.contains(&name.as_str()));
        let mut shell = Command::new("bash")
            .args(["--noprofile", "--norc"])
            .current_dir(folder)
            .env_clear()
            .envs(environment)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash runs");
        let (sender, lines) = channel();
        let output = BufReader::new(shell.stdout.take().expect("a pipe"));
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut input = shell.stdin.take().expect("a pipe");
        input.write_all(PROFILE.as_bytes()).expect("a shell that listens");
        Self { shell, input, lines, beside: Vec::new() }
    }

    /// Runs a command to its end.
    pub(crate) fn run(&mut self, command: &str) -> Answer {
        self.tell(&format!("{{ {command}\n}} </dev/null 2>&1"))
    }

    /// Starts a command beside the others; what it says goes into a file. Returns its process group.
    pub(crate) fn start_beside(&mut self, command: &str, log: &Path) -> u32 {
        // The group's own shell outlives the signal, so that its exit code is the command's.
        let beside = format!("{{ trap : TERM\n{command}\n}} </dev/null >'{}' 2>&1 &\necho $!", log.display());
        let started = self.tell(&beside);
        let group = started.text.trim().parse().expect("a process");
        self.beside.push(group);
        group
    }

    /// Ends what was started beside the others, and waits for it.
    pub(crate) fn end(&mut self, group: u32) -> Answer {
        self.beside.retain(|one| *one != group);
        self.tell(&format!("kill -TERM -- -{group}; wait {group}"))
    }

    fn tell(&mut self, text: &str) -> Answer {
        writeln!(self.input, "{text}\nprintf '\\n{END}%s\\n' $?").expect("a shell that listens");
        let mut said: Vec<String> = Vec::new();
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else { panic!("no end of `{text}`: {}", said.join("\n")) };
            if let Some(code) = line.strip_prefix(END) {
                let text = said.join("\n").trim().to_owned();
                return Answer { code: code.parse().expect("a number"), text };
            }
            said.push(line);
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        for group in &self.beside {
            // Who is gone already needs no signal.
            let _ = testkit::kill::send("TERM", &format!("-{group}"));
        }
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
