//! Whether an answer is the one that the README shows.

use uuid::Uuid;

/// As the README writes an id.
const AN_ID: &str = "01a20…";
/// What stands for one while two texts are compared.
const MARK: &str = "\u{1}";
const LENGTH: usize = 36;

/// The ids in a text, in order.
pub(crate) fn ids(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((at, id)) = next_id(rest) {
        found.push(id.to_owned());
        rest = &rest[at + LENGTH..];
    }
    found
}

fn next_id(text: &str) -> Option<(usize, &str)> {
    let mut windows = text.char_indices().filter_map(|(at, _)| Some((at, text.get(at..at + LENGTH)?)));
    windows.find(|(_, window)| window.contains('-') && Uuid::try_parse(window).is_ok())
}

/// A command with the last id of the answer before in the places where one belongs.
pub(crate) fn with_id(command: &str, before: Option<&str>) -> String {
    if !command.contains(AN_ID) {
        return command.to_owned();
    }
    command.replace(AN_ID, before.unwrap_or_else(|| panic!("`{command}` needs an id, and the answer before had none")))
}

/// Whether they are the same where the README does not write `…`.
pub(crate) fn fits(shown: &str, answer: &str) -> bool {
    let marked = ids(answer).iter().fold(answer.to_owned(), |text, id| text.replace(id, MARK));
    let shown = shown.trim().replace(AN_ID, MARK);
    let Some((first, others)) = shown.split_once('…') else { return shown == marked };
    let Some(mut rest) = marked.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = others.split('…').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[test]
fn what_differs_is_seen() {
    let id = "01938f5e-3f0a-7c11-9d4e-2f0a6b1c7e55";
    let answer = format!("{{\"id\":\"{id}\",\"status\":\"ok\"}}");
    assert!(fits("{\"id\":\"01a20…\",\"status\":\"ok\"}", &answer));
    assert!(fits("{\"id\":\"01a20…\",…}", &answer) && fits("{…\"ok\"}", &answer));
    assert!(!fits("{\"id\":\"01a20…\",\"status\":\"duplicate\"}", &answer));
    assert!(!fits("{\"status\":…,\"id\":…}", &answer), "the order counts");
    assert!(!fits("{\"id\":\"01a20…\",…}", &answer.replace(id, "7")));
    assert_eq!(ids(&answer), [id]);
}
