//! Sends signals to processes that a test has started, with what every shell can do by itself: a bare machine has no
//! program `kill`.

use std::process::Command;

/// Sends a signal (`TERM`, `9`) to a process, or with `-` before its id to its group; whether somebody was there to get it.
///
/// # Panics
/// When there is no shell.
pub fn send(signal: &str, id: &str) -> bool {
    let command = format!("kill -{signal} -- {id}");
    Command::new("bash").args(["-c", &command]).status().expect("a shell").success()
}
