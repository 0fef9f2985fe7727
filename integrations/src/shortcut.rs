//! Shortcut: outgoing webhooks of a workspace.
//!
//! Signed with HMAC-SHA256 over the raw body. One delivery lists several actions; each one on a story is a ticket's
//! event, the others are not looked at. An action tells what changed with old and new ids, whose names stand in
//! `references`. Labels are told only as they come and go, so that no story can be followed as an incident.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Common, Ticket};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use crate::drafts::{NAME, TITLE, URL, labels, text};
use crate::integration::{Delivery, Field, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::json::{self, Id, Text};
use crate::manners::Manners;
use crate::scheme::{Scheme, Signature};
use crate::tickets::{DONE, Happened, NEW, Ticketed, UNDERWAY};

pub(crate) static SHORTCUT: Integration = Integration {
    name: "shortcut",
    title: "Shortcut",
    setup: Setup {
        paste: "Settings → Integrations → Webhooks → Add new webhook: payload URL, secret",
        ticks: "Nothing to choose: every change of a story or an epic is sent",
        docs: "https://developer.shortcut.com/api/webhook/v1",
    },
    manners: Manners { note: "Shortcut does not say what it does when a delivery fails.", ..Manners::UNKNOWN },
    secret_setting: "SHORTCUT_WEBHOOK_SECRET",
    schemes: &[Scheme::Signature(Signature {
        name: "shortcut-sha256",
        header: "payload-signature",
        ..Signature::BODY_HEX
    })],
    kind: Field::Body(&["/actions/0/entity_type", "/actions/0/action"]),
    key: Field::Body(&["/id"]),
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json; charset=utf-8"), ("user-agent", "Shortcut-Webhooks/1")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("shortcut/story/moved.json", "story:update"),
    sample!("shortcut/story/completed.json", "story:update"),
    sample!("shortcut/story/created.json", "story:create"),
    sample!("shortcut/story/deleted.json", "story:delete"),
    sample!("shortcut/story/renamed_without_references.json", "story:update"),
    sample!("shortcut/story/reopened.json", "story:update"),
    sample!("shortcut/story/several.json", "story:update"),
    sample!("shortcut/story/moved_without_references.json", "story:update"),
    sample!("shortcut/story/labelled.json", "story:update"),
    sample!("shortcut/branch/created_and_moved.json", "branch:create"),
    sample!("shortcut/story_comment/created.json", "story-comment:create"),
    sample!("shortcut/epic/updated.json", "epic:update"),
    sample!("shortcut/unknown/no_actions.json", "unknown"),
    sample!("shortcut/unknown/truncated.txt", "unknown"),
];

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(default, deserialize_with = "time::lenient")]
    changed_at: Option<DateTime<Utc>>,
    member_id: Option<Id>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    actions: Vec<Action<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    references: Vec<Reference<'a>>,
}

#[derive(Deserialize)]
struct Action<'a> {
    id: Option<Id>,
    #[serde(borrow)]
    entity_type: Option<Text<'a>>,
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    story_type: Option<Text<'a>>,
    #[serde(borrow)]
    app_url: Option<Text<'a>>,
    workflow_state_id: Option<Id>,
    iteration_id: Option<Id>,
    epic_id: Option<Id>,
    estimate: Option<f64>,
    #[serde(default, deserialize_with = "json::list")]
    owner_ids: Vec<Id>,
    #[serde(default, deserialize_with = "json::list")]
    label_ids: Vec<Id>,
    changes: Option<Changes>,
}

#[derive(Default, Deserialize)]
struct Changes {
    workflow_state_id: Option<Was<Id>>,
    iteration_id: Option<Was<Id>>,
    epic_id: Option<Was<Id>>,
    estimate: Option<Was<f64>>,
    started: Option<Was<bool>>,
    completed: Option<Was<bool>>,
    completed_at: Option<Stamp>,
}

#[derive(Deserialize)]
struct Was<T> {
    new: Option<T>,
    old: Option<T>,
}

#[derive(Deserialize)]
struct Stamp {
    #[serde(default, deserialize_with = "time::lenient")]
    new: Option<DateTime<Utc>>,
}

/// What an id in the actions stands for.
#[derive(Deserialize)]
struct Reference<'a> {
    id: Option<Id>,
    #[serde(borrow)]
    entity_type: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
}

fn normalize(delivery: &Delivery<'_>, _: &Rules) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(delivery.body, drafts)
}

fn drafts(body: &[u8]) -> Result<Vec<Draft>, Unreadable> {
    let change: Change<'_> = json::read(body)?;
    let stories = change.actions.iter().filter(|action| action.entity_type.as_deref() == Some("story"));
    let drafts: Vec<Draft> =
        stories.filter_map(|action| change.story(action)).take(MOST_STORIES).flat_map(Ticketed::drafts).collect();
    if drafts.is_empty() {
        return Err(Unreadable::new("no action of it is about a story"));
    }
    Ok(drafts)
}

/// More stories than this are not changed at once.
const MOST_STORIES: usize = 1000;

impl Change<'_> {
    fn reference(&self, kind: &str, id: Option<&Id>) -> Option<&Reference<'_>> {
        let fits = |reference: &&Reference<'_>| {
            reference.entity_type.as_deref() == Some(kind) && reference.id.is_some() && reference.id.as_ref() == id
        };
        self.references.iter().find(fits)
    }

    fn name(&self, kind: &str, id: Option<&Id>) -> Option<String> {
        text(self.reference(kind, id)?.name.as_ref(), NAME)
    }

    /// What one action says about its story; `None` without the story's id.
    fn story(&self, action: &Action<'_>) -> Option<Ticketed> {
        let none = Changes::default();
        let changes = action.changes.as_ref().unwrap_or(&none);
        let ticket = self.ticket(action, changes);
        let names: Vec<String> = action.label_ids.iter().filter_map(|id| self.name("label", Some(id))).collect();
        Some(Ticketed {
            source: "shortcut",
            scope: action.workspace(),
            key: action.id.as_ref()?.0.clone(),
            happened: action.happened(changes, ticket.status_category.as_deref()),
            at: self.changed_at,
            ticket,
            common: Common {
                actor: self.member_id.as_ref().map(member),
                url: text(action.app_url.as_ref(), URL),
                labels: labels(names.iter().map(String::as_str)),
                revision: self.changed_at,
                ..Common::default()
            },
            ..Ticketed::default()
        })
    }

    fn ticket(&self, action: &Action<'_>, changes: &Changes) -> Ticket {
        let moved = changes.workflow_state_id.as_ref();
        let state = newest(moved, action.workflow_state_id.as_ref());
        let category = changes.category().or_else(|| self.reference("workflow-state", state)?.category());
        let created = action.is("create");
        let ended = changes.completed_at.as_ref().and_then(|stamp| stamp.new).or(self.changed_at);
        Ticket {
            kind: text(action.story_type.as_ref(), NAME),
            title: text(action.name.as_ref(), TITLE),
            status: self.name("workflow-state", state),
            status_category: category.map(str::to_owned),
            from_status: self.name("workflow-state", moved.and_then(|moved| moved.old.as_ref())),
            // Later only those who come and go are told.
            assignee: action.owner_ids.first().filter(|_| created).map(member),
            sprint: self.name("iteration", newest(changes.iteration_id.as_ref(), action.iteration_id.as_ref())),
            estimate: newest(changes.estimate.as_ref(), action.estimate.as_ref()).copied(),
            parent: newest(changes.epic_id.as_ref(), action.epic_id.as_ref()).map(|epic| epic.0.clone()),
            created_at: self.changed_at.filter(|_| created),
            closed_at: ended.filter(|_| category == Some(DONE) && moved.is_some()),
            ..Ticket::default()
        }
    }
}

/// A person, known by id only.
fn member(id: &Id) -> Actor {
    Actor { id: Some(id.0.clone()), ..Actor::default() }
}

/// What a value was changed to, else what the action says it is.
fn newest<'c, T>(changed: Option<&'c Was<T>>, told: Option<&'c T>) -> Option<&'c T> {
    match changed {
        Some(was) => was.new.as_ref(),
        None => told,
    }
}

impl Changes {
    fn category(&self) -> Option<&'static str> {
        let became = |was: &Option<Was<bool>>| was.as_ref().is_some_and(|was| was.new == Some(true));
        match (became(&self.completed), became(&self.started)) {
            (true, _) => Some(DONE),
            (false, true) => Some(UNDERWAY),
            (false, false) => None,
        }
    }
}

impl Reference<'_> {
    fn category(&self) -> Option<&'static str> {
        match self.kind.as_deref()? {
            "backlog" | "unstarted" => Some(NEW),
            "started" => Some(UNDERWAY),
            "done" => Some(DONE),
            _ => None,
        }
    }
}

impl Action<'_> {
    fn is(&self, action: &str) -> bool {
        self.action.as_deref() == Some(action)
    }

    fn happened(&self, changes: &Changes, category: Option<&str>) -> Happened {
        let was_completed = || changes.completed.as_ref().is_some_and(|was| was.old == Some(true));
        match (changes.workflow_state_id.is_some(), category) {
            _ if self.is("create") => Happened::Created,
            _ if self.is("delete") => Happened::Deleted,
            (false, _) => Happened::Updated,
            (true, Some(DONE)) => Happened::Closed,
            (true, _) if was_completed() => Happened::Reopened,
            (true, _) => Happened::Moved,
        }
    }

    /// `acme` of `https://app.shortcut.com/acme/story/16927`.
    fn workspace(&self) -> String {
        let path = self.app_url.as_deref().and_then(|url| url.split_once("://")).map(|(_, rest)| rest);
        let workspace = path.and_then(|path| path.split('/').nth(1)).unwrap_or_default();
        domain::text::clean(workspace, NAME)
    }
}
