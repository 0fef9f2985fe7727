//! Prometheus' own programs, for tests that ask a stranger whether our rules and queries are good ones.

use std::path::PathBuf;

use crate::servers;

/// The folder that `./dev test` found them in, where that is not in `PATH`.
const FOLDER: &str = "EM_TEST_PROMETHEUS_BIN";

/// The path of `promtool`.
///
/// # Panics
/// When it is nowhere: the message says what to install.
pub fn promtool() -> PathBuf {
    program("promtool")
}

/// The path of `prometheus`, the server.
///
/// # Panics
/// When it is nowhere: the message says what to install.
pub fn prometheus() -> PathBuf {
    program("prometheus")
}

fn program(name: &str) -> PathBuf {
    let folders = servers::given(FOLDER).map(PathBuf::from).into_iter().chain(servers::program_folders());
    let found = folders.map(|folder| folder.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "{name} was not found. `./dev test` unpacks it on Debian and Ubuntu; elsewhere install Prometheus 2.42 or newer \
             (Fedora: dnf install golang-github-prometheus; macOS: brew install prometheus; anywhere: unpack a release from \
             https://github.com/prometheus/prometheus/releases) and put it in PATH or set {FOLDER} to its folder"
        )
    })
}
