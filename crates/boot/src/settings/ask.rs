//! How questions are answered, and what agents may fetch.

use super::reader::Reader;

/// Who chooses the tools that answer a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Planner {
    /// The question's words.
    #[default]
    Rules,
    /// A language model, where one is set up.
    Llm,
}

impl Planner {
    const ALL: [Self; 2] = [Self::Rules, Self::Llm];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Llm => "llm",
        }
    }
}

/// Everything about questions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskSettings {
    pub planner: Planner,
    /// Hosts that may be fetched from, in lower case: `docs.example.org`, `*.example.org`. Empty: nothing is fetched.
    pub fetch_allow: Vec<String>,
}

impl AskSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let word = |text: &str| Planner::ALL.into_iter().find(|one| one.as_str() == text);
        let planner = reader.parsed("AGENT_PLANNER_MODE", "rules or llm", word).unwrap_or_default();
        let hosts = "a comma list of hosts, like docs.example.org or *.example.org";
        let fetch_allow = reader.parsed("AGENT_FETCH_ALLOW", hosts, read_hosts).unwrap_or_default();
        Self { planner, fetch_allow }
    }
}

fn read_hosts(text: &str) -> Option<Vec<String>> {
    let hosts = super::values::words(text)?;
    hosts.into_iter().map(|host| Some(host.to_ascii_lowercase()).filter(|host| is_host(host))).collect()
}

/// A name with a dot, or all below one. Addresses are no names: what they mean is nobody's promise.
fn is_host(host: &str) -> bool {
    let name = host.strip_prefix("*.").unwrap_or(host);
    let label = |label: &str| {
        let plain = label.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'-');
        plain && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    let is_address = name.rsplit('.').next().is_none_or(|last| last.bytes().all(|one| one.is_ascii_digit()));
    name.contains('.') && name.len() <= 253 && name.split('.').all(label) && !is_address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_and_nothing_else() {
        let read = |text: &str| read_hosts(text);
        assert_eq!(read("Docs.Example.org, *.acme.io"), Some(vec!["docs.example.org".into(), "*.acme.io".into()]));
        for wrong in [
            "*",
            "*.",
            "localhost",
            "10.0.0.1",
            "https://a.example",
            "a.example:80",
            "a..example",
            "*.*.example",
            "[::1]",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
