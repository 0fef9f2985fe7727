//! What GitHub's documentation says of its own example, and the corners of the patterns.

use proptest::prelude::*;

use super::*;

/// After the example in GitHub's documentation.
const EXAMPLE: &str = r"
# The first lines own everything that nothing below takes.
*       @global-owner1 @global-owner2

*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
";

fn words_of(text: &str, path: &str) -> String {
    let name = |owner: &Owner| match owner {
        Owner::User(login) => login.clone(),
        Owner::Team { org, team } => format!("{org}/{team}"),
        Owner::Email(address) => address.clone(),
    };
    CodeOwners::parse(text).owners(path).iter().map(name).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_example_of_the_documentation_is_read_as_it_says() {
    for (path, owners) in [
        ("README.md", "global-owner1 global-owner2"),
        ("src/deep/a.js", "js-owner"),
        ("main.go", "docs@example.com"),
        ("notes/a.txt", "octo-org/octocats"),
        ("build/logs/a.js", "octocat"),
        ("docs/a.md", "doctocat"),
        ("docs/deep/a.md", "doctocat"),
        ("other/docs/a.rs", "global-owner1 global-owner2"),
        ("other/apps/x/a.rs", "octocat"),
        ("scripts/a.sh", "doctocat octocat"),
        ("deep/logs/a", "octocat"),
        ("logs", "octocat"),
        ("apps/a.rs", "octocat"),
        ("apps/github/a.rs", ""),
    ] {
        assert_eq!(words_of(EXAMPLE, path), owners, "{path}");
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    words_of(&format!("{pattern} @a"), path) == "a"
}

#[test]
fn corners_of_patterns() {
    for (pattern, path) in [
        ("docs/*", "docs/a.md"),
        ("docs/**", "docs/x/y.md"),
        ("/*", "a"),
        ("a/**/b", "a/b"),
        ("a/**/b", "a/x/y/b/c"),
        ("**", "a/b"),
        ("*", "a/b/c"),
        ("/a/*/c", "a/b/c/d"),
        ("a?c.rs", "x/abc.rs"),
        ("*a*b*", "xxaxxbxx"),
        (r"with\ space/a.md", "with space/a.md"),
        (r"a\*b", "a*b"),
        ("foo", "x/foo/bar"),
        ("ä/", "x/ä/b"),
        ("docs/*/", "docs/x/y"),
    ] {
        assert!(matches(pattern, path), "{pattern} {path}");
    }
    for (pattern, path) in [
        ("docs/*", "docs/x/y.md"),
        ("docs/**", "docs"),
        ("/*", "a/b"),
        ("/a", "b/a"),
        ("x/a", "y/x/a"),
        ("docs/", "docs"),
        ("**/", "a"),
        ("a?c", "a/c"),
        ("*.js", "a.jsx"),
        (r"a\*b", "axb"),
        ("A", "a"),
        ("/", "a"),
        ("docs/*/", "docs/x"),
    ] {
        assert!(!matches(pattern, path), "{pattern} {path}");
    }
}

#[test]
fn lines_that_github_leaves_out_are_left_out() {
    for line in ["!a @x", "[ab] @x", r"\#a @x", "a @", "a x", "a @org/", "a @x/y/z", "a//b @x", "a @x @"] {
        assert_eq!(words_of(&format!("* @all\n{line}"), "a"), "all", "{line}");
    }
    assert_eq!(words_of("\u{feff}* @all\r\n", "a"), "all");
    assert_eq!(words_of("* @all\na", "a"), "", "a line without owners takes them away");
}

#[test]
fn those_who_own_most_come_first() {
    let owners = CodeOwners::parse("* @zoe\n*.rs @ada @zoe\n*.md @org/docs");
    let ranked = owners.ranked(["a.rs", "b.rs", "c.md", "d"]);
    let team = Owner::Team { org: "org".to_owned(), team: "docs".to_owned() };
    assert_eq!(ranked, [(Owner::User("zoe".to_owned()), 3), (Owner::User("ada".to_owned()), 2), (team, 1)]);
}

proptest! {
    #[test]
    fn no_file_and_no_path_stops_it(file in ".{0,200}", path in ".{0,60}") {
        CodeOwners::parse(&file).owners(&path);
    }

    #[test]
    fn a_path_written_out_is_matched(path in "[a-z]{1,3}(/[a-z]{1,3}){0,4}") {
        let pattern = format!("/{path}");
        prop_assert!(matches(&pattern, &path));
    }
}
