//! Who is who: which deployments and incidents belong to which service, which team owns it, what environments are for.
//!
//! One document for each tenant ([docs/CATALOG.md]). Everything in it is optional; without one a service is what its
//! deployments call it, else their repository. [`document`] is the document with its types, [`read`] makes it of JSON
//! and says all that is wrong with it, [`claims`] decides between services, [`ownership`] between teams. The order of keys and lists means
//! nothing: where two services claim the same thing the more specific claim wins, and equal claims are refused.
//!
//! [docs/CATALOG.md]: ../../../docs/CATALOG.md

mod claims;
mod document;
mod ownership;
pub mod paths;
mod read;
mod selectors;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::data::Tier;
pub use crate::documents::Fault;
use crate::dora::engine::ServiceRules;
use crate::patterns::lowered;
use claims::Claims;
use document::Document;
use selectors::Named;

/// What marks a hotfix unless the catalog says otherwise.
const HOTFIX: &str = "hotfix";

/// A document that holds together.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    document: Document,
    claims: Claims,
}

/// A deployment by everything that a catalog may know it by.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeploymentNamed<'a> {
    pub integration: &'a str,
    pub service: Option<&'a str>,
    pub repo: Option<&'a str>,
    pub environment: Option<&'a str>,
    pub tier: Option<Tier>,
    pub title: Option<&'a str>,
}

/// Whom a deployment is counted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    pub service: String,
    pub tier: Tier,
}

/// An incident by everything that a catalog may know it by.
#[derive(Clone, Copy, Debug, Default)]
pub struct IncidentNamed<'a> {
    pub integration: &'a str,
    pub id: &'a str,
    pub service: Option<&'a str>,
    pub repo: Option<&'a str>,
    pub title: Option<&'a str>,
    pub severity: Option<&'a str>,
    pub environment: Option<&'a str>,
    pub labels: &'a [String],
}

/// What another document changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    pub added: Vec<String>,
    pub removed: Vec<String>,
    pub changed: Vec<String>,
}

/// A team as the document has it.
#[derive(Clone, Copy, Debug)]
pub struct Team<'a> {
    pub name: &'a str,
    pub members: &'a BTreeSet<String>,
}

/// A service that a team owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owns<'a> {
    pub service: &'a str,
    pub from: Option<DateTime<Utc>>,
    /// The first moment that it is not theirs any more.
    pub until: Option<DateTime<Utc>>,
}

/// Documents are equal, whatever the order of what they say.
impl PartialEq for Catalog {
    fn eq(&self, other: &Self) -> bool {
        self.document == other.document
    }
}

impl Catalog {
    /// Reads a document and says everything that is wrong with it, in the order of the pointers.
    pub fn parse(document: &Value) -> Result<Self, Vec<Fault>> {
        let (document, mut faults) = read::document(document);
        faults.extend(claims::conflicts(&document));
        faults.extend(ownership::conflicts(&document));
        if faults.is_empty() {
            let claims = Claims::of(&document);
            return Ok(Self { document, claims });
        }
        faults.sort();
        faults.dedup();
        Err(faults)
    }

    /// The document in its one usual form: equal catalogs give equal documents.
    pub fn document(&self) -> Value {
        self.document.to_json()
    }

    /// Whom a deployment is counted for. None: the document leaves it out, or nothing names a service.
    pub fn deployment(&self, named: &DeploymentNamed<'_>) -> Option<Counted> {
        let facts = Named::deployment(named);
        if self.document.ignored.iter().any(|selector| selector.matches(&facts)) {
            return None;
        }
        let service = self.claims.deployment(&facts, named.service, named.repo)?.to_owned();
        let tier = self.tier(&service, named.environment).or(named.tier).unwrap_or(Tier::Other);
        Some(Counted { service, tier })
    }

    /// The service that an incident is about. None: nothing names one.
    pub fn incident(&self, named: &IncidentNamed<'_>) -> Option<String> {
        self.claims.incident(&Named::incident(named), named.service, named.repo).map(str::to_owned)
    }

    /// What an environment is for, where the document says so: for this service first, then for all.
    pub fn tier(&self, service: &str, environment: Option<&str>) -> Option<Tier> {
        let name = lowered(environment?);
        let own = self.document.services.get(service).and_then(|service| service.environments.best(&name));
        own.or_else(|| self.document.environments.best(&name)).copied()
    }

    /// What the metrics go by for a service, whether the document knows it or not. `usual_window` is the setting.
    pub fn rules(&self, service: &str, usual_window: TimeDelta) -> ServiceRules {
        let known = self.document.services.get(service);
        let all = &self.document;
        let window = known.and_then(|service| service.incident_window).or(all.incident_window);
        let severities = known.and_then(|service| service.incident_severities.as_ref());
        let severities = severities.or(all.incident_severities.as_ref());
        let hotfix_words = all.hotfix.iter().flatten().map(|word| lowered(word).into_owned());
        let usual_words = all.hotfix.is_none().then(|| HOTFIX.to_owned());
        ServiceRules {
            incident_window: window.unwrap_or(usual_window),
            paths: known.map(|service| service.shared_repos()).unwrap_or_default(),
            severities: severities.into_iter().flatten().cloned().collect(),
            owners: ownership::owners(&self.document, service),
            hotfix_words: hotfix_words.chain(usual_words).collect(),
        }
    }

    /// The team that owned a service at a time.
    pub fn team_at(&self, service: &str, at: DateTime<Utc>) -> Option<&str> {
        ownership::team_at(&self.document, service, at)
    }

    /// Whether the document says that this login is a bot's. (What the source itself says is in the event.)
    pub fn is_bot(&self, login: &str) -> bool {
        let login = lowered(login);
        self.document.bots.iter().any(|bot| bot.matches(&login))
    }

    /// The services that the document names.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.document.services.keys().map(String::as_str)
    }

    /// The repositories of a service, with its paths in those that it shares.
    pub fn repos(&self, service: &str) -> Option<&BTreeMap<String, BTreeSet<String>>> {
        Some(&self.document.services.get(service)?.repos)
    }

    /// The teams that the document names.
    pub fn teams(&self) -> impl Iterator<Item = Team<'_>> {
        self.document.teams.iter().map(|(name, team)| Team { name, members: &team.members })
    }

    /// Every service that a team owns at some time.
    pub fn owned_by(&self, team: &str) -> Vec<Owns<'_>> {
        let owned = self.document.teams.get(team).into_iter().flat_map(|team| &team.owns);
        owned.map(|owned| Owns { service: &owned.service, from: owned.from, until: owned.until }).collect()
    }

    /// Which services another document adds, removes and changes.
    pub fn difference(&self, next: &Self) -> Difference {
        let (old, new) = (&self.document.services, &next.document.services);
        let names = |from: &BTreeMap<String, _>, keep: &dyn Fn(&String) -> bool| -> Vec<String> {
            from.keys().filter(|name| keep(name)).cloned().collect()
        };
        Difference {
            added: names(new, &|name| !old.contains_key(name)),
            removed: names(old, &|name| !new.contains_key(name)),
            changed: names(new, &|name| old.get(name).is_some_and(|was| Some(was) != new.get(name))),
        }
    }
}

/// Whether an incident of that severity counts, by [`ServiceRules::severities`]: an empty list takes all; else one
/// without a severity does not count. `SEV-1`, `sev1` and `Sev 1` are one.
pub fn severity_counts(severities: &[String], severity: Option<&str>) -> bool {
    let plain =
        |word: &str| -> String { word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let of = |severity: &str| severities.iter().any(|listed| plain(listed) == plain(severity));
    severities.is_empty() || severity.is_some_and(of)
}
