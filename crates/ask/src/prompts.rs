//! The prompts, as files: the first line names the version, a list of changes at the end is for people.

/// A prompt and its version, as calls name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prompt {
    pub(crate) version: &'static str,
    file: &'static str,
}

pub(crate) const PLAN: Prompt = Prompt { version: "plan/1", file: include_str!("../prompts/plan.md") };
pub(crate) const ANSWER: Prompt = Prompt { version: "answer/1", file: include_str!("../prompts/answer.md") };
pub(crate) const SUMMARIZE: Prompt = Prompt { version: "summarize/1", file: include_str!("../prompts/summarize.md") };

impl Prompt {
    /// What a model is told: the file without its first line and its changes.
    pub(crate) fn text(self) -> &'static str {
        let text = self.file.split_once("-->").map_or(self.file, |(_, text)| text);
        text.split_once("<!-- changelog").map_or(text, |(text, _)| text).trim()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_names_its_version_and_what_changed() {
        for prompt in [PLAN, ANSWER, SUMMARIZE] {
            assert_eq!(prompt.file.lines().next(), Some(format!("<!-- {} -->", prompt.version).as_str()));
            let number = prompt.version.rsplit('/').next().expect("a number");
            let (_, changes) = prompt.file.split_once("<!-- changelog\n").expect("changes");
            assert!(changes.starts_with(&format!("{number}: ")), "the latest change of {} comes first", prompt.version);
            assert!(!prompt.text().contains("<!--") && prompt.text().len() > 100);
        }
    }
}
