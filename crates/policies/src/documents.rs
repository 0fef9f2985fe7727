//! The documents that people write about what may happen, read once at start. One that does not fit stops the start, with
//! everything that is wrong with it: a policy that nobody reads lets nothing through by mistake.

use std::io;
use std::path::Path;

use domain::documents::Fault;
use domain::policy::Policy;
use domain::signals::Rules;
use serde_json::{Value, json};

use crate::yaml::{self, YamlError};

/// A document that cannot be used. The text names the setting, the file, and every fault with its place.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    #[error("{setting}: cannot read {path}; name a file that this process may read")]
    Unreadable { setting: &'static str, path: String, source: io::Error },
    #[error("{setting}: {path} is no document")]
    NoDocument { setting: &'static str, path: String, source: YamlError },
    #[error("{setting}: {path} does not fit:{}", listed(.faults))]
    Unfit { setting: &'static str, path: String, faults: Vec<Fault> },
}

fn listed(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("\n  {}: {}", fault.pointer, fault.detail)).collect()
}

/// The policy of `POLICY_PATH`; the shipped one where none is set.
pub fn policy(path: Option<&Path>) -> Result<Policy, DocumentError> {
    path.map_or_else(|| Ok(Policy::shipped()), |path| document("POLICY_PATH", path, Policy::read))
}

/// The rules for signals of `RULES_PATH`; the shipped ones where none is set.
pub fn rules(path: Option<&Path>) -> Result<Rules, DocumentError> {
    path.map_or_else(|| Ok(Rules::shipped()), |path| document("RULES_PATH", path, |found| Rules::read(&whole(found))))
}

/// A bare list of rules, as EM Agent 1 has them, is a document with nothing else in it.
fn whole(found: &Value) -> Value {
    if found.is_array() { json!({"rules": found}) } else { found.clone() }
}

fn document<T>(
    setting: &'static str,
    path: &Path,
    read: impl Fn(&Value) -> Result<T, Vec<Fault>>,
) -> Result<T, DocumentError> {
    let named = || path.display().to_string();
    let text =
        std::fs::read_to_string(path).map_err(|source| DocumentError::Unreadable { setting, path: named(), source })?;
    let document = yaml::read(&text).map_err(|source| DocumentError::NoDocument { setting, path: named(), source })?;
    read(&document).map_err(|faults| DocumentError::Unfit { setting, path: named(), faults })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn written(text: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("em-policy-{}.yaml", uuid::Uuid::new_v4()));
        std::fs::write(&path, text).expect("written");
        path
    }

    fn told(text: &str) -> String {
        let path = written(text);
        let error = policy(Some(&path)).expect_err("refused");
        std::fs::remove_file(&path).expect("removed");
        error.to_string()
    }

    #[test]
    fn a_document_is_read_and_without_one_the_shipped_policy_counts() {
        let path = written("version: 1\nname: ours\nrules:\n  - {name: all, then: {auto_approve: true}}\n");
        let own = policy(Some(&path)).expect("a policy");
        std::fs::remove_file(&path).expect("removed");
        assert_eq!((own.name(), policy(None).expect("a policy").name()), ("ours", "default"));
    }

    #[test]
    fn rules_may_be_a_bare_list_and_what_is_wrong_with_one_is_told_all_the_same() {
        let path = written("- {name: stale48h, kind: stale_pr, older_than_hours: 48}\n- {kind: wip_limit_exceeded}\n");
        let own = rules(Some(&path)).expect("rules");
        std::fs::write(&path, "- {kind: nobody_knows}\n").expect("written");
        let unfit = rules(Some(&path)).expect_err("refused").to_string();
        std::fs::remove_file(&path).expect("removed");
        let names: Vec<&str> = own.rules.iter().map(|rule| rule.name.as_str()).collect();
        assert_eq!(names, ["stale48h", "wip_limit_exceeded"]);
        assert!(unfit.contains("RULES_PATH") && unfit.contains("/rules/0/kind"), "{unfit}");
    }

    #[test]
    fn what_is_wrong_is_told_with_the_setting_and_every_place() {
        let unfit = told("version: 2\nrules:\n  - {name: x, when: 'kind =', then: {action: allow}}\n");
        for part in ["POLICY_PATH", ".yaml does not fit", "\n  /version: ", "\n  /rules/0/when: "] {
            assert!(unfit.contains(part), "{part}: {unfit}");
        }
        assert!(told("rules: [").contains("is no document"));
        let missing = policy(Some(Path::new("/nowhere/policy.yaml"))).expect_err("refused");
        assert!(missing.to_string().contains("cannot read /nowhere/policy.yaml"), "{missing}");
    }
}
