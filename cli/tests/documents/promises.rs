//! Single promises of pages, and what holds each: `promises/<page>.toml` names for a sentence the tests, or the line of
//! code that has its number.
//!
//! A sentence that is rewritten, a test that is renamed and a number that is changed fail here: look whether the other
//! side still says the same, then mend the row. What nothing can hold does not belong on a page as a promise.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::pages::{nothing_of, root};

/// Page → sentence → what holds it.
type Promises = BTreeMap<String, BTreeMap<String, Held>>;

/// Each is `path :: a_test` or `path :: text that stands there`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Held {
    By(String),
    ByEach(Vec<String>),
}

impl Held {
    fn each(&self) -> &[String] {
        match self {
            Self::By(one) => std::slice::from_ref(one),
            Self::ByEach(all) => all,
        }
    }
}

/// Without line ends and runs of blanks, and with the quotation marks of code left out.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "")
}

fn read(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// What is wrong with what is said to hold a promise.
fn wrong(holder: &str) -> Option<String> {
    let Some((file, what)) = holder.split_once(" :: ") else {
        return Some(format!("`{holder}` is not `path :: what`"));
    };
    let Some(text) = read(&root().join(file)) else { return Some(format!("no file {file}")) };
    let is_name = what.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !is_name {
        return (!flat(&text).contains(&flat(what))).then(|| format!("{file} has no `{what}`"));
    }
    let (before, _) = text.split_once(&format!("fn {what}("))?;
    let marks = before.trim_end().trim_end_matches("async").trim_end();
    let is_test = marks.lines().rev().take(3).any(|line| {
        let line = line.trim_start();
        line.starts_with("#[test]") || line.starts_with("#[tokio::test") || line.starts_with("#![proptest_config")
    });
    (!is_test).then(|| format!("{file}: `{what}` is no test"))
}

/// `split_once` of [`wrong`] finds nothing where there is no such function.
fn missing(holder: &str) -> Option<String> {
    let (file, what) = holder.split_once(" :: ")?;
    let is_name = what.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let text = read(&root().join(file))?;
    (is_name && !text.contains(&format!("fn {what}("))).then(|| format!("{file} has no test `{what}`"))
}

fn promises() -> Promises {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents/promises");
    let mut all = Promises::new();
    for entry in std::fs::read_dir(folder).expect("the promises").flatten() {
        let text = std::fs::read_to_string(entry.path()).expect("a list");
        let list: Promises =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", entry.path().display()));
        for (page, sentences) in list {
            assert!(all.insert(page.clone(), sentences).is_none(), "{page} has two lists");
        }
    }
    all
}

#[test]
fn every_promise_stands_on_its_page_and_is_held() {
    let (mut seen, mut found) = (0, Vec::new());
    for (page, sentences) in promises() {
        let text = flat(&read(&root().join(&page)).unwrap_or_else(|| panic!("no page {page}")));
        for (sentence, held) in &sentences {
            seen += 1;
            if !text.contains(&flat(sentence)) {
                found.push(format!("{page} does not say: {sentence}"));
            }
            let faults = held.each().iter().filter_map(|holder| missing(holder).or_else(|| wrong(holder)));
            found.extend(faults.map(|fault| format!("{page}: \"{sentence}\": {fault}")));
        }
    }
    assert!(seen > 100, "found only {seen} promises");
    nothing_of("promises without a page, a test or a line that has their number", &found);
}

#[test]
fn what_holds_nothing_is_seen() {
    let here = "cli/tests/documents/promises.rs";
    let good = [format!("{here} :: what_holds_nothing_is_seen"), format!("{here} :: const NOTHING")];
    let bad = [format!("{here} :: flat"), format!("{here} :: is_not_there"), "cli/none.rs :: x".to_owned()];
    assert!(good.iter().all(|holder| missing(holder).is_none()));
    assert!(wrong(&good[0]).is_none());
    assert!(bad.iter().all(|holder| missing(holder).or_else(|| wrong(holder)).is_some()));
}
