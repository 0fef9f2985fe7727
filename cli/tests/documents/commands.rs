//! Command lines of pages, and of the program's own help: `em-agent …`, `./dev …` and cargo's tests by name. What is not
//! understood any more is a line that somebody would type in vain.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::lines::{Line, typed};
use crate::pages::{Page, nothing_of, pages, root};

/// Stands for what the reader puts in.
fn is_open(word: &str) -> bool {
    word.contains(['…', '<', '[', '|'])
}

fn help(words: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_em-agent")).args(words).arg("--help").output().expect("it runs");
    let told = if output.status.success() { &output.stdout } else { &output.stderr };
    (output.status.success(), String::from_utf8_lossy(told).into_owned())
}

/// What is wrong with the words after `em-agent`. Where a word is left to the reader, subcommand and flags are looked at.
fn wrong(words: &[String]) -> Option<String> {
    if words.first().is_none_or(|word| is_open(word)) {
        return None;
    }
    let first_line = |told: &str| told.lines().next().unwrap_or_default().to_owned();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if !words.iter().any(|word| is_open(word)) {
        let (is_known, told) = help(&words);
        return (!is_known).then(|| first_line(&told));
    }
    let mut path = Vec::new();
    for word in words.iter().take_while(|word| !word.starts_with('-') && !is_open(word)) {
        path.push(*word);
    }
    let (is_known, told) = help(&path);
    if !is_known {
        return Some(first_line(&told));
    }
    let flags = words.iter().map(|word| word.trim_start_matches('[').trim_end_matches(']'));
    let flags = flags.filter(|word| word.starts_with("--"));
    let unknown: Vec<&str> =
        flags.filter(|flag| !told.contains(&format!("{flag} ")) && !told.contains(&format!("{flag}\n"))).collect();
    (!unknown.is_empty()).then(|| format!("no flag {}", unknown.join(", ")))
}

fn each(mut look: impl FnMut(&Page, &Line) -> Option<String>) -> (usize, Vec<String>) {
    let (mut seen, mut found) = (0, Vec::new());
    for page in pages() {
        for line in typed(&page) {
            seen += 1;
            let said = look(&page, &line);
            found.extend(said.map(|said| format!("{}:{}: `{}`: {said}", page.name, line.at, line.words.join(" "))));
        }
    }
    (seen, found)
}

#[test]
fn every_command_line_of_em_agent_is_understood() {
    let mut lines = 0;
    let (_, found) = each(|_, line| {
        // The name of a database, a namespace or a crate is no command.
        let is_ours = line.words.iter().all(|word| !["psql", "-n", "-p"].contains(&word.as_str()));
        let words = line.of("em-agent").filter(|_| is_ours)?;
        lines += 1;
        wrong(words)
    });
    assert!(lines > 60, "found only {lines} lines");
    nothing_of("em-agent does not understand these; mend the page, or the program", &found);
}

/// `em-agent` and each of its subcommands, however deep, with what `--help` prints.
fn helps(path: &[String], found: &mut Vec<(String, String)>) {
    let (is_known, told) = help(&path.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(is_known, "{path:?}: {told}");
    let list = told.split_once("\nCommands:\n").map_or("", |(_, rest)| rest.split("\n\n").next().unwrap_or_default());
    for name in list
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help")
    {
        helps(&[path, &[name.to_owned()]].concat(), found);
    }
    found.push((format!("em-agent {}", path.join(" ")), told));
}

#[test]
fn every_example_of_the_helps_is_understood() {
    let mut all = Vec::new();
    helps(&[], &mut all);
    assert!(all.len() > 20, "found only {} commands", all.len());
    let mut found = Vec::new();
    let mut examples = 0;
    for (name, told) in &all {
        let block = told.split_once("\nExamples:\n").or_else(|| told.split_once("\nExample:\n"));
        // What stands behind three spaces is said of the example, not typed.
        let cut = |line: &str| line.trim().split("   ").next().unwrap_or_default().to_owned();
        let block: Vec<String> = block.map_or("", |(_, rest)| rest).lines().map(cut).collect();
        let block = block.join("\n");
        let page = Page { name: name.clone(), text: format!("```\n{block}\n```\n") };
        for line in typed(&page) {
            let Some(words) = line.of("em-agent") else { continue };
            examples += 1;
            found.extend(wrong(words).map(|said| format!("{name} --help: `{}`: {said}", line.words.join(" "))));
        }
    }
    assert!(examples > 20, "found only {examples} examples");
    nothing_of("em-agent does not understand its own examples", &found);
}

#[test]
fn every_word_of_dev_is_one_that_it_explains() {
    let dev = std::fs::read_to_string(root().join("dev")).expect("the script");
    let usage = dev.split("TEXT").nth(1).expect("its usage");
    let (_, found) = each(|_, line| {
        let words = line.of("./dev")?;
        let word = words.first().filter(|word| !is_open(word))?;
        let flags: BTreeSet<&str> =
            words.iter().filter(|word| word.starts_with("--") && words[0] != "test").map(String::as_str).collect();
        let is_known = usage.contains(&format!("./dev {word}")) && flags.iter().all(|flag| usage.contains(flag));
        (!is_known).then(|| "./dev without arguments does not tell of it".to_owned())
    });
    nothing_of("./dev does not know these", &found);
}

/// `-p <crate>`, `--test <name>` and `--bin <name>`, of cargo and of `./dev test`.
#[test]
fn every_crate_and_test_that_a_command_names_is_there() {
    let (_, found) = each(|_, line| {
        let words = line.of("cargo").or_else(|| line.of("./dev"))?;
        let after = |flag: &str| words.iter().position(|word| word == flag).and_then(|place| words.get(place + 1));
        let package = after("-p").filter(|name| !is_open(name))?;
        let folders =
            [package.replace("em-agent", "cli"), format!("crates/{package}")].map(|folder| root().join(folder));
        let Some(folder) = folders.iter().find(|folder| folder.join("Cargo.toml").is_file()) else {
            return Some(format!("no crate `{package}`"));
        };
        let is_there = |inside: &str, name: &String| {
            let file = folder.join(inside).join(format!("{name}.rs"));
            file.is_file() || folder.join(inside).join(name).join("main.rs").is_file()
        };
        let missing = [("--test", "tests"), ("--bin", "src/bin")];
        let missing = missing.into_iter().filter_map(|(flag, inside)| Some((after(flag)?, inside)));
        missing
            .into_iter()
            .find(|(name, inside)| !is_there(inside, name))
            .map(|(name, _)| format!("no `{name}` in {package}"))
    });
    nothing_of("these run nothing", &found);
}

#[test]
fn what_the_program_does_not_know_is_seen() {
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    for wrong_line in
        ["serve", "replay --since 2026-11-01", "replay --from … --untill …", "check --jsn", "catalog chek x"]
    {
        assert!(wrong(&words(wrong_line)).is_some(), "{wrong_line}");
    }
    for good in ["check", "replay --from … --to … [--source …]", "send <source> <kind> --to x"] {
        assert_eq!(wrong(&words(good)), None, "{good}");
    }
    assert!(Path::new(env!("CARGO_BIN_EXE_em-agent")).is_file());
}
