//! The README as its reader meets it: every command of its `console` blocks is run, from the first to the last, in one
//! shell and in a folder like a fresh clone, and answered as the README says.
//!
//! What cannot be run in a test stands in the table of `elsewhere`, with what holds it instead; a command that is
//! neither fails. Replaced in commands: `127.0.0.1:8000` by the port of this run, `01a20…` by the last id of the answer
//! before, `postgresql://…` and `nats://…` by servers of the test's own, and any other `…` by a secret. In answers
//! `01a20…` stands for an id and `…` for whatever there is.

mod blocks;
mod clone;
mod elsewhere;
mod reader;
mod shell;
mod shown;

use blocks::{Step, steps};
use clone::{FreshClone, root};
use elsewhere::{Instead, TABLE};
use reader::Reader;

#[tokio::test]
async fn every_command_is_run_and_answered_as_shown() {
    let mut reader = Reader::sit_down().await;
    for step in steps() {
        reader.takes(&step).await;
    }
    let (drawn, shipped) = (reader.file("dora.svg"), root().join("docs/images/dora.svg"));
    assert_eq!(told(&drawn), told(&std::fs::read_to_string(shipped).expect("the picture")), "docs/images/dora.svg");
    reader.leaves().await;
}

/// What a picture says in words.
fn told(picture: &str) -> &str {
    picture.lines().find(|line| line.starts_with("<desc")).expect("a description")
}

#[test]
fn what_is_not_run_is_in_the_readme_and_is_held_by_what_the_table_names() {
    let commands: Vec<Step> = steps();
    for (begins, instead) in TABLE {
        assert!(commands.iter().any(|step| step.command.starts_with(begins)), "the README has no `{begins}`");
        if let Instead::Elsewhere(held_by) = instead {
            assert!(root().join(held_by).is_file(), "{begins}: there is no {held_by}");
        }
    }
    for step in commands.iter().filter(|step| matches!(elsewhere::of(step), Some(Instead::Elsewhere(_)))) {
        let typed = step.command.split(" # ").next().unwrap_or_default();
        for file in typed.split([' ', '=']).filter(|word| word.starts_with("k8s/") || word.ends_with(".yml")) {
            let there = root().join(file).exists() || root().join(format!("{file}.example")).is_file();
            assert!(there, "line {}: there is no {file}", step.line);
        }
    }
}

#[test]
fn the_clone_stands_in_for_what_dev_does() {
    let dev = std::fs::read_to_string(root().join("dev")).expect("the door");
    assert!(dev.contains("/debug/em-agent\" up --demo \"$@\""), "./dev run is not what the test does for it");
    assert!(FreshClone::fresh().path().join("target/debug/em-agent").is_file());
}
