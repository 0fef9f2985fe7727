//! Linear: webhooks of a workspace.
//!
//! Signed with HMAC-SHA256 over the raw body, in which the time stands that must be near ours; the header that repeats
//! it is not signed and not read. Issues are tickets. An update says which fields changed with their old values, but of
//! a state only its old id: what it was called is not known. Other kinds are kept as `linear.unmapped`.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Common, Ticket};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use crate::drafts::{NAME, TITLE, URL, labels, text};
use crate::integration::{Delivery, Field, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::json::{self, Id, Text};
use crate::manners::{After, Manners};
use crate::scheme::{Clock, Scheme, Signature, Timestamp, Unit};
use crate::tickets::{DONE, Happened, NEW, Ticketed, UNDERWAY};

pub(crate) static LINEAR: Integration = Integration {
    name: "linear",
    title: "Linear",
    setup: Setup {
        paste: "Settings → API → Webhooks → New webhook: URL; the signing secret is shown there",
        ticks: "Issues",
        docs: "https://linear.app/developers/webhooks",
    },
    manners: Manners {
        deadline_seconds: Some(5),
        refused: After::Retries,
        limited: After::Retries,
        failed: After::Retries,
        note: "Three more attempts, after a minute, an hour and six hours; only the status 200 counts as taken. \
               A webhook that keeps failing may be disabled.",
    },
    secret_setting: "LINEAR_WEBHOOK_SECRET",
    schemes: &[Scheme::Signature(Signature {
        name: "linear-sha256",
        header: "linear-signature",
        // As narrow as the vendor's own library has it.
        timestamp: Some(Timestamp {
            clock: Clock::Body("/webhookTimestamp"),
            unit: Unit::Milliseconds,
            window_seconds: 60,
        }),
        ..Signature::BODY_HEX
    })],
    kind: Field::First(&[Field::Body(&["/type", "/action"]), Field::Body(&["/type"])]),
    key: Field::Headers(&["linear-delivery"]),
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json; charset=utf-8"), ("user-agent", "Linear-Webhook")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("linear/issue/created.json", "Issue:create"),
    sample!("linear/issue/assigned.json", "Issue:update"),
    sample!("linear/issue/cancelled.json", "Issue:update"),
    sample!("linear/issue/completed.json", "Issue:update"),
    sample!("linear/issue/created_incident.json", "Issue:create"),
    sample!("linear/issue/incident_done.json", "Issue:update"),
    sample!("linear/issue/incident_labelled.json", "Issue:update"),
    sample!("linear/issue/moved_by_integration.json", "Issue:update"),
    sample!("linear/issue/removed.json", "Issue:remove"),
    sample!("linear/issue/reopened.json", "Issue:update"),
    sample!("linear/issue/smallest.json", "Issue:update"),
    sample!("linear/issue/to_another_team.json", "Issue:update"),
    sample!("linear/comment/created.json", "Comment:create"),
    sample!("linear/cycle/updated.json", "Cycle:update"),
    sample!("linear/project/updated.json", "Project:update"),
    sample!("linear/unknown/truncated.txt", "unknown"),
];

#[derive(Deserialize)]
struct IssueEvent<'a> {
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

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    match drafts(delivery.kind, delivery.body, rules) {
        Err(why) if why.repeats => drafts(delivery.kind, &json::last_of_each(delivery.body)?, rules),
        other => other,
    }
}

fn drafts(kind: &str, body: &[u8], rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    if !matches!(kind, "Issue:create" | "Issue:update" | "Issue:remove") {
        json::read::<serde::de::IgnoredAny>(body)?;
        return Err(Unreadable::new("this kind has no mapping"));
    }
    let event: IssueEvent<'_> = json::read(body)?;
    let issue = &event.data;
    let none = Old::default();
    let old = event.updated_from.as_ref().unwrap_or(&none);
    let happened = event.happened(old);
    let at = match happened {
        Happened::Created => issue.created_at.or(event.created_at),
        Happened::Closed => issue.ended().or(issue.updated_at).or(event.created_at),
        // A removed issue keeps the time of its last update.
        Happened::Deleted => event.created_at.or(issue.updated_at),
        _ => issue.updated_at.or(event.created_at),
    };
    let is_incident = issue.labels.iter().any(|label| label.marks_incident(rules));
    let had = |label: &Label<'_>| match (&old.label_ids, label.id.as_deref()) {
        (Some(before), Some(id)) => before.iter().any(|other| &**other == id),
        _ => true,
    };
    let told = Ticketed {
        source: "linear",
        scope: issue.scope(),
        key: issue.identifier.0.clone(),
        happened,
        at,
        ticket: issue.ticket(rules),
        is_incident,
        // Labels that were taken off are told by id only: an incident that lost its label goes on as one.
        was_incident: happened != Happened::Created
            && issue.labels.iter().any(|label| label.marks_incident(rules) && had(label)),
        severity: text(issue.priority_label.as_ref(), NAME).filter(|label| label != "No priority"),
        common: Common {
            actor: event.actor.as_ref().map(|actor| actor.actor(rules)),
            url: text(event.url.as_ref().or(issue.url.as_ref()), URL),
            labels: labels(issue.labels.iter().filter_map(|label| label.name.as_deref())),
            revision: if happened == Happened::Deleted { at } else { issue.updated_at.or(at) },
            ..Common::default()
        },
    };
    // Moved to another team: what had the old identifiers is there no longer.
    let moved = issue.previous_identifiers.iter().filter(|_| old.team_id.is_some()).map(|old| Ticketed {
        scope: old.0.split('-').next().unwrap_or_default().to_owned(),
        key: old.0.clone(),
        happened: Happened::Deleted,
        ..told.clone()
    });
    let moved: Vec<Draft> = moved.take(MOST_IDENTIFIERS).flat_map(Ticketed::drafts).collect();
    Ok(moved.into_iter().chain(told.drafts()).collect())
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
        team.unwrap_or_else(|| self.identifier.0.split('-').next().unwrap_or_default().to_owned())
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
