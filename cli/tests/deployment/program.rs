//! What the program says of itself: its settings, its subcommands, how long it drains.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use boot::Settings;
use boot::settings::{Env, SETTINGS};
use boot::stop::{DRAIN, SERVERS};

use crate::files::root;

/// A value that no start refuses as weak.
pub(crate) const STRONG: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978";

pub(crate) fn default_of(setting: &str) -> &'static str {
    SETTINGS.iter().find(|row| row.name == setting).expect("a setting").default
}

/// How long a process may take to stop.
pub(crate) fn drain() -> Duration {
    DRAIN + SERVERS
}

/// Sources that are built in, and those of the plugins that go into the image.
fn sources() -> Vec<String> {
    let plugins = std::fs::read_dir(root().join("plugins")).expect("the plugins").flatten();
    let plugins = plugins.filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".toml")?.to_owned()));
    integrations::ALL.iter().map(|one| one.name.to_owned()).chain(plugins).collect()
}

/// Whether the program reads a variable of this name.
pub(crate) fn is_setting(name: &str) -> bool {
    let plain = name.strip_suffix("_FILE").unwrap_or(name);
    SETTINGS.iter().any(|row| match row.name.split_once("<SOURCE>") {
        None => row.name == plain || row.name == name,
        Some((before, after)) => plain
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|source| sources().iter().any(|known| known.to_uppercase() == source)),
    })
}

/// A process with this environment starts in production, and has nothing to warn about.
#[track_caller]
pub(crate) fn must_start(what: &str, variables: &BTreeMap<String, String>) {
    for name in variables.keys() {
        assert!(is_setting(name), "{what} sets {name}, which is no setting");
    }
    let sources = sources();
    let names: Vec<&str> = sources.iter().map(String::as_str).collect();
    match Settings::read(variables, &names, Env::Production) {
        Ok((settings, warnings)) => {
            assert_eq!(warnings, [], "{what}");
            assert!(settings.env.is_production() && settings.database_url.is_some(), "{what}");
            assert!(settings.nats.url.is_some(), "{what} has no NATS_URL");
        }
        Err(bad) => panic!("{what} would not start: {bad:?}"),
    }
}

/// A process with this environment is refused.
#[track_caller]
pub(crate) fn must_not_start(what: &str, variables: &BTreeMap<String, String>) {
    assert!(Settings::read(variables, &[], Env::Production).is_err(), "{what} would start");
}

/// The command line is one that the program understands.
#[track_caller]
pub(crate) fn must_be_a_command(what: &str, arguments: &[String]) {
    let output = Command::new(env!("CARGO_BIN_EXE_em-agent")).args(arguments).arg("--help").output().expect("it runs");
    assert!(output.status.success(), "{what}: {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_is_no_setting_and_no_command_is_seen() {
    for name in
        ["DATABASE_URL", "JWT_SECRET_KEY_FILE", "GITHUB_WEBHOOK_SECRET", "BUILDKITE_WEBHOOK_SECRET", "NATS_CREDS_FILE"]
    {
        assert!(is_setting(name), "{name}");
    }
    for name in ["DATABASE_URI", "GITHUBB_WEBHOOK_SECRET", "EM_POSTGRES_USER"] {
        assert!(!is_setting(name), "{name}");
    }
    let serve = ["serve".to_owned()];
    let refused = std::panic::catch_unwind(|| must_be_a_command("a test", &serve));
    assert!(refused.is_err());
}
