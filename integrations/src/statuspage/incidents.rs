//! Incidents, each told with all the updates that were ever posted about it.

use chrono::{DateTime, Utc};
use domain::data::{Body, Common, Incident};
use domain::event::Draft;
use domain::time;
use serde::Deserialize;

use super::Component;
use crate::drafts::{NAME, TITLE, URL, draft, text};
use crate::json::{self, Id, Text};

#[derive(Deserialize)]
pub(super) struct Reported<'a> {
    id: Id,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    impact: Option<Text<'a>>,
    #[serde(borrow)]
    shortlink: Option<Text<'a>>,
    #[serde(borrow)]
    scheduled_for: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    started_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    resolved_at: Option<DateTime<Utc>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    incident_updates: Vec<Update<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    components: Vec<Component<'a>>,
}

#[derive(Deserialize)]
struct Update<'a> {
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
}

impl Reported<'_> {
    pub(super) fn is_maintenance(&self) -> bool {
        let planned = ["scheduled", "in_progress", "verifying", "completed"];
        self.scheduled_for.is_some()
            || self.impact.as_deref() == Some("maintenance")
            || self.status.as_deref().is_some_and(|status| planned.contains(&status))
    }

    /// Its updates, the newest first.
    fn updates(&self) -> Vec<&Update<'_>> {
        let mut updates: Vec<&Update<'_>> = self.incident_updates.iter().collect();
        updates.sort_by_key(|update| std::cmp::Reverse(update.created_at));
        updates
    }

    pub(super) fn draft(&self, page: &str) -> Draft {
        let updates = self.updates();
        let ended = is_ended(self.status.as_deref());
        let was_ended = updates.get(1).is_some_and(|before| is_ended(before.status.as_deref()));
        let kind = match (ended, updates.len()) {
            (true, _) => "incident.resolved",
            (false, 1) => "incident.opened",
            (false, _) if was_ended => "incident.reopened",
            (false, _) => "incident.updated",
        };
        let told_at = updates.first().and_then(|newest| newest.created_at).or(self.updated_at);
        let ended_now = told_at.filter(|_| self.status.as_deref() == Some("resolved"));
        let resolved_at = self.resolved_at.or(ended_now).filter(|_| ended);
        let at = match kind {
            "incident.opened" => self.created_at.or(told_at),
            // What is learned later is told as the same end.
            "incident.resolved" => resolved_at.or(told_at),
            _ => told_at,
        };
        let service = match &self.components[..] {
            [only] => text(only.name.as_ref(), NAME),
            _ => None,
        };
        let fact = Incident {
            incident_id: Some(self.id.0.clone()),
            title: text(self.name.as_ref(), TITLE),
            severity: text(self.impact.as_ref(), NAME),
            opened_at: self.created_at,
            started_at: self.started_at,
            resolved_at,
            ..Incident::default()
        };
        let common = Common {
            service,
            url: text(self.shortlink.as_ref(), URL),
            revision: self.updated_at.or(told_at),
            ..Common::default()
        };
        draft(kind, page, format!("statuspage:{}", self.id.0), at, common, Body::Incident(fact))
    }
}

fn is_ended(status: Option<&str>) -> bool {
    matches!(status, Some("resolved" | "postmortem"))
}
