//! docs/OPERATIONS.md quotes what the program says: every sentence of its table of faults stands in the sources, word for
//! word, and every alert that it names has its section.

use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../../docs/OPERATIONS.md");

/// The cells of each row of the table of faults.
fn rows() -> Vec<Vec<&'static str>> {
    let (_, section) = PAGE.split_once("\n## What breaks, and what it says\n").expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| ")).skip(2);
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn sources() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut text = String::new();
    let mut folders: Vec<PathBuf> = ["cli/src", "gateway/src", "worker/src", "crates"].map(|one| root.join(one)).into();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).expect("a folder of ours").flatten().map(|entry| entry.path()) {
            match path.extension() {
                None if path.is_dir() => folders.push(path),
                Some(extension) if extension == "rs" => text += &std::fs::read_to_string(path).expect("a file of ours"),
                _ => {}
            }
        }
    }
    text
}

#[test]
fn every_sentence_that_the_table_of_faults_quotes_is_one_of_the_program() {
    let (rows, sources) = (rows(), sources());
    assert!(rows.len() > 25, "found only {} rows", rows.len());
    for row in &rows {
        assert_eq!(row.len(), 5, "{row:?}");
        for sentence in
            quoted(row[0]).into_iter().flat_map(|quoted| quoted.split('…')).map(|part| part.trim_matches([' ', ',']))
        {
            assert!(sources.contains(sentence), "nobody says {sentence:?}");
        }
    }
}

#[test]
fn every_alert_that_the_table_of_faults_names_has_its_section() {
    let words =
        rows().into_iter().flat_map(|row| row[3].split([' ', ',', ';', '(', ')', '[', ']']).collect::<Vec<_>>());
    let alerts: Vec<&str> = words.filter(|word| word.starts_with("EmAgent")).collect();
    assert!(alerts.len() > 5, "{alerts:?}");
    for alert in alerts {
        assert!(PAGE.contains(&format!("\n### {alert}\n")), "{alert}");
    }
}
