//! The prompts for questions and for short texts.

use models::prompts::Prompt;

pub(crate) const PLAN: Prompt = Prompt { version: "plan/2", file: include_str!("../prompts/plan.md") };
pub(crate) const ANSWER: Prompt = Prompt { version: "answer/1", file: include_str!("../prompts/answer.md") };
pub(crate) const SUMMARIZE: Prompt = Prompt { version: "summarize/1", file: include_str!("../prompts/summarize.md") };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_names_its_version_and_what_changed() {
        for prompt in [PLAN, ANSWER, SUMMARIZE] {
            testkit::prompts::in_order(prompt.version, prompt.file, prompt.text());
        }
    }
}
