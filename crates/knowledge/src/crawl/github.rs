//! Files of a GitHub repository: the tree tells what changed by its hashes, and only that is read.
//!
//! <https://docs.github.com/en/rest/git/trees>, <https://docs.github.com/en/rest/git/blobs>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use outbound::Request;
use serde_json::{Value, json};

use super::fetch::{CrawlError, Fetch, part, proof};
use super::plans::GitHub;
use super::{Known, Read, Step};

const SYSTEM: &str = "GitHub";
/// Files of a step.
const AT_ONCE: usize = 25;
const LARGEST: i64 = 1 << 20;

struct File<'a> {
    path: &'a str,
    sha: &'a str,
}

pub(super) async fn step(
    plan: &GitHub,
    fetch: &mut Fetch,
    state: &mut Value,
    known: &Known,
) -> Result<Step, CrawlError> {
    let repo = format!("{}/repos/{}/{}", fetch.github_url, plan.owner, plan.repo);
    let tree = get(fetch, &format!("{repo}/git/trees/{}?recursive=1", part(&plan.r#ref))).await?;
    let gone = "there is no such repository, branch or tag, or the token may not see it";
    let tree = tree.ok_or(CrawlError::Unread { system: SYSTEM, what: gone })?;
    let entries = tree["tree"].as_array().ok_or(CrawlError::Unread { system: SYSTEM, what: "it is no tree" })?;
    let files: Vec<File<'_>> = entries.iter().filter_map(|entry| file(plan, entry)).collect();
    let id = |path: &str| format!("github:{}/{}:{path}", plan.owner, plan.repo);
    let has = |file: &File<'_>| known.get(&id(file.path)).is_some_and(|sha| sha.as_deref() == Some(file.sha));
    let changed: Vec<&File<'_>> = files.iter().filter(|file| !has(file)).collect();
    // Of a tree that is cut off nobody knows what is gone.
    let whole = tree["truncated"] != json!(true);
    let there: std::collections::HashSet<String> = files.iter().map(|file| id(file.path)).collect();
    let gone = known.keys().filter(|id| whole && !there.contains(*id)).cloned().collect();
    let mut read = Vec::new();
    for file in changed.iter().take(AT_ONCE) {
        let Some(text) = blob(fetch, &repo, file.sha).await? else { continue };
        read.push(Read {
            id: id(file.path),
            url: Some(format!(
                "https://github.com/{}/{}/blob/{}/{}",
                plan.owner,
                plan.repo,
                plan.r#ref,
                path(file.path)
            )),
            title: Some(file.path.to_owned()).filter(|_| !text.trim_start().starts_with("# ")),
            text,
            revision: Some(file.sha.to_owned()),
            meta: json!({"repo": format!("{}/{}", plan.owner, plan.repo), "path": file.path, "ref": plan.r#ref}),
        });
    }
    let done = changed.len() <= AT_ONCE;
    if done {
        *state = json!({"tree": tree["sha"], "whole": whole});
    }
    Ok(Step { seen: if done { i32::try_from(files.len()).unwrap_or(i32::MAX) } else { 0 }, read, gone, done })
}

fn file<'a>(plan: &GitHub, entry: &'a Value) -> Option<File<'a>> {
    let (path, sha) = (entry["path"].as_str()?, entry["sha"].as_str()?);
    let is_asked =
        plan.include_paths.is_empty() || plan.include_paths.iter().any(|begin| path.starts_with(begin.as_str()));
    let is_text = plan.exts.iter().any(|end| path.ends_with(end.as_str()));
    let is_small = entry["size"].as_i64().is_none_or(|size| size <= LARGEST);
    let is_hash = sha.len() >= 40 && sha.chars().all(|c| c.is_ascii_hexdigit());
    (entry["type"] == "blob" && is_asked && is_text && is_small && is_hash).then_some(File { path, sha })
}

/// A file's text; one that is none is as if it were empty.
async fn blob(fetch: &mut Fetch, repo: &str, sha: &str) -> Result<Option<String>, CrawlError> {
    let Some(blob) = get(fetch, &format!("{repo}/git/blobs/{sha}")).await? else { return Ok(None) };
    let packed: String = blob["content"].as_str().unwrap_or_default().split_whitespace().collect();
    let bytes =
        STANDARD.decode(packed).map_err(|_| CrawlError::Unread { system: SYSTEM, what: "a file is no base64" })?;
    Ok(Some(String::from_utf8(bytes).unwrap_or_default()))
}

async fn get(fetch: &mut Fetch, url: &str) -> Result<Option<Value>, CrawlError> {
    let mut request = Request::get(url);
    request.headers.push(("accept".to_owned(), "application/vnd.github+json".to_owned()));
    request.headers.push(("x-github-api-version".to_owned(), "2022-11-28".to_owned()));
    request.headers.extend(fetch.github_token.as_ref().map(|token| proof("Bearer ", token)));
    fetch.json(SYSTEM, request).await
}

fn path(path: &str) -> String {
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}
