//! Runs em-agent to its end with nothing in its environment but what a test names.

use std::path::Path;
use std::process::{Command, Output};

pub(crate) fn em_agent(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let kept = ["PATH", "EM_PG_BIN", "EM_NATS_BIN"];
    let environment = boot::environment::variables().into_iter().filter(|(name, _)| kept.contains(&name.as_str()));
    Command::new(env!("CARGO_BIN_EXE_em-agent"))
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .env_clear()
        .envs(environment)
        .envs(variables.iter().copied())
        .output()
        .expect("em-agent runs")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
