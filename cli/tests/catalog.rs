//! `em-agent catalog` from the outside: what it says of documents, what it puts in force, what it shows.

mod running;

use running::{em_agent, text};
use serde_json::{Value, json};
use testkit::database::Database;
use testkit::folder::Folder;

const PAGE: &str = include_str!("../../docs/CATALOG.md");

/// The exit code, standard output and standard error.
fn catalog(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let all: Vec<&str> = ["catalog"].iter().chain(arguments).copied().collect();
    let output = em_agent(&all, variables);
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn example() -> &'static str {
    let (_, rest) = PAGE.split_once("```yaml\n").expect("an example");
    rest.split_once("```").expect("its end").0
}

#[test]
fn the_page_shows_a_document_that_fits_and_what_is_said_of_one_that_does_not() {
    let folder = Folder::fresh();
    folder.write("catalog.yaml", example());
    let path = folder.path().join("catalog.yaml");
    let path = path.to_str().expect("a path");
    let (code, _, said) = catalog(&["check", path], &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("3 services, 2 teams"), "{said}");

    let wrong = example().replace("environments: {eu-1", "enviroments: {eu-1").replace(", from: 2026-07-01", "");
    folder.write("catalog.yaml", &wrong);
    let (code, _, said) = catalog(&["check", path], &[]);
    assert_eq!(code, Some(2));
    let shown: Vec<String> =
        PAGE.lines().filter(|line| line.starts_with("em-agent: catalog.yaml")).map(str::to_owned).collect();
    let said: Vec<String> = said.lines().map(|line| line.replace(path, "catalog.yaml")).collect();
    assert_eq!(said, shown);
    let (code, _, said) = catalog(&["check", "no-such-file"], &[]);
    assert_eq!(code, Some(2));
    assert!(said.contains("no-such-file cannot be read"), "{said}");
}

#[test]
fn a_document_is_told_applied_and_shown_with_the_database_alone() {
    let database = Database::fresh();
    let here = [("DATABASE_URL", database.url.as_str())];
    let folder = Folder::fresh();
    folder.write("catalog.yaml", example());
    let path = folder.path().join("catalog.yaml");
    let path = path.to_str().expect("a path");
    let (code, told, said) = catalog(&["apply", path, "--dry-run", "--json"], &here);
    assert_eq!(code, Some(0), "{said}");
    let told: Value = serde_json::from_str(&told).expect("json");
    assert_eq!(
        (&told["dry_run"], &told["version"], &told["moves"]["deployments"]),
        (&json!(true), &json!(0), &json!(0))
    );
    let (code, told, said) = catalog(&["apply", path], &here);
    assert_eq!((code, told.as_str()), (Some(0), "added\tbilling\nadded\tcheckout\nadded\tsearch\n"), "{said}");
    assert!(said.contains("version 1 is in force"), "{said}");

    let (_, shown, _) = catalog(&["show"], &here);
    let shown: Value = serde_json::from_str(&shown).expect("json");
    assert_eq!(
        (&shown["version"], &shown["document"]["teams"]["core"]["owns"][0]["from"]),
        (&json!(1), &json!("2026-07-01"))
    );
    let (_, yaml, _) = catalog(&["show", "--yaml"], &here);
    folder.write("catalog.yaml", &yaml);
    let (code, _, said) = catalog(&["apply", path], &here);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nothing changes"), "{said}");
    let (code, _, said) = catalog(&["show", "--tenant", "nobody"], &here);
    assert_eq!((code, said.as_str()), (Some(2), "em-agent: --tenant: there is no tenant 'nobody'\n"));
}
