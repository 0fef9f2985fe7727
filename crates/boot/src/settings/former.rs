//! Names that EM Agent 1 read and that this program does not: whoever brings their settings along is told what became
//! of each. Names that other programs use as well (`REDIS_URL`) are not among them.

/// A name that EM Agent 1 read, and the setting that has its place.
const FORMER: &[(&str, Option<&str>)] = &[
    ("EMBEDDINGS_BACKEND", Some("OPENAI_EMBEDDING_MODEL")),
    ("EVALUATOR_ENABLED", None),
    ("EVALUATOR_INTERVAL_SEC", Some("SIGNALS_INTERVAL_SECONDS")),
    ("GH_TOKEN", Some("GITHUB_TOKEN")),
    ("INTEGRATIONS_GITHUB_ACTIONS_ENABLED", Some("INTEGRATIONS_GITHUB_ENABLED")),
    ("JWT_REFRESH_TOKEN_EXPIRE_DAYS", None),
    ("RAG_PG_DSN", None),
    ("RAG_PG_ENABLED", None),
    ("RAG_URL", None),
    ("RAG_USE_VECTOR", None),
    ("RETENTION_INTERVAL_SEC", None),
    ("SLACK_DEPLOYMENT_CHANNEL", None),
    ("SLACK_SIGNING_REQUIRED", None),
    ("WORKFLOW_RUNNER_ENABLED", None),
    ("WORKFLOW_RUNNER_INTERVAL_SEC", None),
];

/// What became of a name. `None`: EM Agent 1 did not read it.
pub(super) fn now(name: &str) -> Option<Option<&'static str>> {
    FORMER.iter().find(|(former, _)| *former == name).map(|(_, now)| *now)
}

#[cfg(test)]
mod tests {
    use super::super::table::SETTINGS;
    use super::super::unknown::warnings;
    use super::FORMER;
    use crate::environment::Variables;

    fn warned(names: &[&str]) -> Vec<String> {
        let variables: Variables = names.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect();
        warnings(&variables, &["github"]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn who_brings_a_name_of_em_agent_1_is_told_what_became_of_it() {
        assert_eq!(
            warned(&["SLACK_SIGNING_REQUIRED", "EVALUATOR_INTERVAL_SEC", "REDIS_URL"]),
            [
                "EVALUATOR_INTERVAL_SEC was a setting of EM Agent 1; here it is SIGNALS_INTERVAL_SECONDS",
                "SLACK_SIGNING_REQUIRED was a setting of EM Agent 1; nothing reads it here",
            ]
        );
    }

    #[test]
    fn who_has_set_the_new_name_may_keep_the_former_one_for_another_program() {
        assert_eq!(warned(&["GH_TOKEN"]).len(), 1);
        assert_eq!(warned(&["GH_TOKEN", "GITHUB_TOKEN"]), Vec::<String>::new());
    }

    #[test]
    fn no_former_name_is_a_setting_and_every_new_one_is() {
        let is_setting = |name: &str| SETTINGS.iter().any(|setting| setting.name == name);
        for (former, now) in FORMER {
            assert!(!is_setting(former), "{former}");
            assert!(now.is_none_or(|now| is_setting(now) || now.starts_with("INTEGRATIONS_")), "{now:?}");
        }
    }
}
