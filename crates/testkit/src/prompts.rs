//! Holds a prompt's file to its form: its version first, the changes last, the latest of them on top.

/// `text` is what a model is told of the file.
///
/// # Panics
/// When the file is not so.
pub fn in_order(version: &str, file: &str, text: &str) {
    assert_eq!(file.lines().next(), Some(format!("<!-- {version} -->").as_str()));
    let number = version.rsplit('/').next().expect("a number");
    let (_, changes) = file.split_once("<!-- changelog\n").expect("changes");
    assert!(changes.starts_with(&format!("{number}: ")), "the latest change of {version} comes first");
    assert!(!text.contains("<!--") && !text.contains("-->") && text.len() > 100);
}
