//! `./dev` on a machine that has nothing, or the wrong things: it says what is missing and what to do, and stops.
//!
//! It finds no program but those that every system has, and those that a test puts there: nothing can be installed.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::folder::Folder;

/// What the script itself is made of.
const EVERYWHERE: [&str; 12] =
    ["bash", "basename", "cat", "dirname", "env", "grep", "head", "id", "sed", "sort", "stat", "uname"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the project")
}

/// A machine with these programs, each with what it does.
fn machine(programs: &[(&str, &str)]) -> Folder {
    let folder = Folder::fresh();
    let path = boot::environment::search_path(&boot::environment::variables());
    for name in EVERYWHERE {
        let program = path.iter().map(|folder| folder.join(name)).find(|program| program.is_file());
        symlink(program.expect(name), folder.path().join(name)).expect("a link");
    }
    for (name, does) in programs {
        folder.write(name, &format!("#!/usr/bin/env bash\n{does}\n"));
        std::fs::set_permissions(folder.path().join(name), PermissionsExt::from_mode(0o755)).expect("a program");
    }
    folder
}

/// What `./dev` says there before it gives up.
fn said(machine: &Folder, arguments: &[&str]) -> String {
    said_with(machine, arguments, "/nowhere/target")
}

fn said_with(machine: &Folder, arguments: &[&str], target_dir: &str) -> String {
    let (path, home) = (machine.name(), machine.name());
    let output = Command::new(root().join("dev"))
        .args(arguments)
        .current_dir("/")
        .env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .env("CARGO_TARGET_DIR", target_dir)
        .output()
        .expect("bash runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(output.stdout.is_empty(), "messages go to standard error");
    said
}

/// A cargo that says it is new enough.
const CARGO: (&str, &str) = ("cargo", "[ \"$1\" != --version ] || echo cargo 99.0.0");

#[test]
fn without_rust_or_with_an_old_one_it_says_where_to_get_it() {
    assert_eq!(said(&machine(&[]), &["run"]), "./dev: cargo was not found; install Rust as https://rustup.rs says\n");
    let old = said(&machine(&[("cargo", "echo cargo 1.63.0")]), &["run"]);
    assert!(old.starts_with("./dev: Rust 1.95 or newer is needed, and this is cargo 1.63.0; get it with"), "{old}");
    let broken = said(&machine(&[("cargo", "echo no default toolchain >&2; exit 1")]), &["test"]);
    assert_eq!(broken, "./dev: cargo does not run: no default toolchain\n");
}

#[test]
fn a_cargo_that_the_shell_does_not_know_of_yet_is_found() {
    let machine = machine(&[(".cargo/bin/cargo", "echo cargo 1.63.0")]);
    assert!(said(&machine, &["run"]).contains("this is cargo 1.63.0"));
}

#[test]
fn a_space_in_the_name_of_the_folder_is_told_before_openssl_fails_over_it() {
    let said = said_with(&machine(&[CARGO]), &["run"], "/home/ada/my projects/target");
    assert!(said.contains("'/home/ada/my projects/target'") && said.contains("set CARGO_TARGET_DIR"), "{said}");
}

#[test]
fn where_apt_may_not_be_used_all_that_is_missing_is_said_at_once() {
    let said = said(&machine(&[CARGO, ("apt-get", "exit 1"), ("sudo", "exit 1"), ("id", "echo 1000")]), &["run"]);
    assert!(said.contains("apt may not be used here") && said.contains("build-essential perl"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn where_nothing_is_missing_nobody_is_asked_for_a_password() {
    let there = machine(&[
        CARGO,
        ("cc", ""),
        ("make", ""),
        ("perl", ""),
        ("postgres", "echo postgres 15.1"),
        ("initdb", ""),
        ("nats-server", "echo nats-server: v2.11.4"),
        ("id", "echo 1000"),
        ("apt-get", "echo apt-get was called >&2"),
        ("sudo", "echo sudo was called >&2"),
        ("target/debug/em-agent", "echo \"em-agent $*\" >&2; exit 1"),
    ]);
    assert_eq!(
        said_with(&there, &["run", "--quick"], &format!("{}/target", there.name())),
        "em-agent up --demo --quick\n"
    );
}

#[test]
fn without_a_package_manager_that_it_knows_it_names_those_of_others() {
    let said = said(&machine(&[CARGO]), &["run"]);
    assert!(said.contains("cc, make and perl are needed") && said.contains("Fedora: dnf install gcc"), "{said}");
}

#[test]
fn what_it_cannot_do_is_said_with_what_it_can() {
    let said = said(&machine(&[]), &["fly"]);
    assert!(said.contains("./dev run ") && said.ends_with("./dev: there is no 'fly'\n"), "{said}");
}
