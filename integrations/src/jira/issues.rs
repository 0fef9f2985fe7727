//! Issues, and comments on them: tickets, and incidents by type or label.
//!
//! What happened stands in the changelog: one delivery may change the status, labels and sprint at once. Only the
//! status that an issue has now is told with its category, so a changelog whose last status is another one is a move
//! without category. An issue that was moved to another project has a new key: the old one is deleted.

use chrono::{DateTime, Utc};
use domain::data::{Common, Ticket};
use domain::event::Draft;
use domain::rules::Rules;

use super::payloads::{Fields, IssueEvent, Item, is_given};
use crate::drafts::{NAME, TITLE, labels, text};
use crate::tickets::{DONE, Happened, Ticketed, is_incident_type};

pub(super) fn drafts(kind: &str, event: &IssueEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let none = Fields::default();
    let fields = event.issue.fields.as_ref().unwrap_or(&none);
    let happened = match kind {
        "jira:issue_created" => Happened::Created,
        "jira:issue_deleted" => Happened::Deleted,
        _ => event.moved(fields),
    };
    let at = match happened {
        Happened::Created => fields.created.or(event.timestamp),
        _ => event.timestamp.or(fields.updated),
    };
    // A comment tells less of its issue than a change does, and changes nothing about the incident.
    let (is_incident, was_incident) =
        if kind.starts_with("comment_") { (false, false) } else { event.incident(fields, rules) };
    let told = Ticketed {
        source: "jira",
        scope: event.project(fields),
        key: event.issue.key.0.clone(),
        happened,
        at,
        ticket: event.ticket(fields, happened, at, rules),
        is_incident,
        was_incident: was_incident && happened != Happened::Created,
        severity: fields.priority.as_ref().and_then(|priority| text(priority.name.as_ref(), NAME)),
        common: event.common(fields, happened, rules),
    };
    // Moved to another project: what had the old key is there no longer.
    let old = event.item("Key").and_then(|item| text(item.from.as_ref(), NAME)).map(|key| Ticketed {
        scope: project_of(&key).to_owned(),
        key,
        happened: Happened::Deleted,
        ..told.clone()
    });
    old.into_iter().chain([told]).flat_map(Ticketed::drafts).collect()
}

impl<'a> IssueEvent<'a> {
    fn items(&self, field: &'static str) -> impl DoubleEndedIterator<Item = &Item<'a>> {
        let items = self.changelog.iter().flat_map(|changelog| &changelog.items);
        items.filter(move |item| item.field.as_deref() == Some(field))
    }

    /// The last change of a field.
    fn item(&self, field: &'static str) -> Option<&Item<'a>> {
        self.items(field).next_back()
    }

    fn project(&self, fields: &Fields<'_>) -> String {
        let key = fields.project.as_ref().and_then(|project| text(project.key.as_ref(), NAME));
        key.unwrap_or_else(|| project_of(&self.issue.key.0).to_owned())
    }

    /// What an update did to the status.
    fn moved(&self, fields: &Fields<'_>) -> Happened {
        let Some(_) = self.item("status") else { return Happened::Updated };
        let unresolved = |item: &Item<'_>| is_given(item.from.as_ref()) && !is_given(item.to.as_ref());
        match self.category(fields).as_deref() {
            Some(DONE) => Happened::Closed,
            Some(_) if self.item("resolution").is_some_and(unresolved) => Happened::Reopened,
            _ => Happened::Moved,
        }
    }

    /// `new`, `indeterminate` or `done`: of the status that the issue has now, if that is the one it moved to.
    fn category(&self, fields: &Fields<'_>) -> Option<String> {
        let status = fields.status.as_ref()?;
        let moved_to = self.item("status").and_then(|item| item.to.as_deref());
        let is_now = moved_to.is_none_or(|moved_to| status.name.as_deref() == Some(moved_to));
        status.category.as_ref().filter(|_| is_now).and_then(|category| text(category.key.as_ref(), NAME))
    }

    /// Whether the issue is an incident, and whether it was one before these changes.
    fn incident(&self, fields: &Fields<'_>, rules: &Rules) -> (bool, bool) {
        let kind = fields.issuetype.as_ref().and_then(|kind| kind.name.as_deref()).unwrap_or_default();
        let by_type = |name: &str| is_incident_type(name, rules);
        let by_label = |labels: &str| labels.split_whitespace().any(|label| rules.is_incident_label(label));
        let labelled = fields.labels.iter().any(|label| rules.is_incident_label(label));
        let before = |field, now: bool, says: &dyn Fn(&str) -> bool| match self.items(field).next() {
            Some(item) => item.from.as_deref().is_some_and(says),
            None => now,
        };
        let was = before("issuetype", by_type(kind), &by_type) || before("labels", labelled, &by_label);
        (by_type(kind) || labelled, was)
    }

    fn ticket(&self, fields: &Fields<'_>, happened: Happened, at: Option<DateTime<Utc>>, rules: &Rules) -> Ticket {
        let category = self.category(fields);
        let ended = at.filter(|_| happened == Happened::Closed);
        let now = fields.status.as_ref().and_then(|status| status.name.as_ref());
        let status = self.item("status").and_then(|item| item.to.as_ref()).or(now);
        let estimate = self.item("Story Points").or_else(|| self.item("Story point estimate"));
        Ticket {
            kind: fields.issuetype.as_ref().and_then(|kind| text(kind.name.as_ref(), NAME)),
            title: text(fields.summary.as_ref(), TITLE),
            status: text(status, NAME),
            from_status: self.items("status").next().and_then(|item| text(item.from.as_ref(), NAME)),
            assignee: fields.assignee.as_ref().map(|user| user.actor(rules)),
            sprint: self.item("Sprint").and_then(|item| text(item.to.as_ref(), NAME)),
            estimate: estimate
                .and_then(|item| item.to.as_deref()?.parse().ok())
                .filter(|points: &f64| points.is_finite()),
            parent: fields.parent.as_ref().and_then(|parent| text(parent.key.as_ref(), NAME)),
            created_at: fields.created,
            closed_at: fields.resolutiondate.or(ended).filter(|_| category.as_deref() == Some(DONE)),
            status_category: category,
            ..Ticket::default()
        }
    }

    fn common(&self, fields: &Fields<'_>, happened: Happened, rules: &Rules) -> Common {
        let commenter =
            || self.comment.as_ref().and_then(|comment| comment.update_author.as_ref().or(comment.author.as_ref()));
        let deleted_at = self.timestamp.filter(|_| happened == Happened::Deleted);
        let component = match &fields.components[..] {
            [only] => text(only.name.as_ref(), NAME),
            _ => None,
        };
        Common {
            // Components are what teams call the parts of a product; several say nothing of which one it is.
            service: component,
            actor: self.user.as_ref().or_else(commenter).map(|user| user.actor(rules)),
            url: self.issue.page(),
            labels: labels(fields.labels.iter().map(|label| &**label)),
            // A snapshot may be newer than what happened: its time would tie with the next change.
            revision: deleted_at.or(fields.updated.min(self.timestamp)).or(fields.updated).or(self.timestamp),
            ..Common::default()
        }
    }
}

/// `SHOP` of `SHOP-12`.
fn project_of(key: &str) -> &str {
    key.rsplit_once('-').map_or(key, |(project, _)| project)
}
