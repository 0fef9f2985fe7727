//! What counts as production, as an incident, as a bot, as a deployment: settings with sensible defaults, passed to
//! every normalizer.

mod deploys;

use crate::data::Tier;
pub use deploys::{BadPattern, DeployPattern, Run, Target};

/// Words and patterns that an installation may set. Names are matched without regard to case.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Environments that are production. A name matches when it equals the pattern or begins with it followed by
    /// one of ` - _ /`: `prod` matches `prod`, `Prod-eu` and `prod/eu`, not `product`.
    pub production_patterns: Vec<String>,
    /// Labels that make an issue an incident.
    pub incident_labels: Vec<String>,
    /// Logins that are bots, beside those the source marks and those that end in `[bot]`.
    pub bot_logins: Vec<String>,
    /// Severities and priorities of alerts that are incidents. Any other alert is an alert only.
    pub incident_severities: Vec<String>,
    /// Jobs, workflows and pipelines whose runs are deployments (rule D5).
    pub deploy_patterns: Vec<DeployPattern>,
}

impl Default for Rules {
    fn default() -> Self {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            production_patterns: list(&["prod", "production", "live"]),
            incident_labels: list(&["incident", "outage", "postmortem"]),
            bot_logins: list(&["dependabot", "renovate-bot", "github-actions", "snyk-bot"]),
            incident_severities: list(&[
                "critical",
                "page",
                "fatal",
                "emergency",
                "p0",
                "p1",
                "p2",
                "sev0",
                "sev1",
                "sev2",
            ]),
            deploy_patterns: DeployPattern::usual(),
        }
    }
}

impl Rules {
    /// Whether a name says production (rule D3 of the metrics).
    pub fn is_production(&self, environment: &str) -> bool {
        self.production_patterns.iter().any(|pattern| begins_as_word(environment, pattern))
    }

    /// The tier of an environment: production by name or by the source's own flag (a flag that says "no" decides
    /// nothing: deployments made by Actions carry `production_environment: false` for real production), else by
    /// the usual names, else other.
    pub fn tier(&self, environment: &str, flagged_production: Option<bool>) -> Tier {
        if self.is_production(environment) || flagged_production == Some(true) {
            return Tier::Production;
        }
        USUAL_NAMES
            .iter()
            .find(|(_, names)| names.iter().any(|name| begins_as_word(environment, name)))
            .map_or(Tier::Other, |(tier, _)| *tier)
    }

    pub fn is_incident_label(&self, label: &str) -> bool {
        self.incident_labels.iter().any(|known| known.eq_ignore_ascii_case(label))
    }

    /// Whether an alert of that severity is an incident. `SEV-1`, `sev1` and `SEV 1` are one.
    pub fn is_incident_severity(&self, severity: &str) -> bool {
        self.incident_severities.iter().any(|known| plain(known).eq(plain(severity)))
    }

    /// Whether a login is a bot's, given what the source says of it.
    pub fn is_bot(&self, login: &str, marked_as_bot: bool) -> bool {
        marked_as_bot
            || login.ends_with("[bot]")
            || self.bot_logins.iter().any(|known| known.eq_ignore_ascii_case(login))
    }
}

/// What environments that are not production are usually called.
const USUAL_NAMES: [(Tier, &[&str]); 3] = [
    (Tier::Staging, &["staging", "stage", "stg", "preprod", "pre-prod", "pre-production", "preproduction", "uat"]),
    (Tier::Testing, &["test", "testing", "qa", "ci", "integration"]),
    (Tier::Development, &["dev", "development", "sandbox", "preview", "review", "local"]),
];

/// Letters and digits only, in lower case.
fn plain(word: &str) -> impl Iterator<Item = u8> {
    word.bytes().filter(u8::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase())
}

fn begins_as_word(name: &str, pattern: &str) -> bool {
    let Some((head, rest)) = name.split_at_checked(pattern.len()) else { return false };
    head.eq_ignore_ascii_case(pattern) && rest.chars().next().is_none_or(|next| " -_/".contains(next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn production_is_known_by_whole_words_or_the_flag_that_says_yes() {
        let rules = Rules::default();
        for name in ["prod", "Production", "prod-eu", "production/eu-west", "LIVE blue"] {
            assert_eq!(rules.tier(name, Some(false)), Tier::Production, "{name}");
        }
        for (name, tier) in [
            ("product", Tier::Other),
            ("staging-prod", Tier::Staging),
            ("pre-production", Tier::Staging),
            ("qa", Tier::Testing),
            ("review/pr-12", Tier::Development),
            ("", Tier::Other),
        ] {
            assert_eq!(rules.tier(name, Some(false)), tier, "{name}");
        }
        assert_eq!(rules.tier("eu-1", Some(true)), Tier::Production);
    }

    #[test]
    fn severities_are_told_apart_by_letters_and_digits_only() {
        let rules = Rules::default();
        for severity in ["critical", "CRITICAL", "SEV-1", "sev 2", "P1"] {
            assert!(rules.is_incident_severity(severity), "{severity}");
        }
        for severity in ["", "warning", "info", "P3", "p10", "none"] {
            assert!(!rules.is_incident_severity(severity), "{severity}");
        }
    }

    #[test]
    fn bots_are_known_by_mark_suffix_or_list() {
        let rules = Rules::default();
        assert!(rules.is_bot("anything", true));
        assert!(rules.is_bot("dependabot[bot]", false));
        assert!(rules.is_bot("Renovate-Bot", false));
        assert!(!rules.is_bot("octocat", false));
    }
}
