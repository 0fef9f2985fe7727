//! What people write into titles, branches and messages by convention: ticket keys, trailers, reverts.
//! Only whole, well-formed words count; nothing is guessed.

use domain::text::clean;

/// Words that look like a ticket's project and are none.
const NOT_PROJECTS: &[&str] = &["UTF", "SHA", "ISO", "CVE", "RFC", "MD", "HTTP", "TLS"];

/// What `git revert` writes before the commit that it takes back.
const REVERTS: &str = "This reverts commit ";
/// What `git cherry-pick -x` writes before the commit that it picks.
const PICKED: &str = "(cherry picked from commit ";

/// Keys like `SHOP-123`, each once, in order, at most 20.
pub(crate) fn ticket_keys(texts: &[&str]) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    let words = texts.iter().flat_map(|text| text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')));
    for word in words {
        let mut parts = word.split('-').peekable();
        while let Some(project) = parts.next() {
            let Some(number) = parts.peek().filter(|number| is_number(number)) else { continue };
            let key = format!("{project}-{number}");
            if is_project(project) && keys.len() < 20 && !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    keys
}

fn is_project(text: &str) -> bool {
    (2..=10).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        && !NOT_PROJECTS.contains(&text)
}

fn is_number(text: &str) -> bool {
    (1..=7).contains(&text.len()) && !text.starts_with('0') && text.bytes().all(|c| c.is_ascii_digit())
}

/// "This reverts commit …" wherever it begins a line of the text, then the `Key: value` lines of the message's last
/// paragraph and every "(cherry picked from commit …)" there. At most 20.
pub(crate) fn trailers(message: &str) -> Vec<String> {
    let message = message.trim_end();
    let normal = message.contains('\r').then(|| message.replace("\r\n", "\n"));
    let message = normal.as_deref().unwrap_or(message);
    let Some((_, last)) = message.rsplit_once("\n\n") else { return Vec::new() };
    let reverts = message.lines().skip(1).filter(|line| line.starts_with(REVERTS)).filter_map(reverted_commit);
    let reverts = reverts.map(|sha| format!("{REVERTS}{sha}."));
    let ends = last.lines().map(str::trim).filter(|line| is_trailer(line)).map(|line| clean(line, 300));
    reverts.chain(ends).take(20).collect()
}

/// The same of a fact that somebody wrote: commits may have any names, and the words stand wherever they like. What is taken
/// back must have a digit or look like a SHA: "this reverts commit messages" is prose.
pub(crate) fn told_trailers(message: &str) -> Vec<String> {
    let is_name = |name: &&str| name.bytes().all(|c| c.is_ascii_hexdigit()) || name.bytes().any(|c| c.is_ascii_digit());
    let reverts = name_after(message, REVERTS).filter(is_name).map(|name| format!("{REVERTS}{name}."));
    let picked = name_after(message, PICKED).map(|name| format!("{PICKED}{name})"));
    let mut all: Vec<String> = reverts.into_iter().chain(picked).collect();
    let others = trailers(message);
    all.extend(others.into_iter().filter(|one| !one.starts_with(REVERTS) && !one.starts_with(PICKED)));
    all.truncate(20);
    all
}

fn name_after<'a>(message: &'a str, words: &str) -> Option<&'a str> {
    let (_, rest) = message.split_once(words)?;
    let end = rest.find(|one: char| !(one.is_ascii_alphanumeric() || "-_".contains(one))).unwrap_or(rest.len());
    (1..=64).contains(&end).then(|| &rest[..end])
}

fn is_trailer(line: &str) -> bool {
    if line.starts_with(PICKED) && line.ends_with(')') {
        return true;
    }
    let Some((key, value)) = line.split_once(": ") else { return false };
    !value.is_empty() && !key.is_empty() && key.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
}

/// What a pull request takes back: a commit's SHA, or `#<n>` for a pull request.
pub(crate) fn reverts(title: &str, head: &str, body: &str) -> Option<String> {
    if let Some(sha) = reverted_commit(body) {
        return Some(sha);
    }
    // GitHub's button names the branch `revert-<number>-<branch>` and titles the request `Revert "…"`.
    let number = head.strip_prefix("revert-")?.split('-').next()?;
    (title.starts_with("Revert \"") && is_number(number)).then(|| format!("#{number}"))
}

/// The SHA after "This reverts commit".
pub(crate) fn reverted_commit(message: &str) -> Option<String> {
    let (_, rest) = message.split_once(REVERTS)?;
    let sha: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
    (7..=64).contains(&sha.len()).then(|| sha.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticket_keys_are_whole_words_each_once() {
        let keys =
            ticket_keys(&["SHOP-12: fix UTF-8 in OPS-7/SHOP-12", "feature/PAY2-345-refunds", "x-1 A-1 ABC-0 ABC-x"]);
        assert_eq!(keys, ["SHOP-12", "OPS-7", "PAY2-345"]);
    }

    #[test]
    fn trailers_end_the_message() {
        let message = "Fix it\n\nNote: not a trailer\n\nSigned-off-by: A <a@example.org>\n(cherry picked from commit 0a1b2c3d)\nprose";
        assert_eq!(trailers(message), ["Signed-off-by: A <a@example.org>", "(cherry picked from commit 0a1b2c3d)"]);
        assert!(trailers("Fix: only a title").is_empty());
        let revert =
            "Revert \"Add it\"\n\nThis reverts commit 0A1B2C3D, reversing\nchanges made to 4e5f6a7b.\n\nRefs: SHOP-1";
        assert_eq!(trailers(revert), ["This reverts commit 0a1b2c3d.", "Refs: SHOP-1"]);
        assert!(trailers("Tell why\n\nThis reverts nothing.").is_empty());
    }

    #[test]
    fn facts_name_commits_as_they_like() {
        assert_eq!(told_trailers("Fix (cherry picked from commit b)"), ["(cherry picked from commit b)"]);
        assert_eq!(
            told_trailers("Revert \"x\"\n\nThis reverts commit v2.\n\nRefs: SHOP-1"),
            ["This reverts commit v2.", "Refs: SHOP-1"]
        );
        assert!(told_trailers("This reverts commit messages").is_empty());
        assert!(told_trailers("(cherry picked from commit )").is_empty());
    }

    #[test]
    fn reverts_are_known_by_the_words_that_git_and_github_write() {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(reverts("x", "y", &format!("This reverts commit {sha}.")).as_deref(), Some(sha));
        assert_eq!(reverts("Revert \"Add it\"", "revert-481-add-it", "").as_deref(), Some("#481"));
        assert_eq!(reverts("Revert the flag", "revert-481-add-it", ""), None);
        assert_eq!(reverts("Revert \"Add it\"", "main", "This reverts commit x"), None);
    }
}
