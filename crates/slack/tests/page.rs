//! The table of commands in docs/SLACK.md is what the code says. `INSTA_UPDATE=always` writes it anew.

use std::fs;
use std::path::Path;

use slack::commands::{COMMANDS, NAME};

const TABLE: (&str, &str) = ("<!-- commands: made from the code -->\n", "<!-- end of commands -->");

fn table() -> String {
    let mut lines = vec!["| command | does | also |".to_owned(), "| --- | --- | --- |".to_owned()];
    for entry in COMMANDS {
        let also: Vec<String> = entry.also.iter().map(|name| format!("`{name}`")).collect();
        let usage = entry.usage.replace('|', "\\|");
        lines.push(format!("| `{NAME} {usage}` | {} | {} |", entry.does, also.join(", ")));
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_page_lists_the_commands_that_there_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/SLACK.md");
    let page = fs::read_to_string(&path).expect("the page");
    let (before, rest) = page.split_once(TABLE.0).expect("where the table begins");
    let (found, after) = rest.split_once(TABLE.1).expect("where the table ends");
    if option_env!("INSTA_UPDATE") == Some("always") {
        fs::write(&path, format!("{before}{}{}{}{after}", TABLE.0, table(), TABLE.1)).expect("written");
        return;
    }
    assert!(
        found == table(),
        "docs/SLACK.md is not what the code says: INSTA_UPDATE=always cargo test -p slack --test page"
    );
}

#[test]
fn the_page_names_every_scope_that_the_app_asks_for() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/SLACK.md")).expect("the page");
    let tenant = domain::ids::TenantId::default();
    let wanted = slack::manifest::Wanted { public_url: "https://em.example.com", tenant: &tenant, listens: true };
    let made = slack::manifest::manifest(wanted).expect("made");
    for scope in made["oauth_config"]["scopes"]["bot"].as_array().expect("scopes") {
        assert!(page.contains(&format!("`{}`", scope.as_str().unwrap_or_default())), "{scope}");
    }
}
