//! The tests that stand in a document: an input, and what the policy should say about it.

use serde::Serialize;

use super::{Decision, Input, Policy};

/// One test of a document.
#[derive(Clone, Debug, Default)]
pub(super) struct Trial {
    pub(super) name: String,
    pub(super) input: Input,
    pub(super) expect: Expected,
}

/// What is not said is not looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    /// `Some(None)`: the default.
    pub(super) rule: Option<Option<String>>,
    pub(super) action: Option<String>,
    pub(super) requires_approval: Option<bool>,
    pub(super) auto_approve: Option<bool>,
    pub(super) error: Option<bool>,
}

/// How the tests of a document went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestReport {
    pub results: Vec<TestResult>,
    /// Rules that no test reaches, in their order.
    pub untested: Vec<String>,
    /// How many rules there are.
    pub rules: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestResult {
    pub name: String,
    /// What is other than expected, in words; nothing: it passed.
    pub differences: Vec<String>,
    pub decision: Decision,
}

impl TestReport {
    pub fn passed(&self) -> bool {
        self.results.iter().all(TestResult::passed)
    }
}

impl TestResult {
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

impl Policy {
    /// Runs the tests of the document. The time of a test is what its input says, so that they go alike every day.
    pub fn run_tests(&self) -> TestReport {
        let results: Vec<TestResult> = self.trials.iter().map(|trial| self.run(trial)).collect();
        let reached = |rule: &&str| results.iter().any(|result| result.decision.rule.as_deref() == Some(*rule));
        let untested = self.rules().filter(|rule| !reached(rule)).map(str::to_owned).collect();
        TestReport { untested, rules: self.rules.len(), results }
    }

    fn run(&self, trial: &Trial) -> TestResult {
        let decision = self.decide(&trial.input);
        TestResult { name: trial.name.clone(), differences: trial.expect.differences(&decision), decision }
    }
}

impl Expected {
    fn differences(&self, decision: &Decision) -> Vec<String> {
        let named = |rule: &Option<String>| rule.clone().unwrap_or_else(|| "the default".to_owned());
        let flags = [
            ("requires_approval", self.requires_approval, decision.requires_approval),
            ("auto_approve", self.auto_approve, decision.auto_approve),
            ("error", self.error, decision.error.is_some()),
        ];
        let texts = [
            ("rule", self.rule.as_ref().map(named), named(&decision.rule)),
            ("action", self.action.clone(), decision.action.clone()),
        ];
        let flags = flags.map(|(name, expected, got)| (name, expected.map(|said| said.to_string()), got.to_string()));
        let all = texts.into_iter().chain(flags);
        all.filter_map(|(name, expected, got)| {
            let expected = expected.filter(|expected| *expected != got)?;
            Some(format!("{name}: expected {expected}, got {got}"))
        })
        .collect()
    }
}
