//! `docs/pitfalls.md` promises things: each row of its table is held by at least one test that bears its number, and no
//! test bears a number that is none. Rows are `row_NN_…`, or `row_05_and_06_…` for several.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const ROWS: std::ops::RangeInclusive<u32> = 1..=36;
const TESTS: [&str; 3] = ["integrations/tests", "gateway/tests", "cli/tests"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of ours").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The name of the test that this line begins, given the line before it.
fn test<'t>(before: &str, line: &'t str) -> Option<&'t str> {
    let marked = ["#[test]", "#[tokio::test"].iter().any(|mark| before.trim_start().starts_with(mark));
    let line = line.trim_start();
    let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?.split('(').next()?;
    marked.then_some(name)
}

/// The rows that a test's name begins with.
fn rows(name: &str) -> Vec<u32> {
    let mut rows = Vec::new();
    let mut rest = name.strip_prefix("row_");
    while let Some((number, after)) = rest.and_then(|rest| rest.split_once('_')) {
        let Ok(number) = number.parse() else { break };
        rows.push(number);
        rest = after.strip_prefix("and_");
    }
    rows
}

/// Row → the tests that hold it.
fn held() -> BTreeMap<u32, BTreeSet<String>> {
    let mut files = Vec::new();
    TESTS.iter().for_each(|folder| sources(&root().join(folder), &mut files));
    let mut held: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a file of ours");
        for (before, line) in text.lines().zip(text.lines().skip(1)) {
            for (name, row) in
                test(before, line).into_iter().flat_map(|name| rows(name).into_iter().map(move |row| (name, row)))
            {
                held.entry(row).or_default().insert(name.to_owned());
            }
        }
    }
    held
}

#[test]
fn every_row_of_the_table_has_a_test_and_every_such_test_a_row() {
    let page = std::fs::read_to_string(root().join("docs/pitfalls.md")).expect("the page");
    let cells = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").map(str::trim).map(Some).collect::<Option<Vec<_>>>());
    let table: Vec<(u32, Vec<&str>)> = cells.filter_map(|cells| Some((cells[0].parse().ok()?, cells))).collect();
    assert_eq!(table.iter().map(|(row, _)| *row).collect::<Vec<_>>(), ROWS.collect::<Vec<_>>(), "in order, each once");
    for (row, cells) in &table {
        assert!(
            cells.len() == 3 && cells.iter().all(|cell| !cell.trim_matches('|').trim().is_empty()),
            "row {row}: {cells:?}"
        );
    }
    let held = held();
    let without: Vec<u32> = ROWS.filter(|row| !held.contains_key(row)).collect();
    assert_eq!(without, Vec::<u32>::new(), "rows that no test holds");
    let unknown: Vec<_> = held.iter().filter(|(row, _)| !ROWS.contains(row)).collect();
    assert_eq!(unknown, Vec::new(), "tests of rows that are not there");
}

#[test]
fn a_tests_name_says_its_rows() {
    assert_eq!(rows("row_05_and_06_the_bytes_are_signed_as_they_came"), [5, 6]);
    assert_eq!(rows("row_26_and_nothing_else"), [26]);
    assert_eq!(rows("a_row_of_26"), Vec::<u32>::new());
    assert_eq!(test("#[tokio::test]", "async fn row_01_x() {"), Some("row_01_x"));
    assert_eq!(test("", "fn row_01_x() {"), None, "nobody would run it");
}
