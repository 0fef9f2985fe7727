//! Runs a command with a PostgreSQL and a NATS of its own: `test-servers cargo test --workspace`.
//!
//! Starts both, names them in two variables, runs the command, stops both and ends with the command's exit code.

use std::error::Error;
use std::process::ExitCode;

use testkit::servers::{DATABASE_URL, NATS_URL, Servers};
use tokio::process::Command;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut words = std::env::args_os().skip(1);
    let Some(program) = words.next() else {
        return Err("what shall be run? test-servers <command> [argument]…".into());
    };
    let stop = boot::stop::on_signals()?;
    let servers = Servers::start().await?;
    let mut command = Command::new(program);
    command.args(words).env(DATABASE_URL, &servers.urls.0).env(NATS_URL, &servers.urls.1).kill_on_drop(true);
    let mut child = command.spawn()?;
    let status = tokio::select! {
        status = child.wait() => Some(status?),
        () = stop.cancelled() => None,
    };
    if status.is_none() {
        child.kill().await?;
    }
    servers.stop().await;
    let code = status.and_then(|status| status.code()).and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
