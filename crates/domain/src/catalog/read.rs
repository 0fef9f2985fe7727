//! A document of JSON, read member by member: everything that does not fit is told with where it stands and what would
//! fit, not only the first. A member that is not known is a mistake, never passed over.

mod values;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use chrono_tz::Tz;

use super::document::{Document, Owned, Service, Team, VERSION};
use super::selectors::{Field, Selector};
use crate::documents::{Fault, Place, Reader};

const MEMBERS: &[&str] = &[
    "version",
    "services",
    "teams",
    "environments",
    "incident_window",
    "incident_severities",
    "ignore",
    "bots",
    "hotfix",
    "timezone",
];
const OF_SERVICES: &[&str] =
    &["repos", "environments", "deployments", "incidents", "incident_window", "incident_severities"];
const OF_TEAMS: &[&str] = &["owns", "members"];
const OF_OWNERSHIP: &[&str] = &["service", "from", "to"];

/// The document as far as it can be read, and what cannot.
pub(super) fn document(value: &Value) -> (Document, Vec<Fault>) {
    let mut reader = Reader::default();
    let document = reader.document(&Place::root(value));
    (document, reader.faults)
}

impl Reader {
    fn document(&mut self, place: &Place<'_>) -> Document {
        let mut all = Document::default();
        for (name, member) in self.members(place, MEMBERS) {
            match name {
                "version" => self.version(&member),
                "services" => all.services = self.named(&member, Self::service),
                "teams" => all.teams = self.named(&member, Self::team),
                "environments" => all.environments = self.tiers(&member),
                "incident_window" => all.incident_window = self.window(&member),
                "incident_severities" => all.incident_severities = Some(self.texts(&member)),
                "ignore" => all.ignored = self.ignored(&member),
                "bots" => all.bots = self.patterns(&member),
                "hotfix" => all.hotfix = Some(self.texts(&member)),
                "timezone" => all.timezone = self.timezone(&member),
                _ => {}
            }
        }
        all
    }

    fn timezone(&mut self, place: &Place<'_>) -> Option<Tz> {
        if place.value.is_null() {
            return None;
        }
        let zone = self.text(place)?.parse().ok();
        if zone.is_none() {
            self.fault(place, "`timezone` is the name of a zone, such as `Europe/Berlin` or `UTC`".to_owned());
        }
        zone
    }

    fn version(&mut self, place: &Place<'_>) {
        if place.value.as_i64() != Some(VERSION) {
            self.fault(place, format!("`version` is the form of the document: {VERSION}"));
        }
    }

    /// An object of services or teams.
    fn named<T>(&mut self, place: &Place<'_>, one: fn(&mut Self, &Place<'_>) -> T) -> BTreeMap<String, T> {
        let mut all = BTreeMap::new();
        for (name, member) in self.entries(place, "by name") {
            self.name(&member, name);
            if name.contains(',') {
                self.fault(
                    &member,
                    "the name of a service or team has no comma: questions list them with commas".to_owned(),
                );
            }
            all.insert(name.to_owned(), one(self, &member));
        }
        all
    }

    fn service(&mut self, place: &Place<'_>) -> Service {
        let mut service = Service::default();
        for (name, member) in self.members(place, OF_SERVICES) {
            match name {
                "repos" => service.repos = self.repos(&member),
                "environments" => service.environments = self.tiers(&member),
                "deployments" => service.deployments = self.selectors(&member, Field::OF_DEPLOYMENTS),
                "incidents" => service.incidents = self.selectors(&member, Field::OF_INCIDENTS),
                "incident_window" => service.incident_window = self.window(&member),
                "incident_severities" => service.incident_severities = Some(self.texts(&member)),
                _ => {}
            }
        }
        service
    }

    /// Names, or objects of names with paths; both may stand in one list.
    fn repos(&mut self, place: &Place<'_>) -> BTreeMap<String, BTreeSet<String>> {
        let mut all = BTreeMap::new();
        let items = if place.value.is_array() { self.items(place) } else { vec![place.clone()] };
        for item in items {
            if item.value.is_object() {
                for (repo, paths) in self.entries(&item, "of repositories with their paths") {
                    self.name(&paths, repo);
                    let globs = if paths.value.is_null() { BTreeSet::new() } else { self.texts(&paths) };
                    if !globs.is_empty() && repo.contains('*') {
                        self.fault(&paths, "paths need the name of one repository, without `*`".to_owned());
                    }
                    all.insert(repo.to_owned(), globs);
                }
            } else if let Some(repo) = self.text(&item) {
                all.insert(repo, BTreeSet::new());
            }
        }
        all
    }

    fn ignored(&mut self, place: &Place<'_>) -> BTreeSet<Selector> {
        let lists = self.members(place, &["deployments"]);
        lists.into_iter().flat_map(|(_, list)| self.selectors(&list, Field::OF_DEPLOYMENTS)).collect()
    }

    fn selectors(&mut self, place: &Place<'_>, fields: &[Field]) -> BTreeSet<Selector> {
        self.items(place).iter().map(|item| self.selector(item, fields)).collect()
    }

    fn selector(&mut self, place: &Place<'_>, fields: &[Field]) -> Selector {
        let known: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
        let mut selector = Selector::default();
        for (name, member) in self.members(place, &known) {
            let patterns = self.patterns(&member);
            if patterns.is_empty() && !member.value.is_null() {
                self.fault(&member, "a selector's field says at least one name".to_owned());
            }
            let field = fields.iter().find(|field| field.as_str() == name);
            selector.0.extend(field.map(|field| (*field, patterns)));
        }
        if place.value.as_object().is_some_and(|members| members.is_empty()) {
            self.fault(place, format!("a selector names at least one of {}", known.join(", ")));
        }
        selector
    }

    fn team(&mut self, place: &Place<'_>) -> Team {
        let mut team = Team::default();
        for (name, member) in self.members(place, OF_TEAMS) {
            match name {
                "owns" => team.owns = self.items(&member).iter().filter_map(|item| self.owned(item)).collect(),
                "members" => team.members = self.texts(&member),
                _ => {}
            }
        }
        team
    }

    fn owned(&mut self, place: &Place<'_>) -> Option<Owned> {
        if !place.value.is_object() {
            return Some(Owned { service: self.text(place)?, from: None, until: None });
        }
        let (mut service, mut from, mut until) = (None, None, None);
        for (name, member) in self.members(place, OF_OWNERSHIP) {
            match name {
                "service" => service = self.text(&member),
                "from" => from = self.moment(&member).map(|(begins, _)| begins),
                "to" => until = self.moment(&member).map(|(_, ends)| ends),
                _ => {}
            }
        }
        if from.zip(until).is_some_and(|(from, until)| until <= from) {
            self.fault(place, "`to` must not lie before `from`".to_owned());
        }
        if place.value.get("service").is_none() {
            self.fault(place, "`service` is missing: the name of the service that the team owns".to_owned());
        }
        Some(Owned { service: service?, from, until })
    }
}
