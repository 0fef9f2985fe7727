//! The prompts, as files: the first line names the version, a list of changes at the end is for people.
//!
//! Whoever changes a prompt raises its version here and in the file, and says what changed; the golden report is made anew.

/// A prompt and its version, as calls and digests name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub version: &'static str,
    file: &'static str,
}

pub const DIGEST: Prompt = Prompt { version: "digest/1", file: include_str!("../prompts/digest.md") };
pub const EXTRACT: Prompt = Prompt { version: "extract/1", file: include_str!("../prompts/extract.md") };
pub const REPAIR: Prompt = Prompt { version: "repair/1", file: include_str!("../prompts/repair.md") };

impl Prompt {
    /// What a model is told: the file without its first line and its changes.
    pub fn text(self) -> &'static str {
        let text = self.file.split_once("-->").map_or(self.file, |(_, text)| text);
        text.split_once("<!-- changelog").map_or(text, |(text, _)| text).trim()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_names_its_version_and_what_changed() {
        for prompt in [DIGEST, EXTRACT, REPAIR] {
            assert_eq!(prompt.file.lines().next(), Some(format!("<!-- {} -->", prompt.version).as_str()));
            let number = prompt.version.rsplit('/').next().expect("a number");
            let (_, changes) = prompt.file.split_once("<!-- changelog\n").expect("changes");
            assert!(changes.starts_with(&format!("{number}: ")), "the latest change of {} comes first", prompt.version);
            assert!(!prompt.text().contains("<!--") && !prompt.text().contains("-->") && prompt.text().len() > 100);
        }
    }
}
