//! What a policy would have said to what happened: each thing decided at its own time, counted, and shown.

use std::collections::BTreeMap;

use domain::event::rfc3339;
use domain::policy::{Decision, Input, Policy};
use serde::Serialize;
use utoipa::ToSchema;

/// So many deployments and so many merged changes are looked at, the newest.
pub const MOST_INPUTS: i64 = 2000;
/// So many rows are shown; all are counted.
const MOST_ROWS: usize = 200;

/// What a policy would have said.
#[derive(Debug, Serialize, ToSchema)]
pub struct Simulation {
    /// `name@version`.
    pub policy: String,
    /// Things that were decided about.
    pub decided: usize,
    /// Things by what would have been done.
    pub by_action: BTreeMap<String, usize>,
    /// Things by the rule that decided, in the order of the document; those that no rule is about come last.
    pub by_rule: Vec<OfRule>,
    pub requires_approval: usize,
    pub auto_approve: usize,
    /// Things of which a condition could not be evaluated.
    pub errors: usize,
    /// The newest.
    pub rows: Vec<Row>,
    /// Whether there are more than were shown or looked at.
    pub truncated: bool,
}

/// How often a rule decided.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfRule {
    /// None: the default.
    pub rule: Option<String>,
    pub n: usize,
}

/// One thing and what was said.
#[derive(Debug, Serialize, ToSchema)]
pub struct Row {
    pub kind: String,
    pub subject: Option<String>,
    pub at: Option<String>,
    pub action: String,
    pub requires_approval: bool,
    pub auto_approve: bool,
    pub rule: Option<String>,
    pub reason: String,
}

impl Row {
    fn of(input: Input, decision: Decision) -> Self {
        let Decision { action, requires_approval, auto_approve, rule, reason, .. } = decision;
        let at = input.now.map(rfc3339);
        Self { kind: input.kind, subject: input.subject, at, action, requires_approval, auto_approve, rule, reason }
    }
}

/// Decides about each. It may take a second: not for async threads.
pub fn simulate(policy: &Policy, inputs: Vec<Input>) -> Simulation {
    let mut by_rule: Vec<OfRule> = policy.rules().map(|rule| OfRule { rule: Some(rule.to_owned()), n: 0 }).collect();
    by_rule.push(OfRule { rule: None, n: 0 });
    let decided = inputs.len();
    let full = |kind: &str| inputs.iter().filter(|input| input.kind == kind).count() as i64 >= MOST_INPUTS;
    let truncated = decided > MOST_ROWS || full("deploy") || full("merge");
    let mut all = Simulation {
        policy: policy.label(),
        decided,
        by_action: BTreeMap::new(),
        by_rule,
        requires_approval: 0,
        auto_approve: 0,
        errors: 0,
        rows: Vec::new(),
        truncated,
    };
    for input in inputs {
        let decision = policy.decide(&input);
        all.count(&decision);
        if all.rows.len() < MOST_ROWS {
            all.rows.push(Row::of(input, decision));
        }
    }
    all
}

impl Simulation {
    fn count(&mut self, decision: &Decision) {
        *self.by_action.entry(decision.action.clone()).or_default() += 1;
        self.by_rule.iter_mut().filter(|of| of.rule == decision.rule).for_each(|of| of.n += 1);
        self.requires_approval += usize::from(decision.requires_approval);
        self.auto_approve += usize::from(decision.auto_approve);
        self.errors += usize::from(decision.error.is_some());
    }
}
