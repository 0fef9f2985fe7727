//! Issues: tickets, and incidents by label.
//!
//! An update gives the old values of what changed. An issue that was moved to another team has a new identifier: the
//! old one is deleted. Cancelled is closed, as completed is.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Common, Ticket};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use crate::drafts::{NAME, TITLE, URL, labels, text};
use crate::json::{self, Id, Text};
use crate::tickets::{DONE, Happened, NEW, Ticketed, UNDERWAY};

#[derive(Deserialize)]
pub(super) struct IssueEvent<'a> {
    #[serde(borrow)]
    action: Text<'a>,
    #[serde(borrow)]
    actor: Option<Person<'a>>,
    #[serde(default, rename = "createdAt", deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(borrow)]
    data: Issue<'a>,
    #[serde(borrow, rename = "updatedFrom")]
    updated_from: Option<Old<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Issue<'a> {
    identifier: Id,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    priority_label: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    estimate: Option<f64>,
    #[serde(borrow)]
    state: Option<State<'a>>,
    #[serde(borrow)]
    team: Option<Team<'a>>,
    #[serde(borrow)]
    assignee: Option<Person<'a>>,
    #[serde(borrow)]
    cycle: Option<Cycle<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    labels: Vec<Label<'a>>,
    #[serde(default, deserialize_with = "json::list")]
    previous_identifiers: Vec<Id>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    completed_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    canceled_at: Option<DateTime<Utc>>,
}

/// The old values of what changed.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Old<'a> {
    #[serde(borrow)]
    state_id: Option<Text<'a>>,
    #[serde(borrow)]
    team_id: Option<Text<'a>>,
    #[serde(borrow)]
    label_ids: Option<Vec<Text<'a>>>,
    #[serde(default, deserialize_with = "time::lenient")]
    completed_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    canceled_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct State<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Team<'a> {
    #[serde(borrow)]
    key: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Cycle<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    number: Option<Id>,
}

#[derive(Deserialize)]
struct Label<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Person<'a> {
    id: Option<Id>,
    /// `user`, `integration` or `oauthClient`; of an assignee, absent.
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    email: Option<Text<'a>>,
}

pub(super) fn drafts(event: &IssueEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let none = Old::default();
    let old = event.updated_from.as_ref().unwrap_or(&none);
    let told = event.told(old, rules);
    // Moved to another team: what had the old identifiers is there no longer.
    let left = event.data.previous_identifiers.iter().filter(|_| old.team_id.is_some()).take(MOST_IDENTIFIERS);
    let gone = left.map(|left| Ticketed {
        scope: team_of(&left.0).to_owned(),
        key: left.0.clone(),
        happened: Happened::Deleted,
        ..told.clone()
    });
    let mut drafts: Vec<Draft> = gone.flat_map(Ticketed::drafts).collect();
    drafts.extend(told.drafts());
    drafts
}

const MOST_IDENTIFIERS: usize = 20;

impl IssueEvent<'_> {
    fn happened(&self, old: &Old<'_>) -> Happened {
        match &*self.action {
            "create" => Happened::Created,
            "remove" => Happened::Deleted,
            _ if old.state_id.is_none() => Happened::Updated,
            _ if self.data.category() == Some(DONE) => Happened::Closed,
            _ if old.completed_at.or(old.canceled_at).is_some() => Happened::Reopened,
            _ => Happened::Moved,
        }
    }

    fn time(&self, happened: Happened) -> Option<DateTime<Utc>> {
        let issue = &self.data;
        match happened {
            Happened::Created => issue.created_at.or(self.created_at),
            Happened::Closed => issue.ended().or(issue.updated_at).or(self.created_at),
            // A removed issue keeps the time of its last update.
            Happened::Deleted => self.created_at.or(issue.updated_at),
            _ => issue.updated_at.or(self.created_at),
        }
    }

    fn told(&self, old: &Old<'_>, rules: &Rules) -> Ticketed {
        let issue = &self.data;
        let happened = self.happened(old);
        let at = self.time(happened);
        // One that is restored had been removed, and with it the incident that it was.
        let is_new = matches!(&*self.action, "create" | "restore");
        let marks = || issue.labels.iter().filter(|label| label.marks_incident(rules));
        let updated_at = issue.updated_at.filter(|_| happened != Happened::Deleted);
        Ticketed {
            source: "linear",
            scope: issue.scope(),
            key: issue.identifier.0.clone(),
            happened,
            at,
            ticket: issue.ticket(rules),
            is_incident: marks().next().is_some(),
            // Labels that were taken off are told by id only. Any of them may have been the one that made it an incident,
            // and that it is none now is true in either case.
            was_incident: !is_new
                && (marks().any(|label| old.had(label)) || marks().next().is_none() && old.lost(issue)),
            severity: text(issue.priority_label.as_ref(), NAME).filter(|label| label != "No priority"),
            common: Common {
                actor: self.actor.as_ref().map(|actor| actor.actor(rules)),
                url: text(self.url.as_ref().or(issue.url.as_ref()), URL),
                labels: labels(issue.labels.iter().filter_map(|label| label.name.as_deref())),
                revision: updated_at.or(at),
                ..Common::default()
            },
        }
    }
}

impl Old<'_> {
    /// Whether a label was taken off.
    fn lost(&self, issue: &Issue<'_>) -> bool {
        let is_left = |id: &Text<'_>| issue.labels.iter().any(|label| label.id.as_deref() == Some(&**id));
        self.label_ids.as_ref().is_some_and(|before| !before.iter().all(is_left))
    }

    /// Whether an issue had that label before.
    fn had(&self, label: &Label<'_>) -> bool {
        match (&self.label_ids, label.id.as_deref()) {
            (Some(before), Some(id)) => before.iter().any(|other| &**other == id),
            _ => true,
        }
    }
}

impl Issue<'_> {
    fn category(&self) -> Option<&'static str> {
        match self.state.as_ref()?.kind.as_deref()? {
            "triage" | "backlog" | "unstarted" => Some(NEW),
            "started" => Some(UNDERWAY),
            "completed" | "canceled" | "duplicate" => Some(DONE),
            _ => None,
        }
    }

    fn ended(&self) -> Option<DateTime<Utc>> {
        self.completed_at.or(self.canceled_at)
    }

    /// The team's key.
    fn scope(&self) -> String {
        let team = self.team.as_ref().and_then(|team| text(team.key.as_ref(), NAME));
        team.unwrap_or_else(|| team_of(&self.identifier.0).to_owned())
    }

    fn ticket(&self, rules: &Rules) -> Ticket {
        let category = self.category();
        let sprint =
            |cycle: &Cycle<'_>| text(cycle.name.as_ref(), NAME).or_else(|| cycle.number.clone().map(|id| id.0));
        Ticket {
            title: text(self.title.as_ref(), TITLE),
            status: self.state.as_ref().and_then(|state| text(state.name.as_ref(), NAME)),
            status_category: category.map(str::to_owned),
            assignee: self.assignee.as_ref().map(|person| person.actor(rules)),
            sprint: self.cycle.as_ref().and_then(sprint),
            estimate: self.estimate,
            created_at: self.created_at,
            closed_at: self.ended().filter(|_| category == Some(DONE)),
            ..Ticket::default()
        }
    }
}

impl Label<'_> {
    fn marks_incident(&self, rules: &Rules) -> bool {
        self.name.as_deref().is_some_and(|name| rules.is_incident_label(name))
    }
}

impl Person<'_> {
    fn actor(&self, rules: &Rules) -> Actor {
        let is_app = self.kind.as_deref().is_some_and(|kind| kind != "user");
        Actor {
            id: self.id.as_ref().map(|id| id.0.clone()),
            login: text(self.name.as_ref(), NAME),
            email: text(self.email.as_ref(), NAME),
            bot: rules.is_bot(self.name.as_deref().unwrap_or_default(), is_app),
        }
    }
}

/// `SHOP` of `SHOP-12`.
fn team_of(identifier: &str) -> &str {
    identifier.split('-').next().unwrap_or_default()
}
