//! What is set per source, and what all sources share in reading their deliveries.
//!
//! Sources may be added while we run (plugins): secrets and switches of names that nobody knows yet are kept as well.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use domain::rules::{DeployPattern, Rules};
use secrecy::{ExposeSecret, SecretString};

use crate::environment::Variables;

use super::reader::Reader;
use super::{Env, values};

/// Sources whose secret has a name of the vendor's own.
const OWN_SECRET_NAMES: &[(&str, &str)] = &[("slack", "SLACK_SIGNING_SECRET")];
const PLUGINS_DIR: &str = "PLUGINS_DIR";
const USUAL_PLUGINS_DIR: &str = "plugins";
const SECRET: &str = "_WEBHOOK_SECRET";
const SWITCH: (&str, &str) = ("INTEGRATIONS_", "_ENABLED");

/// Which sources without a secret are taken unsigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsigned {
    None,
    All,
    Only(BTreeSet<String>),
}

/// What is set per source. A source is named as in `/webhooks/<source>`.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// In order: the active secret, then those that are accepted while it is rotated.
    pub secrets: BTreeMap<String, Vec<SecretString>>,
    pub unsigned: Unsigned,
    pub disabled: BTreeSet<String>,
    /// Sources that may carry their token in the URL.
    pub token_in_url: BTreeSet<String>,
    /// The SNS topics whose messages are taken.
    pub sns_topics: Vec<String>,
    pub sns_allow_sha1: bool,
    /// The header that Grafana was told to put the signed time into, in lower case.
    pub grafana_timestamp_header: Option<String>,
    /// Where declarative integrations are; need not exist.
    pub plugins_dir: PathBuf,
}

impl SourceSettings {
    pub(super) fn read(reader: &mut Reader<'_>, source_names: &[&str], env: Env) -> Self {
        let (mut secrets, mut disabled) = (BTreeMap::new(), BTreeSet::new());
        for source in names(reader, source_names) {
            let capitals = values::in_capitals(&source);
            if !reader.flag(&format!("{}{capitals}{}", SWITCH.0, SWITCH.1), true) {
                disabled.insert(source.clone());
            }
            let listed =
                reader.hidden(&secret_name(&source), "a secret in one line, or two with a comma", values::line);
            let live: Vec<SecretString> = listed.iter().flat_map(each).collect();
            if !live.is_empty() {
                secrets.insert(source, live);
            }
        }
        let takes = "ARNs of SNS topics: arn:aws:sns:eu-west-1:123456789012:deploys";
        let arns = |text: &str| values::words(text).filter(|all| all.iter().all(|arn| values::is_topic(arn)));
        Self {
            secrets,
            disabled,
            unsigned: Self::read_unsigned(reader, source_names, env),
            token_in_url: Self::read_listed(reader, "WEBHOOKS_TOKEN_IN_URL", source_names),
            sns_topics: reader.parsed("AWS_SNS_TOPIC_ARNS", takes, arns).unwrap_or_default(),
            sns_allow_sha1: reader.flag("AWS_SNS_ALLOW_SHA1", false),
            grafana_timestamp_header: reader.parsed("GRAFANA_TIMESTAMP_HEADER", "the name of a header", values::header),
            plugins_dir: PathBuf::from(reader.text_or(PLUGINS_DIR, USUAL_PLUGINS_DIR)),
        }
    }

    fn read_unsigned(reader: &mut Reader<'_>, source_names: &[&str], env: Env) -> Unsigned {
        let name = "WEBHOOKS_ALLOW_UNSIGNED";
        if !reader.is_present(name) && !env.is_production() {
            return Unsigned::All;
        }
        if reader.words(name).is_some_and(|listed| listed.iter().any(|one| one == "*")) {
            return Unsigned::All;
        }
        let listed = Self::read_listed(reader, name, source_names);
        if listed.is_empty() { Unsigned::None } else { Unsigned::Only(listed) }
    }

    /// A list of sources; one that does not exist is refused.
    fn read_listed(reader: &mut Reader<'_>, name: &str, source_names: &[&str]) -> BTreeSet<String> {
        let listed: BTreeSet<String> = reader.words(name).unwrap_or_default().into_iter().collect();
        if let Some(stranger) = listed.iter().find(|one| !source_names.contains(&one.as_str())) {
            let takes = format!("a comma list of {}", source_names.join(", "));
            reader.refuse(name, format!("'{}'", stranger.escape_debug()), takes);
        }
        listed
    }

    pub fn enabled(&self, source: &str) -> bool {
        !self.disabled.contains(source)
    }

    pub fn secrets(&self, source: &str) -> &[SecretString] {
        self.secrets.get(source).map_or(&[], Vec::as_slice)
    }

    /// Whether deliveries of this source are taken without a signature. Never for a source that has a secret.
    pub fn allows_unsigned(&self, source: &str) -> bool {
        self.secrets(source).is_empty()
            && match &self.unsigned {
                Unsigned::None => false,
                Unsigned::All => true,
                Unsigned::Only(listed) => listed.contains(source),
            }
    }
}

/// The secrets of a comma list.
fn each(listed: &SecretString) -> impl Iterator<Item = SecretString> {
    listed.expose_secret().split(',').map(str::trim).filter(|one| !one.is_empty()).map(SecretString::from)
}

/// Where plugins are, before the settings are read: their names are part of them.
pub fn plugins_dir(variables: &Variables) -> PathBuf {
    let set = variables.get(PLUGINS_DIR).map(|text| text.trim()).filter(|text| !text.is_empty());
    PathBuf::from(set.unwrap_or(USUAL_PLUGINS_DIR))
}

/// The setting that holds a source's secret.
pub fn secret_name(source: &str) -> String {
    let own = OWN_SECRET_NAMES.iter().find(|(name, _)| *name == source);
    own.map_or_else(|| format!("{}{SECRET}", values::in_capitals(source)), |(_, setting)| (*setting).to_owned())
}

/// The sources that exist, and those that variables name.
fn names(reader: &Reader<'_>, source_names: &[&str]) -> BTreeSet<String> {
    let named = |variable: &String| {
        let name = variable.strip_suffix("_FILE").unwrap_or(variable);
        let switched = || name.strip_prefix(SWITCH.0)?.strip_suffix(SWITCH.1);
        let capitals = name.strip_suffix(SECRET).or_else(switched)?;
        (!capitals.is_empty()).then(|| capitals.to_ascii_lowercase())
    };
    source_names.iter().map(|name| (*name).to_owned()).chain(reader.variables().keys().filter_map(named)).collect()
}

pub(super) fn rules(reader: &mut Reader<'_>) -> Rules {
    let usual = Rules::default();
    let takes = "a comma list of [source:]words[=environment]: deploy, circleci:release=production";
    let patterns = |text: &str| -> Option<Vec<DeployPattern>> {
        values::words(text)?.iter().map(|word| DeployPattern::parse(word).ok()).collect()
    };
    Rules {
        production_patterns: reader.words("PRODUCTION_PATTERNS").unwrap_or(usual.production_patterns),
        incident_labels: reader.words("INCIDENT_LABELS").unwrap_or(usual.incident_labels),
        bot_logins: reader.words("BOT_LOGINS").unwrap_or(usual.bot_logins),
        incident_severities: reader.words("INCIDENT_SEVERITIES").unwrap_or(usual.incident_severities),
        deploy_patterns: reader.parsed("DEPLOY_PATTERNS", takes, patterns).unwrap_or(usual.deploy_patterns),
    }
}
