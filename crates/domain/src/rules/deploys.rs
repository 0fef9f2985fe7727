//! Which runs of a continuous integration are deployments, and of which environment (rule D5 of the metrics).
//!
//! A name is read as words: `deploy-to-prod`, `deployToProd` and `Deploy to prod` say the same. Nothing here decides
//! whether the run succeeded.

use std::fmt;

use super::{Rules, USUAL_NAMES};

/// Runs whose name contains these words are deployments. Written `[source:]words[=environment]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployPattern {
    /// Only runs of this source. Without it, runs of every source that tells of no deployments itself.
    pub source: Option<String>,
    /// In lower case, in this order, next to each other; a last `*` matches the rest of a word.
    pub words: Vec<String>,
    /// The environment of such runs, whatever their name says.
    pub environment: Option<String>,
}

/// A text that is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a pattern is written [source:]words[=environment]: deploy, circleci:release=production")]
pub struct BadPattern;

impl DeployPattern {
    /// What runs that deploy are usually called.
    pub fn usual() -> Vec<Self> {
        let of = |word: &str| Self { source: None, words: vec![word.to_owned()], environment: None };
        ["deploy", "deployment", "rollout", "promote"].map(of).into()
    }

    /// Reads a pattern as it is written in a setting.
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let (rest, environment) = match text.rsplit_once('=') {
            Some((rest, environment)) => (rest, Some(environment.trim())),
            None => (text, None),
        };
        let (source, name) = match rest.split_once(':') {
            Some((source, name)) => (Some(source.trim()), name),
            None => (None, rest),
        };
        let mut words = words(name);
        if name.trim_end().ends_with('*')
            && let Some(last) = words.last_mut()
        {
            last.push('*');
        }
        let empty = |part: Option<&str>| part.is_some_and(str::is_empty);
        if words.is_empty() || empty(source) || empty(environment) {
            return Err(BadPattern);
        }
        Ok(Self { source: source.map(str::to_owned), words, environment: environment.map(str::to_owned) })
    }

    fn is_in(&self, name: &[String]) -> bool {
        name.windows(self.words.len())
            .any(|place| place.iter().zip(&self.words).all(|(word, known)| matches(word, known)))
    }
}

impl fmt::Display for DeployPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(source) = &self.source {
            write!(f, "{source}:")?;
        }
        f.write_str(&self.words.join(" "))?;
        self.environment.as_ref().map_or(Ok(()), |environment| write!(f, "={environment}"))
    }
}

/// A run, as far as these rules look at it.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    pub source: &'a str,
    /// The source tells of deployments itself: only patterns that name it count, else each would be counted twice.
    pub tells_deployments: bool,
    /// The names of the job, stage, workflow and pipeline that it is, the closest one first.
    pub names: &'a [&'a str],
    /// The name of what it runs in, where that name says nothing of what this run does: it may name the environment.
    pub around: Option<&'a str>,
    /// The environment that the source names.
    pub environment: Option<&'a str>,
    /// It ran on a tag or on the main branch.
    pub on_main: bool,
}

/// A run that is a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `None`: nothing says which.
    pub environment: Option<String>,
}

impl Rules {
    /// Whether a run is a deployment, and where to: what the source says, what the pattern says, what a name says, and
    /// where nothing does, production for a run on the main branch or a tag.
    pub fn deploys(&self, run: &Run<'_>) -> Option<Target> {
        let names: Vec<Vec<String>> = run.names.iter().map(|name| words(name)).collect();
        let meant = |pattern: &&DeployPattern| match &pattern.source {
            Some(source) => source == run.source,
            None => !run.tells_deployments,
        };
        let found = |pattern: &&DeployPattern| names.iter().any(|name| pattern.is_in(name));
        let mut patterns: Vec<&DeployPattern> = self.deploy_patterns.iter().filter(meant).filter(found).collect();
        // A pattern that says where wins over one that does not.
        patterns.sort_by_key(|pattern| (pattern.environment.is_none(), pattern.source.is_none()));
        let pattern = patterns.first()?;
        let said = run.environment.map(str::to_owned).or_else(|| pattern.environment.clone());
        let named = || run.names.iter().copied().chain(run.around).find_map(|name| self.environment_in(name));
        let environment = said.or_else(named).or_else(|| run.on_main.then(|| "production".to_owned()));
        Some(Target { environment })
    }

    /// The environment that a name says, of a job, an app or a namespace: the first of its words that is one.
    pub fn environment_in(&self, name: &str) -> Option<String> {
        let words = words(name);
        let mut before = "";
        for word in &words {
            let both = format!("{before}-{word}");
            // `non-prod` and `pre-live` are not what their last word says.
            let other = matches!(before, "non" | "pre") && self.is_environment(word);
            if other || self.is_environment(&both) {
                return Some(both);
            }
            if self.is_environment(word) {
                return Some(word.clone());
            }
            before = word;
        }
        None
    }

    fn is_environment(&self, word: &str) -> bool {
        self.production_patterns.iter().any(|known| known.eq_ignore_ascii_case(word))
            || USUAL_NAMES.iter().any(|(_, names)| names.contains(&word))
    }
}

fn matches(word: &str, known: &str) -> bool {
    known.strip_suffix('*').map_or_else(|| word == known, |start| word.starts_with(start))
}

/// The words of a name in lower case: parted by anything but letters and digits, and where a capital follows a small
/// letter. Names of jobs are cut after 300 characters.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for c in name.chars().take(300) {
        let parts = !c.is_alphanumeric() || (small && c.is_uppercase());
        if parts && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        small = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<'a>(names: &'a [&'a str]) -> Run<'a> {
        Run { source: "circleci", tells_deployments: false, names, around: None, environment: None, on_main: false }
    }

    fn environment(rules: &Rules, run: &Run<'_>) -> Option<Option<String>> {
        rules.deploys(run).map(|target| target.environment)
    }

    #[test]
    fn a_run_deploys_by_the_words_of_its_name() {
        let rules = Rules::default();
        for (name, expected) in [
            ("deploy-to-prod", Some(Some("prod"))),
            ("deployToStaging", Some(Some("staging"))),
            ("Deploy (Production)", Some(Some("production"))),
            ("rollout", Some(None)),
            ("build", None),
            ("redeployable", None),
            ("", None),
        ] {
            let expected = expected.map(|environment: Option<&str>| environment.map(str::to_owned));
            assert_eq!(environment(&rules, &run(&[name])), expected, "{name}");
        }
        assert_eq!(environment(&rules, &Run { on_main: true, ..run(&["deploy"]) }), Some(Some("production".into())));
        assert_eq!(environment(&rules, &run(&["deploy", "release-qa"])), Some(Some("qa".into())));
        let inside = Run { around: Some("deploy-qa"), ..run(&["deploy"]) };
        assert_eq!(environment(&rules, &inside), Some(Some("qa".into())));
        assert_eq!(environment(&rules, &Run { names: &["test"], ..inside }), None);
        let said = Run { environment: Some("eu-west"), ..run(&["deploy-prod"]) };
        assert_eq!(environment(&rules, &said), Some(Some("eu-west".into())));
    }

    #[test]
    fn a_name_says_its_environment_by_whole_words() {
        let rules = Rules::default();
        for (name, expected) in [
            ("shop-staging", Some("staging")),
            ("acme_shop_PROD_eu", Some("prod")),
            ("shop-pre-production", Some("pre-production")),
            ("deploy-non-prod", Some("non-prod")),
            ("shopPreLive", Some("pre-live")),
            ("product-tests", None),
            ("", None),
        ] {
            assert_eq!(rules.environment_in(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn patterns_say_which_source_and_where_to() {
        let patterns = ["github:ship it", "circleci:release*=production", "release"];
        let patterns = patterns.map(|text| DeployPattern::parse(text).expect("a pattern"));
        assert_eq!(patterns[1].to_string(), "circleci:release*=production");
        let rules = Rules { deploy_patterns: patterns.into(), ..Rules::default() };
        assert_eq!(environment(&rules, &run(&["releases"])), Some(Some("production".into())));
        assert_eq!(environment(&rules, &run(&["ship it"])), None);
        let github = Run { source: "github", tells_deployments: true, ..run(&["Ship-it to staging"]) };
        assert_eq!(environment(&rules, &github), Some(Some("staging".into())));
        let twice = Run { source: "github", tells_deployments: true, ..run(&["release"]) };
        assert_eq!(environment(&rules, &twice), None);
        for bad in ["", " ", "circleci:", ":deploy", "deploy=", "=production"] {
            assert_eq!(DeployPattern::parse(bad), Err(BadPattern), "{bad}");
        }
    }
}
