//! The prompts for digests. Whoever changes one has the golden report made anew.

pub use models::prompts::Prompt;

pub const DIGEST: Prompt = Prompt { version: "digest/1", file: include_str!("../prompts/digest.md") };
pub const EXTRACT: Prompt = Prompt { version: "extract/1", file: include_str!("../prompts/extract.md") };
pub const REPAIR: Prompt = Prompt { version: "repair/1", file: include_str!("../prompts/repair.md") };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_names_its_version_and_what_changed() {
        for prompt in [DIGEST, EXTRACT, REPAIR] {
            testkit::prompts::in_order(prompt.version, prompt.file, prompt.text());
        }
    }
}
