//! `em-agent plugins check` from the outside: what it says of good plugins, of changed events, and of mistakes.

mod running;

use std::path::Path;

use running::{em_agent, text};
use serde_json::Value;
use testkit::folder::Folder;

const SHIPPED: [&str; 3] = ["buildkite", "incidentio", "snyk"];
const EXPECTED: &str = "buildkite/build.finished/passed.events.json";

fn shipped() -> Folder {
    Folder::copy_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins"))
}

/// The exit code and what was said.
fn check(folder: &str, more: &[&str]) -> (Option<i32>, String) {
    let arguments: Vec<&str> = ["plugins", "check", folder].iter().chain(more).copied().collect();
    let output = em_agent(&arguments, &[]);
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    (output.status.code(), text(&output.stdout))
}

/// A plugin with one mapping and one example. The mapping stands on lines 17 and following.
fn with_mapping(folder: &Folder, name: &str, mapping: &str) {
    let text = format!(
        "name = \"{name}\"\ntitle = \"T\"\nmapping_version = 1\nkind = {{ body = \"/event\" }}\n\n[setup]\npaste = \
         \"p\"\nticks = \"t\"\ndocs = \"https://wiki.acme.example\"\n\n[[scheme]]\ntype = \"token\"\nheader = \
         \"x-{name}\"\n\n[[mapping]]\nkind = \"released\"\njq = '''\n{mapping}\n'''\n"
    );
    folder.write(&format!("{name}.toml"), &text);
    folder.write(&format!("{name}/released/shop.json"), r#"{"event":"released"}"#);
}

#[test]
fn what_is_shipped_is_good_and_told_in_a_line_each() {
    let (code, said) = check("plugins", &[]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.lines().count(), SHIPPED.len(), "{said}");
    for (line, name) in said.lines().zip(SHIPPED) {
        assert!(line.starts_with(&format!("{name}: ")) && line.ends_with(" examples, good"), "{line}");
    }
}

#[test]
fn other_events_are_shown_as_a_difference_and_written_when_they_are_accepted() {
    let folder = shipped();
    let good = folder.read(EXPECTED);
    folder.write(EXPECTED, &good.replace("\"success\"", "\"failure\""));
    let (code, said) = check(&folder.name(), &[]);
    assert_eq!(code, Some(1), "{said}");
    let (before, after) = (said.find("- "), said.find("+ "));
    assert!(before.is_some() && before < after, "{said}");
    assert!(
        said.contains("\"failure\"") && said.contains("\"success\"") && said.contains("passed.json: other"),
        "{said}"
    );
    assert!(
        said.contains("buildkite: ") && said.contains(", 1 wrong") && said.matches(", good").count() == 2,
        "{said}"
    );

    let (code, said) = check(&folder.name(), &["--accept"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("passed.events.json: written"), "{said}");
    let value = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!(value(&folder.read(EXPECTED)), value(&good));
    assert_eq!(check(&folder.name(), &[]).0, Some(0));
}

#[test]
fn a_mistake_is_told_with_its_file_and_line_and_the_others_are_tried_all_the_same() {
    let folder = shipped();
    with_mapping(&folder, "harbour", "{type: \"build.finished\",\n  time: .at | }");
    folder.write("broken.toml", "name = \"broken\"\ntitle = \n");
    let (code, said) = check(&folder.name(), &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("{}/broken.toml: line 2: ", folder.name())), "{said}");
    assert!(said.contains(&format!("{}/harbour.toml: line 19: ", folder.name())), "{said}");
    for name in SHIPPED {
        assert!(said.lines().any(|line| line.starts_with(&format!("{name}: ")) && line.ends_with(", good")), "{said}");
    }
}

#[test]
fn a_program_without_an_end_is_told_and_the_others_count() {
    let folder = shipped();
    for (name, program) in [("endless", "last(repeat(1))"), ("greedy", "[repeat(1)]"), ("deep", "def f: [f]; f")] {
        with_mapping(&folder, name, program);
    }
    let started = std::time::Instant::now();
    let (code, said) = check(&folder.name(), &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    for name in ["endless", "greedy", "deep"] {
        let why = said.lines().find(|line| line.contains(&format!("{name}/released/shop.json: its mapping ")));
        assert!(why.is_some(), "{name}: {said}");
        assert!(said.contains(&format!("{name}: 1 examples, 1 wrong")), "{said}");
    }
    assert_eq!(said.matches(", good").count(), SHIPPED.len(), "{said}");
}

#[test]
fn what_is_no_folder_is_wrong_usage() {
    let output = em_agent(&["plugins", "check", "no-such-folder"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stderr), "em-agent: no-such-folder is no folder\n");
}
