//! A policy made of JSON: everything that does not fit is told, with where it stands and what would fit.

mod asked;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::conditions::{Condition, Patterns, on_a_large_stack};
use super::trials::{Expected, Trial};
use super::{Fault, Policy, Rule, hash};
use crate::documents::{Place, Reader};

/// The version of the document's form.
const VERSION: i64 = 1;
const MOST_RULES: usize = 200;
const MOST_TESTS: usize = 500;

const MEMBERS: &[&str] = &["version", "name", "description", "rules", "default", "groups", "tests"];
const OF_RULES: &[&str] = &["name", "description", "kinds", "when", "then"];
const OF_TESTS: &[&str] = &["name", "input", "expect"];
const OF_EXPECTATIONS: &[&str] = &["rule", "action", "requires_approval", "auto_approve", "error"];

type Groups = BTreeMap<String, BTreeSet<String>>;

pub(super) fn policy(value: &Value) -> Result<Policy, Vec<Fault>> {
    let read = on_a_large_stack(|| {
        let mut reader = Reader::default();
        (reader.policy(&Place::root(value)), reader.faults)
    });
    let Some((policy, mut faults)) = read else {
        let detail = "the document could not be read: try again, or make it simpler".to_owned();
        return Err(vec![Fault { pointer: String::new(), detail }]);
    };
    if faults.is_empty() {
        return Ok(policy);
    }
    faults.sort();
    faults.dedup();
    Err(faults)
}

impl Reader {
    fn policy(&mut self, place: &Place<'_>) -> Policy {
        let mut all = Policy { name: "policy".to_owned(), ..Policy::none() };
        let members = self.members(place, MEMBERS);
        let member = |name: &str| members.iter().find(|(known, _)| *known == name).map(|(_, member)| member);
        match member("version") {
            Some(version) if version.value.as_i64() == Some(VERSION) => {}
            other => {
                self.fault(other.unwrap_or(place), format!("`version` is the form of the document: {VERSION}"));
            }
        }
        if let Some(name) = member("name").and_then(|name| self.word(name)) {
            all.name = name;
        }
        all.groups = member("groups").map(|groups| self.groups(groups)).unwrap_or_default();
        let mut patterns = Patterns::new();
        all.rules = member("rules").map(|rules| self.rules(rules, &all.groups, &mut patterns)).unwrap_or_default();
        all.default = member("default").and_then(|then| self.effect(then, &all.groups));
        all.trials = member("tests").map(|tests| self.trials(tests, &all.rules)).unwrap_or_default();
        all.patterns = Arc::new(patterns);
        all.version = hash(place.value);
        all.document = place.value.clone();
        all
    }

    fn groups(&mut self, place: &Place<'_>) -> Groups {
        let mut all = Groups::new();
        for (name, member) in self.entries(place, "of groups with their people") {
            self.name(&member, name);
            let people = self.texts(&member);
            if people.is_empty() {
                self.fault(&member, "a group has at least one person".to_owned());
            }
            all.insert(name.to_owned(), people);
        }
        all
    }

    fn rules(&mut self, place: &Place<'_>, groups: &Groups, patterns: &mut Patterns) -> Vec<Rule> {
        let items = self.items(place);
        if items.len() > MOST_RULES {
            self.fault(place, format!("a policy has at most {MOST_RULES} rules"));
            return Vec::new();
        }
        let mut all: Vec<Rule> = Vec::new();
        let mut names = BTreeSet::new();
        for item in &items {
            let rule = self.rule(item, groups, patterns);
            if let Some(name) = item.value.get("name").and_then(Value::as_str)
                && !names.insert(name.to_owned())
            {
                self.fault(item, "two rules have this name".to_owned());
            }
            all.extend(rule);
        }
        all
    }

    fn rule(&mut self, place: &Place<'_>, groups: &Groups, patterns: &mut Patterns) -> Option<Rule> {
        let (mut name, mut kinds, mut when, mut then) = (None, BTreeSet::new(), None, None);
        for (member_name, member) in self.members(place, OF_RULES) {
            match member_name {
                "name" => name = self.word(&member),
                "kinds" => {
                    kinds = self.patterns(&member);
                    if kinds.is_empty() {
                        self.fault(&member, "`kinds` names at least one kind; leave it out for all".to_owned());
                    }
                }
                "when" => when = self.condition(&member, patterns),
                "then" => then = self.effect(&member, groups),
                _ => {}
            }
        }
        for (member, what) in [("name", "what the rule is called"), ("then", "what follows where the rule matches")] {
            if place.value.is_object() && place.value.get(member).is_none() {
                self.fault(place, format!("`{member}` is missing: {what}"));
            }
        }
        Some(Rule { name: name?, kinds, when, then: then? })
    }

    fn condition(&mut self, place: &Place<'_>, patterns: &mut Patterns) -> Option<Condition> {
        // YAML reads a bare true as it stands.
        let text = match place.value {
            Value::Bool(said) => said.to_string(),
            _ => self.free_text(place)?,
        };
        Condition::compile(&text, patterns).map_err(|what| self.fault(place, what)).ok()
    }

    fn trials(&mut self, place: &Place<'_>, rules: &[Rule]) -> Vec<Trial> {
        let items = self.items(place);
        if items.len() > MOST_TESTS {
            self.fault(place, format!("a policy has at most {MOST_TESTS} tests"));
            return Vec::new();
        }
        items.iter().map(|item| self.trial(item, rules)).collect()
    }

    fn trial(&mut self, place: &Place<'_>, rules: &[Rule]) -> Trial {
        let mut trial = Trial::default();
        for (name, member) in self.members(place, OF_TESTS) {
            match name {
                "name" => trial.name = self.text(&member).unwrap_or_default(),
                "input" => trial.input = self.input(&member),
                "expect" => trial.expect = self.expected(&member, rules),
                _ => {}
            }
        }
        for member in OF_TESTS {
            if place.value.is_object() && place.value.get(*member).is_none() {
                self.fault(place, format!("`{member}` is missing: a test has {}", OF_TESTS.join(", ")));
            }
        }
        trial
    }

    fn expected(&mut self, place: &Place<'_>, rules: &[Rule]) -> Expected {
        let mut expected = Expected::default();
        let members = self.members(place, OF_EXPECTATIONS);
        if members.is_empty() {
            self.fault(place, format!("a test expects at least one of {}", OF_EXPECTATIONS.join(", ")));
        }
        for (name, member) in members {
            match name {
                "rule" if member.value.is_null() => expected.rule = Some(None),
                "rule" => {
                    let known: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
                    let rule = self.word_of(&member, "a rule (null for the default)", &known);
                    expected.rule = Some(rule.map(str::to_owned));
                }
                "action" => expected.action = self.word(&member),
                "requires_approval" => expected.requires_approval = self.yes_or_no(&member),
                "auto_approve" => expected.auto_approve = self.yes_or_no(&member),
                "error" => expected.error = self.yes_or_no(&member),
                _ => {}
            }
        }
        expected
    }
}
