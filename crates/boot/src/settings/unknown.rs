//! Warns about variables that look like settings of ours and are none: a typing mistake must not pass in silence.

use std::fmt;

use crate::environment::Variables;

use super::former;
use super::sources::secret_name;
use super::table::{SETTINGS, SOURCE};
use super::values::in_capitals;

/// A variable that nobody reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub name: String,
    /// The known name that is most like it.
    pub nearest: Option<String>,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match former::now(name) {
            Some(Some(now)) => return write!(f, "{name} was a setting of EM Agent 1; here it is {now}"),
            Some(None) => return write!(f, "{name} was a setting of EM Agent 1; nothing reads it here"),
            None => {}
        }
        match (&self.nearest, source(name)) {
            (Some(nearest), _) => write!(f, "{name} is not a setting of this version; did you mean {nearest}?"),
            // A plugin may still come, and then it is right.
            (None, Some(source)) => write!(f, "{name}: there is no source '{source}' now, built in or as a plugin"),
            (None, None) => write!(f, "{name} is not a setting of this version"),
        }
    }
}

/// The source whose secret a variable is named after.
fn source(name: &str) -> Option<String> {
    let source = name.strip_suffix("_FILE").unwrap_or(name).strip_suffix(SUFFIX)?;
    (!source.is_empty()).then(|| source.to_ascii_lowercase())
}

/// Beginnings that only settings of ours have, on a machine that runs EM Agent.
const PREFIXES: &[&str] = &[
    "AGENT_",
    "AUTH_",
    "CORS_",
    "DB_POOL_",
    "EM_",
    "INTAKE_",
    "INTEGRATIONS_",
    "JWT_",
    "METRICS_",
    "NATS_",
    "RATE_LIMIT_",
    "RETENTION_",
    "WEBHOOKS_",
];
const SUFFIX: &str = "_WEBHOOK_SECRET";
/// Set by our own test runner.
const NOT_OURS: &str = "EM_TEST_";
/// Names that differ in more characters are not alike.
const ALIKE: usize = 3;
/// Other people's variables are warned about only where they are as good as ours: long, and so many characters away.
const LONG: usize = 8;
const MISSPELT: usize = 2;

pub(super) fn warnings(variables: &Variables, source_names: &[&str]) -> Vec<Warning> {
    let known: Vec<String> = names(source_names);
    let stranger = |name: &&String| {
        let base = name.strip_suffix("_FILE").unwrap_or(name);
        // Who has set what took its place may keep the other for another program.
        let former = former::now(base).is_some_and(|now| now.is_none_or(|now| !variables.contains_key(now)));
        let ours = former || PREFIXES.iter().any(|prefix| base.starts_with(prefix)) || base.ends_with(SUFFIX);
        let misspelt = || base.len() >= LONG && known.iter().any(|one| edits(base, one) <= MISSPELT);
        (ours || misspelt()) && !name.starts_with(NOT_OURS) && !known.iter().any(|one| one == base || one == *name)
    };
    variables
        .keys()
        .filter(stranger)
        .map(|name| Warning { nearest: nearest(name, &known), name: name.clone() })
        .collect()
}

/// Every name of the table, those per source written out.
fn names(source_names: &[&str]) -> Vec<String> {
    let written_out = |name: &'static str| -> Vec<String> {
        if name.contains(SOURCE) {
            let secret = name.ends_with(SUFFIX);
            let of =
                |source: &&str| if secret { secret_name(source) } else { name.replace(SOURCE, &in_capitals(source)) };
            source_names.iter().map(of).collect()
        } else {
            vec![name.to_owned()]
        }
    };
    SETTINGS.iter().flat_map(|setting| written_out(setting.name)).collect()
}

fn nearest(name: &str, known: &[String]) -> Option<String> {
    let (distance, best) = known.iter().map(|one| (edits(name, one), one)).min()?;
    (distance <= ALIKE).then(|| best.clone())
}

/// How many characters must be put in, taken out or changed to make `a` into `b`.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = corner + usize::from(from != *to);
            corner = row[j + 1];
            row[j + 1] = changed.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
