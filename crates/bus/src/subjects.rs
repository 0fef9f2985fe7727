//! Where a message goes: `<prefix>.<tenant>.<source>.<noun>.<verb>`.

use domain::event::Event;

use crate::Bus;

impl Bus {
    pub(crate) fn subject(&self, event: &Event) -> String {
        let Self { prefix, .. } = self;
        let [tenant, source] = [event.tenant.as_str(), &event.integration].map(token);
        let [noun, verb] = [event.kind.noun(), event.kind.verb()].map(token);
        format!("{prefix}.{tenant}.{source}.{noun}.{verb}")
    }

    pub(crate) fn all_subjects(&self) -> String {
        format!("{}.>", self.prefix)
    }

    /// The subjects of some types of every tenant and source: `deployment.*`, `change.merged`.
    pub(crate) fn subject_of_type(&self, types: &str) -> String {
        format!("{}.*.*.{types}", self.prefix)
    }
}

/// A subject's token: anything that would mean something in a subject becomes `_`.
fn token(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
    if text.is_empty() { "_".to_owned() } else { text.chars().map(plain).collect() }
}

#[cfg(test)]
mod tests {
    use super::token;

    #[test]
    fn a_token_cannot_become_two_or_a_wildcard() {
        for (text, expected) in
            [("github", "github"), ("a.b", "a_b"), ("*", "_"), ("> x\r\n", "__x__"), ("", "_"), ("é", "_")]
        {
            assert_eq!(token(text), expected);
        }
    }
}
