//! Signed GitHub pushes of about 7 KB, every one different, as a file that wrk's script reads.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use integrations::Shipment;
use serde_json::{Value, json};

/// The secret that the measured servers are given.
pub(crate) const SECRET: &str = "a secret of thirty-two characters.";

/// Different bodies; delivery ids differ for every request.
const BODIES: usize = 512;

/// Writes one line a body: signature, tab, body. Returns the mean body size in bytes.
pub(crate) fn write(path: &Path) -> Result<usize> {
    let github = integrations::find("github").context("the github integration")?;
    let mut file = String::new();
    let mut bytes = 0;
    for number in 0..BODIES {
        let body = push(number).to_string();
        let headers = integrations::sign(
            github,
            &Shipment::of("push", "id", body.as_bytes(), SECRET.as_bytes(), chrono::Utc::now()),
        );
        let is_signature = |name: &str| name.eq_ignore_ascii_case("x-hub-signature-256");
        let (_, signature) = headers.iter().find(|(name, _)| is_signature(name)).context("a signature")?;
        bytes += body.len();
        writeln!(file, "{signature}\t{body}")?;
    }
    fs::write(path, file)?;
    Ok(bytes / BODIES)
}

/// A push of four commits to one of forty repositories, with the fields and the bulk of a real one.
pub(crate) fn push(number: usize) -> Value {
    let repo = format!("service-{}", number % 40);
    let commits: Vec<Value> = (0..4).map(|place| commit(number, place, &repo)).collect();
    let (before, after) = (sha(number, 60), sha(number, 3));
    json!({
        "ref": "refs/heads/main", "before": before, "after": after, "created": false, "deleted": false,
        "forced": false, "base_ref": null,
        "compare": format!("https://github.com/acme/{repo}/compare/{before}...{after}"),
        "head_commit": commits[3], "commits": commits, "repository": repository(number, &repo),
        "pusher": person(number),
        "sender": {"login": format!("ada{}", number % 17), "id": 21_031_067, "type": "User"},
        "organization": {"login": "acme", "id": 21_031_067},
    })
}

fn sha(number: usize, salt: usize) -> String {
    format!("{:040x}", (number as u128 * 64 + salt as u128) * 0x9e37_79b9_7f4a_7c15_f39c_c060)
}

fn person(number: usize) -> Value {
    json!({"name": "Ada Example", "email": "ada@example.com", "username": format!("ada{}", number % 17)})
}

fn commit(number: usize, place: usize, repo: &str) -> Value {
    let id = sha(number, place);
    json!({
        "id": id, "tree_id": sha(number, place + 8), "distinct": true,
        "message": format!("Make checkout step {place} of order {number} retry once\n\nRefs SHOP-{number}"),
        "timestamp": format!("2026-11-20T1{place}:{:02}:07+01:00", number % 60),
        "url": format!("https://github.com/acme/{repo}/commit/{id}"),
        "author": person(number), "committer": person(number), "added": [format!("src/step_{place}_{number}.rs")],
        "removed": [], "modified": ["src/checkout.rs", "tests/checkout.rs", "CHANGELOG.md"],
    })
}

/// The repository with its many links, which are most of a push's bytes.
fn repository(number: usize, repo: &str) -> Value {
    const LINKS: &str = "keys collaborators teams hooks issue_events events assignees branches tags blobs git_tags \
        git_refs trees statuses languages stargazers contributors subscribers subscription commits git_commits comments \
        issue_comment contents compare merges archive downloads issues pulls milestones notifications labels releases \
        deployments";
    let mut repository = json!({
        "id": 186_853_002 + number % 40, "node_id": "MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=", "name": repo,
        "full_name": format!("acme/{repo}"), "private": true, "default_branch": "main", "created_at": 1_557_933_565,
        "pushed_at": 1_763_660_000 + number, "html_url": format!("https://github.com/acme/{repo}"),
        "owner": {"name": "acme", "login": "acme", "id": 21_031_067, "type": "Organization"},
    });
    for name in LINKS.split_whitespace() {
        repository[format!("{name}_url")] = json!(format!("https://api.github.com/repos/acme/{repo}/{name}{{/id}}"));
    }
    repository
}
