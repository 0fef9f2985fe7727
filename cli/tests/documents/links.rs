//! Links within the repository lead somewhere, headings included; files that are named in backticks are there; each
//! decision record stands in its list under its own title.

use std::path::{Component, Path, PathBuf};

use crate::pages::{FORMER, Page, nothing_of, pages, root};

/// Files that pages tell their reader to make, or that are somewhere else.
const MADE: &[&str] = &[
    "plugins/harbour",
    "cli/gh-webhook",
    "fuzz/artifacts",
    "policy.yaml",
    "catalog.yaml",
    "metadata.toml",
    "down.sql",
    "body.json",
    "codecov.yml",
    "alertmanager.yml",
];
const ENDINGS: &[&str] = &["rs", "toml", "md", "yml", "yaml", "json", "csv", "mjs", "py", "sql", "sh", "hbs", "svg"];

/// As GitHub makes it of a heading: small letters, blanks are hyphens, all else that is no letter is left out.
fn anchor(heading: &str) -> String {
    let kept = heading
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric() || "-_ ".contains(*letter))
        .collect::<String>();
    kept.replace(' ', "-")
}

fn headings(page: &Page) -> Vec<String> {
    let lines = page.prose();
    lines
        .iter()
        .filter(|(_, line)| line.starts_with('#'))
        .map(|(_, line)| anchor(line.trim_start_matches('#').trim()))
        .collect()
}

/// A path with its `..` resolved, from the root of the repository.
fn plain(path: &Path) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            Component::Normal(name) => parts.extend(name.to_str()),
            _ => {}
        }
    }
    parts.join("/")
}

/// The addresses of links and pictures of a line.
fn targets(line: &str) -> Vec<&str> {
    line.match_indices("](").filter_map(|(at, _)| line[at + 2..].split_once(')')).map(|(target, _)| target).collect()
}

#[test]
fn every_link_within_the_repository_leads_somewhere() {
    let pages = pages();
    let (mut seen, mut found) = (0, Vec::new());
    for page in &pages {
        for (at, line) in page.prose() {
            for target in targets(line).into_iter().filter(|target| !target.contains("://")) {
                seen += 1;
                let (file, heading) =
                    target.split_once('#').map_or((target, None), |(file, heading)| (file, Some(heading)));
                let folder = Path::new(&page.name).parent().unwrap_or(Path::new(""));
                let name = if file.is_empty() { page.name.clone() } else { plain(&folder.join(file)) };
                let there = pages.iter().find(|other| other.name == name);
                let is_heading = heading.is_none_or(|heading| {
                    there.is_some_and(|other| headings(other).iter().any(|known| known == heading))
                });
                if !root().join(&name).exists() || !is_heading {
                    found.push(format!("{}:{at}: {target}", page.name));
                }
            }
        }
    }
    assert!(seen > 100, "found only {seen} links");
    nothing_of("these lead nowhere", &found);
}

/// Whether a file of this name is there: from the root, beside the page or, of a bare name, anywhere in our sources.
fn is_there(page: &Page, name: &str) -> bool {
    let folder = Path::new(&page.name).parent().unwrap_or(Path::new(""));
    let places = [root().join(name), root().join(folder).join(name), root().join(folder).join("..").join(name)];
    places.iter().any(|place| place.exists()) || (is_source(name) && sources().iter().any(|file| file.ends_with(name)))
}

fn is_source(name: &str) -> bool {
    name.ends_with(".rs")
}

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = ["cli", "gateway", "worker", "integrations", "crates", "bench", "fuzz"]
        .iter()
        .map(|name| root().join(name))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of ours").flatten() {
            let path = entry.path();
            if path.is_dir() && entry.file_name() != "target" {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn every_file_in_backticks_is_there() {
    let tops: Vec<String> = std::fs::read_dir(root())
        .expect("the root")
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    let (mut seen, mut found) = (0, Vec::new());
    for page in pages().into_iter().filter(|page| page.name != FORMER) {
        for code in page.spans() {
            for word in code.text.split_whitespace().map(|word| word.trim_matches([',', ';', ':', '(', ')', '.', '\'']))
            {
                let is_open = word.contains(['<', '*', '…', '{', '$', '=']) || word.contains("NNNN");
                let top = word.split('/').next().unwrap_or_default();
                let is_ours = word.contains('/') && !word.starts_with('/') && tops.iter().any(|name| name == top);
                let is_file =
                    word.rsplit_once('.').is_some_and(|(name, ending)| !name.is_empty() && ENDINGS.contains(&ending))
                        && !word.starts_with('/');
                let is_made = MADE.iter().any(|made| word.starts_with(made));
                if is_open || is_made || !(is_ours || is_file) || word.contains("://") {
                    continue;
                }
                seen += 1;
                if !is_there(&page, word) {
                    found.push(format!("{}:{}: {word}", page.name, code.line));
                }
            }
        }
    }
    assert!(seen > 60, "found only {seen} files");
    nothing_of("no such files", &found);
}

#[test]
fn every_decision_record_stands_in_the_list_under_its_title() {
    let list = std::fs::read_to_string(root().join("docs/adr/README.md")).expect("the list");
    let mut found = Vec::new();
    let mut rows = list.lines().filter(|line| line.starts_with("| [")).count();
    for page in pages() {
        let Some(file) = page.name.strip_prefix("docs/adr/").filter(|file| *file != "README.md") else { continue };
        rows = rows.saturating_sub(1);
        let (number, _) = file.split_once('-').expect("a number");
        let heading = page.text.lines().next().unwrap_or_default();
        let title = heading.split_once(". ").map_or("", |(_, title)| title);
        let row = format!("| [{number}]({file}) | {title} |");
        if !list.contains(&row) {
            found.push(format!("docs/adr/README.md: {row}"));
        }
    }
    nothing_of("rows that are missing", &found);
    assert_eq!(rows, 0, "rows of records that are not there");
}

#[test]
fn what_leads_nowhere_is_seen() {
    assert_eq!(targets("[a](b.md#c) and ![d](e.svg)"), ["b.md#c", "e.svg"]);
    assert_eq!(anchor("What is redacted"), "what-is-redacted");
    assert_eq!(anchor("`webhook`"), "webhook");
    assert_eq!(plain(Path::new("docs/sources/../PLUGINS.md")), "docs/PLUGINS.md");
    let page = Page { name: "docs/x.md".to_owned(), text: String::new() };
    assert!(
        is_there(&page, "adr/README.md") && is_there(&page, "cli/src/main.rs") && !is_there(&page, "cli/src/mane.rs")
    );
}
