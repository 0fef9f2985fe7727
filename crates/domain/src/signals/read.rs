//! Rules made of JSON: everything that does not fit is told, with where it stands and what would fit.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::Value;

use super::Fault;
use super::kinds::{KINDS, Kind};
use super::rules::{Per, Rule, Rules};
use crate::data::Tier;
use crate::documents::{Place, Reader};
use crate::patterns::regular;

const VERSION: i64 = 1;
const MOST_RULES: usize = 100;
/// What all rules take.
const OF_RULES: &[&str] = &["name", "kind", "description", "cooldown", "repeat"];
/// EM Agent's names for what is called otherwise here.
const OTHER_NAMES: &[(&str, &str)] = &[("ticket_pattern", "pattern")];

const COOLDOWN: TimeDelta = TimeDelta::hours(24);
const SHORTEST: TimeDelta = TimeDelta::minutes(1);
const LONGEST: TimeDelta = TimeDelta::days(90);
const LONGEST_HOURS: f64 = 8760.0;

pub(super) fn rules(value: &Value) -> Result<Rules, Vec<Fault>> {
    let mut reader = Reader::default();
    let rules = reader.signals(&Place::root(value));
    if reader.faults.is_empty() {
        return Ok(rules);
    }
    reader.faults.sort();
    reader.faults.dedup();
    Err(reader.faults)
}

impl Reader {
    fn signals(&mut self, place: &Place<'_>) -> Rules {
        let mut all = Rules::default();
        for (name, member) in self.members(place, &["version", "rules"]) {
            if name == "version" && member.value.as_i64() != Some(VERSION) {
                self.fault(&member, format!("`version` is the form of the document: {VERSION}"));
            } else if name == "rules" {
                all.rules = self.signal_rules(&member);
            }
        }
        if place.value.is_null() || place.value.as_object().is_some_and(|members| !members.contains_key("rules")) {
            self.fault(place, "`rules` is missing: a list of rules, each with its `kind`".to_owned());
        }
        all
    }

    fn signal_rules(&mut self, place: &Place<'_>) -> Vec<Rule> {
        let items = self.items(place);
        if items.len() > MOST_RULES {
            self.fault(place, format!("there are at most {MOST_RULES} rules"));
            return Vec::new();
        }
        let rules: Vec<(usize, Rule)> =
            items.iter().enumerate().filter_map(|(at, item)| Some((at, self.signal_rule(item)?))).collect();
        let mut names = BTreeSet::new();
        for (at, rule) in &rules {
            if !names.insert(rule.name.as_str()) {
                self.fault(&items[*at], "two rules have this name: name them".to_owned());
            }
        }
        rules.into_iter().map(|(_, rule)| rule).collect()
    }

    fn signal_rule(&mut self, place: &Place<'_>) -> Option<Rule> {
        let Some(kind) = self.signal_kind(place) else {
            if !place.value.is_object() {
                self.fault(
                    place,
                    "a rule like {\"kind\": \"stale_pr\", \"older_than_hours\": 48} belongs here".to_owned(),
                );
            }
            return None;
        };
        let mut rule = usual(kind);
        let parameters = kind.parameters.iter().map(|parameter| parameter.name);
        let others = OTHER_NAMES.iter().filter(|(_, ours)| kind.parameters.iter().any(|known| known.name == *ours));
        let known: Vec<&str> =
            OF_RULES.iter().copied().chain(parameters).chain(others.map(|(other, _)| *other)).collect();
        for (name, member) in self.members(place, &known) {
            let ours = OTHER_NAMES.iter().find(|(other, _)| *other == name).map_or(name, |(_, ours)| ours);
            self.signal_member(&mut rule, ours, &member);
        }
        Some(rule)
    }

    fn signal_kind(&mut self, place: &Place<'_>) -> Option<&'static Kind> {
        let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        if place.value.is_object() && place.value.get("kind").is_none() {
            self.fault(place, format!("`kind` is missing: one of {}", known.join(", ")));
        }
        let (_, kind) = self.entries(&only_object(place), "").into_iter().find(|(name, _)| *name == "kind")?;
        Kind::named(self.word_of(&kind, "a kind", &known)?)
    }

    fn signal_member(&mut self, rule: &mut Rule, name: &str, member: &Place<'_>) {
        match name {
            "name" => rule.name = self.text(member).unwrap_or_default(),
            "cooldown" => rule.cooldown = self.apart(member, "`cooldown`").unwrap_or(COOLDOWN),
            "repeat" => rule.repeat = self.apart(member, "`repeat`"),
            "team" => rule.teams = self.patterns(member),
            "repo" => rule.repos = self.patterns(member),
            "service" => rule.services = self.patterns(member),
            "source" => rule.sources = self.patterns(member),
            "tier" => rule.tiers = self.signal_tiers(member),
            "older_than_hours" => rule.older_than = self.hours(member).unwrap_or_default(),
            "within_days" => {
                rule.within = self.whole(member, "`within_days`", 1..=90).map(TimeDelta::days).unwrap_or_default()
            }
            "limit" => {
                let limit = self.whole(member, "`limit`", 0..=1000);
                rule.limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or_default();
            }
            "per" => {
                let known = Per::ALL.map(|(_, word)| word);
                let word = self.word_of(member, "`per`", &known);
                rule.per =
                    Per::ALL.iter().find(|(_, known)| Some(*known) == word).map(|(per, _)| *per).unwrap_or_default();
            }
            "pattern" => {
                let compiled = self.free_text(member).map(|text| regular::compile(&text));
                rule.pattern = compiled.and_then(|compiled| compiled.map_err(|what| self.fault(member, what)).ok());
            }
            "drafts" => rule.drafts = self.yes_or_no(member) == Some(true),
            "bots" => rule.bots = self.yes_or_no(member) == Some(true),
            _ => {}
        }
    }

    fn apart(&mut self, place: &Place<'_>, what: &str) -> Option<TimeDelta> {
        self.span(place, what, SHORTEST..=LONGEST)
    }

    fn hours(&mut self, place: &Place<'_>) -> Option<TimeDelta> {
        let hours = place.value.as_f64().filter(|hours| (0.0..=LONGEST_HOURS).contains(hours));
        if hours.is_none() {
            self.fault(place, format!("a number of hours from 0 to {LONGEST_HOURS} belongs here"));
        }
        Some(TimeDelta::seconds((hours? * 3600.0).round() as i64))
    }

    fn signal_tiers(&mut self, place: &Place<'_>) -> BTreeSet<String> {
        let known = Tier::ALL.map(|(_, word)| word);
        let items = self.items(place);
        items.iter().filter_map(|item| self.word_of(item, "a tier", &known)).map(str::to_owned).collect()
    }
}

/// Something that is no object is told by the caller.
fn only_object<'v>(place: &Place<'v>) -> Place<'v> {
    static NOTHING: Value = Value::Null;
    let value = if place.value.is_object() { place.value } else { &NOTHING };
    Place { pointer: place.pointer.clone(), value }
}

/// A rule of a kind, by the defaults of the table.
fn usual(kind: &'static Kind) -> Rule {
    let whole = |name: &str| kind.default(name).parse::<u32>().unwrap_or_default();
    let flag = |name: &str| kind.default(name) == "true";
    let tier = kind.default("tier");
    Rule {
        name: kind.name.to_owned(),
        kind,
        cooldown: COOLDOWN,
        repeat: None,
        teams: BTreeSet::new(),
        repos: BTreeSet::new(),
        services: BTreeSet::new(),
        sources: BTreeSet::new(),
        tiers: std::iter::once(tier).filter(|tier| !tier.is_empty()).map(str::to_owned).collect(),
        older_than: TimeDelta::hours(i64::from(whole("older_than_hours"))),
        within: TimeDelta::days(i64::from(whole("within_days"))),
        limit: usize::try_from(whole("limit")).unwrap_or_default(),
        per: Per::All,
        pattern: regular::compile(kind.default("pattern")).ok(),
        drafts: flag("drafts"),
        bots: flag("bots"),
    }
}
