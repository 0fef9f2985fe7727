//! What a digest of a time is made of, in the reports' own sentences: the most important first, each sort with its end.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Deployed, Facts, Incident, Item, Of, Severity, items};
use crate::digests::{self, About, Group, Unit};
use crate::signals::OpenChange;
use crate::text::clean;

/// Units of one sort, at most.
const MOST: usize = 40;
/// A change that nobody has moved for so long is stale.
const STALE: TimeDelta = TimeDelta::hours(48);
/// As in reports: the rule `pr_without_review` has it.
const UNREVIEWED: TimeDelta = TimeDelta::hours(12);
/// What a digest may say of one thing.
const SENTENCE: usize = 240;
const DETAIL: usize = 2_000;
/// Where a thing is put that belongs to no service and no repository.
const OTHER: &str = "other";

/// Something to be said, before the events behind it are put to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    pub about: About,
    /// Whom it belongs to, as far as the facts say.
    pub service: Option<String>,
    pub repo: Option<String>,
    pub item: Item,
    /// Whose events prove it, where it has none of its own: what an approval or a signal is about.
    pub proved_by: Option<String>,
    /// As [`Unit::details`]. Whatever of the sentence is not our own wording stands here once more, also names: what is
    /// in the sentence only is taken for ours when a model's words are held against it.
    pub details: Vec<(String, String)>,
}

impl Draft {
    /// A sentence about these things. Titles in it are cleaned here.
    pub fn new(about: About, of: Vec<Of>, text: &str, severity: Severity, at: DateTime<Utc>) -> Self {
        let subject = of.first().map(Of::to_string).unwrap_or_default();
        let text = clean(text, SENTENCE);
        let item = Item { subject, text, severity, at, url: None, event_ids: Vec::new(), of };
        draft(about, None, None, item)
    }

    /// What it belongs to.
    #[must_use]
    pub fn of_service(mut self, name: &str) -> Self {
        self.service = Some(name.to_owned());
        self
    }

    #[must_use]
    pub fn at_url(mut self, url: Option<String>) -> Self {
        self.item.url = url;
        self
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: Option<&String>) -> Self {
        self.details.extend(value.map(|value| (name.to_owned(), clean(value, DETAIL))));
        self
    }

    /// A name in the sentence that others have given.
    #[must_use]
    pub fn naming(mut self, name: &str, value: &str) -> Self {
        self.details.push((name.to_owned(), clean(value, DETAIL)));
        self
    }

    /// What proves it, where that is known already.
    #[must_use]
    pub fn proved(mut self, events: Vec<Uuid>) -> Self {
        self.item.event_ids = events;
        self
    }

    /// The service and the environment in the sentence, as their owners call them.
    #[must_use]
    pub fn placed(self, service: &str, environment: &str) -> Self {
        self.naming("service_name", service).naming("environment_name", environment)
    }

    fn about(mut self, subject: &str) -> Self {
        self.proved_by = Some(subject.to_owned());
        self
    }

    /// `None`: nothing proves it.
    pub fn unit(self) -> Option<Unit> {
        let Item { subject, text, severity, at, url, event_ids, .. } = self.item;
        let (about, details, severity) = (self.about, self.details, severity.into());
        (!event_ids.is_empty()).then_some(Unit { about, subject, text, details, severity, at, url, event_ids })
    }
}

impl From<Severity> for digests::Severity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Warning => Self::Warn,
            Severity::Critical => Self::High,
        }
    }
}

/// What there is to say of a time.
pub fn drafts(facts: &Facts) -> Vec<Draft> {
    let mut incidents: Vec<Draft> = facts.incidents.iter().map(|one| of_incident(one, facts.now)).collect();
    incidents.sort_by_key(|draft| std::cmp::Reverse((draft.item.severity, draft.item.at)));
    let failures = facts.failures.iter().map(|one| {
        draft(About::Risk, Some(&one.service), one.repo.as_deref(), items::failure(one, facts.now))
            .placed(&one.service, &one.environment)
    });
    let approvals = facts.approvals.iter().map(|one| {
        draft(About::PeopleBlocked, None, repo_of(&one.subject), items::approval(one, facts.now))
            .about(&one.subject)
            .naming("asked_for", &one.action)
            .naming("asked_of", &one.subject)
    });
    let mut drafts: Vec<Draft> = first(incidents).collect();
    drafts.extend(first(failures));
    drafts.extend(shipped(facts));
    drafts.extend(unfinished(facts));
    drafts.extend(first(approvals));
    drafts
}

fn shipped(facts: &Facts) -> Vec<Draft> {
    let of: HashMap<Of, &Deployed> = facts.deployments.iter().map(|one| (one.of(), one)).collect();
    let deployed = items::deployments(facts).into_iter().map(|item| {
        let deployed = item.of.first().and_then(|one| of.get(one).copied());
        let draft = draft(About::Shipped, deployed.map(|one| &one.service), None, item);
        deployed.into_iter().fold(draft, |draft, one| draft.placed(&one.service, &one.environment))
    });
    let merged = facts.merged.iter().map(|one| {
        let mut item = items::merged(one);
        item.text = format!("Merged: {}", item.text);
        of_change(About::Shipped, item, one.title.as_ref(), one.author.as_ref())
    });
    first(deployed).chain(first(merged)).collect()
}

fn unfinished(facts: &Facts) -> Vec<Draft> {
    let open: HashMap<String, &OpenChange> =
        facts.open.iter().map(|one| (format!("{}#{}", one.repo, one.number), one)).collect();
    let waiting = |about: About, item: Item| {
        let change = open.get(&item.subject);
        of_change(about, item, change.and_then(|one| one.title.as_ref()), change.and_then(|one| one.author.as_ref()))
    };
    let stale = items::stale(facts, STALE).into_iter().map(|item| waiting(About::Risk, item));
    let unreviewed = items::unreviewed(facts, UNREVIEWED).into_iter().map(|item| waiting(About::Review, item));
    first(stale).chain(first(unreviewed)).collect()
}

/// How many changes are stale, and how many wait for a review.
pub fn waiting(facts: &Facts) -> (usize, usize) {
    (items::stale(facts, STALE).len(), items::unreviewed(facts, UNREVIEWED).len())
}

/// Puts drafts that are proved into groups: by service, else by repository. `services` are those of repositories and of
/// changes by their names.
pub fn grouped(drafts: Vec<Draft>, services: &HashMap<String, String>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for draft in drafts {
        let known = |name: &String| services.get(name).cloned();
        let by_repo = || draft.repo.as_ref().map(|repo| known(repo).unwrap_or_else(|| repo.clone()));
        let name = draft.service.clone().or_else(|| known(&draft.item.subject)).or_else(by_repo);
        let name = name.unwrap_or_else(|| OTHER.to_owned());
        let Some(unit) = draft.unit() else { continue };
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.units.push(unit),
            None => groups.push(Group { name, units: vec![unit] }),
        }
    }
    groups.sort_by(|one, other| one.name.cmp(&other.name));
    groups
}

/// `acme/shop` of `acme/shop#12`.
pub fn repo_of(subject: &str) -> Option<&str> {
    let (repo, _) = subject.split_once('#').unwrap_or((subject, ""));
    (repo.contains('/') && !repo.contains(char::is_whitespace)).then_some(repo)
}

fn first(drafts: impl IntoIterator<Item = Draft>) -> impl Iterator<Item = Draft> {
    drafts.into_iter().take(MOST)
}

fn of_change(about: About, item: Item, title: Option<&String>, author: Option<&String>) -> Draft {
    let repo = match item.of.first() {
        Some(Of::Change { repo, .. }) => Some(repo.clone()),
        _ => None,
    };
    let named = |name: &str, value: Option<&String>| value.map(|value| (name.to_owned(), value.clone()));
    let details = [named("title", title), named("author", author)].into_iter().flatten().collect();
    Draft { details, ..draft(about, None, repo.as_deref(), item) }
}

fn draft(about: About, service: Option<&String>, repo: Option<&str>, item: Item) -> Draft {
    Draft {
        about,
        service: service.cloned(),
        repo: repo.map(str::to_owned),
        item,
        proved_by: None,
        details: Vec::new(),
    }
}

/// A signal that fires, as a draft: what it is called and since when.
pub fn of_signal(rule: &str, subject: &str, since: DateTime<Utc>, now: DateTime<Utc>) -> Draft {
    let text =
        format!("{}: fires for {}", clean(&format!("{rule} on {subject}"), super::TITLE), super::lasted(since, now));
    let item = Item {
        subject: subject.to_owned(),
        text,
        severity: Severity::Warning,
        at: since,
        url: None,
        event_ids: Vec::new(),
        of: Vec::new(),
    };
    draft(About::Risk, None, repo_of(subject), item).about(subject).naming("rule", rule).naming("fires_on", subject)
}

/// An incident, in the reports' sentence.
pub fn of_incident(incident: &Incident, now: DateTime<Utc>) -> Draft {
    let mut draft = draft(About::Incident, incident.service.as_ref(), None, items::incident(incident, now));
    draft.item.text = clean(&draft.item.text, SENTENCE);
    draft
        .with("title", incident.title.as_ref())
        .with("service_name", incident.service.as_ref())
        .with("rated", incident.severity.as_ref())
}
