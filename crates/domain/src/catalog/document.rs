//! The document with its types, and how it is written. Lists are sets: their order means nothing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use super::paths;
use super::selectors::Selector;
use crate::data::Tier;
use crate::documents::UNITS;
use crate::event::rfc3339;
use crate::patterns::{ByPattern, Pattern};

/// The version of the document's form.
pub(super) const VERSION: i64 = 1;

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Document {
    pub(super) services: BTreeMap<String, Service>,
    pub(super) teams: BTreeMap<String, Team>,
    pub(super) environments: ByPattern<Tier>,
    pub(super) incident_window: Option<TimeDelta>,
    pub(super) incident_severities: Option<BTreeSet<String>>,
    /// Deployments that are nobody's.
    pub(super) ignored: BTreeSet<Selector>,
    pub(super) bots: BTreeSet<Pattern>,
    pub(super) hotfix: Option<BTreeSet<String>>,
    /// Where days and months begin that are counted for the tenant.
    pub(super) timezone: Option<Tz>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Service {
    /// Repositories by name or pattern; with paths: only those are the service's.
    pub(super) repos: BTreeMap<String, BTreeSet<String>>,
    pub(super) environments: ByPattern<Tier>,
    pub(super) deployments: BTreeSet<Selector>,
    pub(super) incidents: BTreeSet<Selector>,
    pub(super) incident_window: Option<TimeDelta>,
    pub(super) incident_severities: Option<BTreeSet<String>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Team {
    pub(super) owns: BTreeSet<Owned>,
    pub(super) members: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Owned {
    pub(super) service: String,
    pub(super) from: Option<DateTime<Utc>>,
    /// The first moment that it is not theirs any more.
    pub(super) until: Option<DateTime<Utc>>,
}

impl Service {
    /// The paths of each repository that the service shares with others, as everybody reads globs.
    pub(super) fn shared_repos(&self) -> BTreeMap<String, Vec<String>> {
        let shared = self.repos.iter().filter(|(_, written)| !written.is_empty());
        let usual = |written: &BTreeSet<String>| written.iter().flat_map(|glob| paths::usual(glob)).collect();
        shared.map(|(repo, written)| (repo.clone(), usual(written))).collect()
    }

    fn to_json(&self) -> Value {
        let mut all = Members::default();
        let any_shared = self.repos.values().any(|paths| !paths.is_empty());
        let repos = if any_shared { json!(self.repos) } else { json!(self.repos.keys().collect::<Vec<_>>()) };
        all.add("repos", !self.repos.is_empty(), repos);
        all.add("environments", !self.environments.0.is_empty(), tiers(&self.environments));
        all.add("deployments", !self.deployments.is_empty(), selectors(&self.deployments));
        all.add("incidents", !self.incidents.is_empty(), selectors(&self.incidents));
        all.some("incident_window", self.incident_window.map(window));
        all.some("incident_severities", self.incident_severities.as_ref().map(|severities| json!(severities)));
        Value::Object(all.0)
    }
}

impl Team {
    fn to_json(&self) -> Value {
        let mut all = Members::default();
        let owns: Vec<Value> = self.owns.iter().map(Owned::to_json).collect();
        all.add("owns", !owns.is_empty(), Value::Array(owns));
        all.add("members", !self.members.is_empty(), json!(self.members));
        Value::Object(all.0)
    }
}

impl Owned {
    fn to_json(&self) -> Value {
        if self.from.is_none() && self.until.is_none() {
            return json!(self.service);
        }
        let mut all = Members::default();
        all.add("service", true, json!(self.service));
        all.some("from", self.from.map(|from| json!(date_of(from).unwrap_or_else(|| rfc3339(from)))));
        let last_day = |until: DateTime<Utc>| date_of(until.checked_sub_days(Days::new(1))?);
        all.some("to", self.until.map(|until| json!(last_day(until).unwrap_or_else(|| rfc3339(until)))));
        Value::Object(all.0)
    }
}

impl Document {
    pub(super) fn to_json(&self) -> Value {
        let mut all = Members::default();
        all.add("version", true, json!(VERSION));
        let services = self.services.iter().map(|(name, service)| (name.clone(), service.to_json())).collect();
        all.add("services", !self.services.is_empty(), Value::Object(services));
        let teams = self.teams.iter().map(|(name, team)| (name.clone(), team.to_json())).collect();
        all.add("teams", !self.teams.is_empty(), Value::Object(teams));
        all.add("environments", !self.environments.0.is_empty(), tiers(&self.environments));
        all.some("incident_window", self.incident_window.map(window));
        all.some("incident_severities", self.incident_severities.as_ref().map(|severities| json!(severities)));
        all.add("ignore", !self.ignored.is_empty(), json!({"deployments": selectors(&self.ignored)}));
        all.add("bots", !self.bots.is_empty(), json!(self.bots.iter().map(Pattern::as_str).collect::<Vec<_>>()));
        all.some("hotfix", self.hotfix.as_ref().map(|words| json!(words)));
        all.some("timezone", self.timezone.map(|zone| json!(zone.name())));
        Value::Object(all.0)
    }
}

#[derive(Default)]
struct Members(Map<String, Value>);

impl Members {
    fn add(&mut self, name: &str, said: bool, value: Value) {
        self.some(name, said.then_some(value));
    }

    fn some(&mut self, name: &str, value: Option<Value>) {
        self.0.extend(value.map(|value| (name.to_owned(), value)));
    }
}

fn tiers(tiers: &ByPattern<Tier>) -> Value {
    Value::Object(tiers.0.iter().map(|(name, tier)| (name.as_str().to_owned(), json!(tier))).collect())
}

fn selectors(selectors: &BTreeSet<Selector>) -> Value {
    let field = |patterns: &BTreeSet<Pattern>| {
        let mut texts: Vec<&str> = patterns.iter().map(Pattern::as_str).collect();
        if texts.len() == 1 { json!(texts.remove(0)) } else { json!(texts) }
    };
    let one = |selector: &Selector| {
        Value::Object(selector.0.iter().map(|(of, patterns)| (of.as_str().to_owned(), field(patterns))).collect())
    };
    Value::Array(selectors.iter().map(one).collect())
}

/// Days only for whole weeks and such: a day is more often said as `24h`.
fn window(window: TimeDelta) -> Value {
    let seconds = window.num_seconds();
    if seconds == 0 {
        return json!("off");
    }
    let fits = |(unit, of): &&(&str, i64)| seconds % of == 0 && (*unit != "d" || seconds > *of);
    json!(UNITS.iter().find(fits).map(|(unit, of)| format!("{}{unit}", seconds / of)))
}

/// A midnight is written as its date.
fn date_of(time: DateTime<Utc>) -> Option<String> {
    (time.time() == NaiveTime::MIN).then(|| time.date_naive().to_string())
}

/// The midnight that begins a date, and the one that ends it.
pub(super) fn day(text: &str) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let date: NaiveDate = text.parse().ok()?;
    let begins = date.and_time(NaiveTime::MIN).and_utc();
    Some((begins, begins.checked_add_days(Days::new(1))?))
}
