//! What the README tells its reader to type, and what it says will be answered.

use crate::clone::root;

/// A command of a `console` block, with the answer that stands under it.
pub(crate) struct Step {
    /// Where it stands in the README.
    pub(crate) line: usize,
    /// As it stands there, with its lines that go on and its comment.
    pub(crate) command: String,
    /// Empty where the README shows none.
    pub(crate) shown: String,
}

/// All of them, in order. A line that begins with four spaces goes on with the command above it.
pub(crate) fn steps() -> Vec<Step> {
    let text = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let mut steps: Vec<Step> = Vec::new();
    // The spaces before the block that is open: blocks stand in lists as well.
    let mut open: Option<usize> = None;
    for (number, line) in text.lines().enumerate() {
        let (plain, indent) = (line.trim_start(), line.len() - line.trim_start().len());
        match (open, plain.strip_prefix("```")) {
            (None, Some("console")) => open = Some(indent),
            (Some(_), Some(_)) => open = None,
            (Some(indent), None) => read(&mut steps, number + 1, line.get(indent..).unwrap_or_default()),
            _ => {}
        }
    }
    assert!(open.is_none() && steps.len() > 20, "{} commands", steps.len());
    steps
}

fn read(steps: &mut Vec<Step>, line: usize, text: &str) {
    if let Some(command) = text.strip_prefix("$ ") {
        steps.push(Step { line, command: command.to_owned(), shown: String::new() });
        return;
    }
    let step = steps.last_mut().unwrap_or_else(|| panic!("line {line}: an answer to nothing"));
    let goes_on = step.shown.is_empty() && text.starts_with("    ");
    let part = if goes_on { &mut step.command } else { &mut step.shown };
    if !part.is_empty() {
        part.push('\n');
    }
    part.push_str(text);
}
