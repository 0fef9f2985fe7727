//! `docs/migrating-from-em-agent-1.md` promises places: what its tables name on our side exists, and what they name on
//! the other is told apart from it.

use std::path::{Path, PathBuf};

use ::slack::commands::COMMANDS;
use boot::Settings;
use boot::environment::Variables;
use boot::settings::{Env, SETTINGS};
use gateway::routes::ROUTES;

const PAGE: &str = include_str!("../../../docs/migrating-from-em-agent-1.md");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What stands between a row's bars.
fn cells(row: &str) -> impl Iterator<Item = &str> {
    row.trim().trim_start_matches('|').trim_end_matches('|').split('|').map(str::trim)
}

/// The rows of the first table below a heading, without its own head: what was, what is, and more.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, rest) = PAGE.split_once(&format!("\n## {heading}\n")).expect("the heading");
    let rows = rest.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let rows: Vec<_> = rows.skip(2).map(|row| cells(row).collect()).collect();
    assert!(rows.len() > 2, "{heading}");
    rows
}

/// What stands between back ticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn text_of(folder: &str, ending: &str) -> String {
    let mut all = String::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of ours").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().is_some_and(|path| path.ends_with(ending)) {
                all += &std::fs::read_to_string(&path).expect("a file of ours");
            }
        }
    }
    all
}

#[test]
fn every_call_that_it_names_is_a_route() {
    let has = |call: &str| ROUTES.iter().any(|route| call == format!("{} {}", route.method, route.path));
    let mut named = 0;
    for row in table("Calls") {
        for call in quoted(row[1]).filter(|words| words.contains(" /")) {
            assert!(has(call), "{call} is no route");
            named += 1;
        }
        // A cell that points nowhere says why in the next one.
        assert!(quoted(row[1]).next().is_some() || row.get(2).is_some_and(|why| !why.is_empty()), "{row:?}");
    }
    assert!(named > 40, "{named}");
}

#[test]
fn every_setting_that_it_names_exists_and_those_that_are_gone_are_warned_about() {
    let is_setting = |name: &str| {
        SETTINGS.iter().any(|setting| {
            let (before, after) = setting.name.split_once("<SOURCE>").unwrap_or((setting.name, ""));
            name == setting.name || (!after.is_empty() && name.starts_with(before) && name.ends_with(after))
        })
    };
    for row in table("Settings") {
        let ours = quoted(row[1]).filter(|word| word.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c == '<'));
        for name in ours {
            assert!(is_setting(name), "{name} is no setting");
        }
        // Names that other programs read as well are none that we may warn about.
        let generic = row.get(2).is_some_and(|words| words.contains("not warned about"));
        for former in quoted(row[0]).filter(|name| !is_setting(name) && !generic) {
            let variables = Variables::from([(former.to_owned(), "1".to_owned())]);
            let (_, warnings) = Settings::read(&variables, &["github"], Env::Development).expect("settings");
            assert_eq!(warnings.len(), 1, "{former}");
        }
    }
}

#[test]
fn every_table_and_view_that_it_names_exists() {
    let migrations = text_of("migrations", "up.sql");
    for row in table("Data") {
        for name in quoted(row[1]).filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')) {
            let made = ["create table ", "create view ", "create or replace view ", "create table if not exists "];
            let is_made = made.iter().any(|made| {
                migrations.match_indices(&format!("{made}{name}")).any(|(at, found)| {
                    !migrations[at + found.len()..]
                        .starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_')
                })
            });
            assert!(is_made, "{name} is neither a table nor a view");
        }
    }
}

#[test]
fn every_command_that_it_names_is_one() {
    for row in table("Slack") {
        for typed in quoted(row[1]) {
            let word = typed.strip_prefix("/em ").unwrap_or(typed).split(' ').next().expect("a word");
            assert!(COMMANDS.iter().any(|one| one.name == word || one.also.contains(&word)), "{typed}");
        }
    }
}

#[test]
fn every_dashboard_that_it_names_is_shipped() {
    for row in table("Dashboards") {
        for name in quoted(row[1]) {
            assert!(root().join(format!("grafana/dashboards/{name}.json")).is_file(), "{name}");
        }
    }
}
