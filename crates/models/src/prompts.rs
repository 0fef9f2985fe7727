//! Prompts, as files beside whoever asks: the first line names the version, a list of changes at the end is for people.
//!
//! Whoever changes a prompt raises its version in the file and where it is named, and says what changed.

/// A prompt and its version, as calls and what is kept of them name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub version: &'static str,
    /// The file, whole.
    pub file: &'static str,
}

impl Prompt {
    /// What a model is told: the file without its first line and its changes.
    pub fn text(self) -> &'static str {
        let text = self.file.split_once("-->").map_or(self.file, |(_, text)| text);
        text.split_once("<!-- changelog").map_or(text, |(text, _)| text).trim()
    }
}
