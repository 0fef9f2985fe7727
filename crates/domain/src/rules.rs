//! What counts as production, as an incident, as a bot: settings with sensible defaults, passed to every normalizer.

use crate::data::Tier;

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
}

impl Default for Rules {
    fn default() -> Self {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            production_patterns: list(&["prod", "production", "live"]),
            incident_labels: list(&["incident", "outage", "postmortem"]),
            bot_logins: list(&["dependabot", "renovate-bot", "github-actions", "snyk-bot"]),
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
        let usual: [(Tier, &[&str]); 3] = [
            (
                Tier::Staging,
                &["staging", "stage", "stg", "preprod", "pre-prod", "pre-production", "preproduction", "uat"],
            ),
            (Tier::Testing, &["test", "testing", "qa", "ci", "integration"]),
            (Tier::Development, &["dev", "development", "sandbox", "preview", "review", "local"]),
        ];
        usual
            .iter()
            .find(|(_, names)| names.iter().any(|name| begins_as_word(environment, name)))
            .map_or(Tier::Other, |(tier, _)| *tier)
    }

    pub fn is_incident_label(&self, label: &str) -> bool {
        self.incident_labels.iter().any(|known| known.eq_ignore_ascii_case(label))
    }

    /// Whether a login is a bot's, given what the source says of it.
    pub fn is_bot(&self, login: &str, marked_as_bot: bool) -> bool {
        marked_as_bot
            || login.ends_with("[bot]")
            || self.bot_logins.iter().any(|known| known.eq_ignore_ascii_case(login))
    }
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
    fn bots_are_known_by_mark_suffix_or_list() {
        let rules = Rules::default();
        assert!(rules.is_bot("anything", true));
        assert!(rules.is_bot("dependabot[bot]", false));
        assert!(rules.is_bot("Renovate-Bot", false));
        assert!(!rules.is_bot("octocat", false));
    }
}
