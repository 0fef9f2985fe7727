//! What people write: tickets in Jira, messages in Slack.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::story::Delivery;
use super::world::{Change, LINUS, Person};

const JIRA: &str = "https://acme.atlassian.net";

/// A status of Jira: its id, its name, its category's key and id.
type Status = (&'static str, &'static str, &'static str, u64);

const TO_DO: Status = ("10000", "To Do", "new", 2);
const IN_PROGRESS: Status = ("3", "In Progress", "indeterminate", 4);
const DONE: Status = ("10002", "Done", "done", 3);

/// The ticket of a change, by its whole life.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket<'a> {
    pub(super) change: &'a Change,
    pub(super) created: DateTime<Utc>,
}

impl Ticket<'_> {
    pub(super) fn created(&self) -> Delivery {
        self.delivery("jira:issue_created", &LINUS, self.created, TO_DO, None)
    }

    pub(super) fn begun(&self, at: DateTime<Utc>) -> Delivery {
        self.delivery("jira:issue_updated", self.change.author, at, IN_PROGRESS, Some(TO_DO))
    }

    pub(super) fn done(&self, at: DateTime<Utc>) -> Delivery {
        self.delivery("jira:issue_updated", self.change.author, at, DONE, Some(IN_PROGRESS))
    }

    fn delivery(
        &self,
        kind: &'static str,
        by: &Person,
        at: DateTime<Utc>,
        status: Status,
        before: Option<Status>,
    ) -> Delivery {
        let id = 20_000 + self.change.number;
        let moved = before.map(|before| {
            json!({
                "field": "status", "fieldtype": "jira", "fieldId": "status", "from": before.0, "fromString": before.1,
                "to": status.0, "toString": status.1,
            })
        });
        let body = json!({
            "timestamp": at.timestamp_millis(), "webhookEvent": kind, "issue_event_type_name": "issue_generic",
            "user": user(by),
            "issue": {
                "id": id.to_string(), "self": format!("{JIRA}/rest/api/2/issue/{id}"), "key": self.change.ticket(),
                "fields": self.fields(at, status),
            },
            "changelog": {"id": at.timestamp().to_string(), "items": moved.into_iter().collect::<Vec<Value>>()},
        });
        Delivery::new("jira", kind, at, &body)
    }

    fn fields(&self, at: DateTime<Utc>, status: Status) -> Value {
        let done = status.0 == DONE.0;
        json!({
            "summary": self.change.title, "description": null, "labels": [], "components": [], "fixVersions": [],
            "subtasks": [], "issuetype": {"id": "10001", "name": "Story", "subtask": false},
            "project": {"id": "10000", "key": "SHOP", "name": "Shop", "projectTypeKey": "software"},
            "priority": {"id": "3", "name": "Medium"},
            "status": {
                "id": status.0, "name": status.1,
                "statusCategory": {"id": status.3, "key": status.2, "name": status.1},
            },
            "created": written(self.created), "updated": written(at),
            "resolution": done.then(|| json!({"id": "10000", "name": "Done"})),
            "resolutiondate": done.then(|| written(at)), "assignee": user(self.change.author),
            "creator": user(&LINUS), "reporter": user(&LINUS),
        })
    }
}

/// `2026-11-20T16:31:09.577+0000`: no colon in the offset.
fn written(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}

fn user(person: &Person) -> Value {
    json!({
        "accountId": person.code("712020:"), "displayName": person.login, "active": true,
        "accountType": "atlassian",
    })
}

/// A channel of Slack by its id.
pub(super) const INCIDENTS: &str = "C0INCIDENT";
pub(super) const DEPLOYS: &str = "C0DEPLOYS0";

pub(super) fn said(by: &Person, channel: &'static str, at: DateTime<Utc>, text: &str) -> Delivery {
    message(channel, at, json!({"user": by.code("U0"), "text": text, "team": "T0ACME001"}))
}

/// An app that says what was deployed.
pub(super) fn announced(at: DateTime<Utc>, text: &str) -> Delivery {
    let event = json!({
        "subtype": "bot_message", "bot_id": "B0DEPLOY01", "username": "deploys", "text": text, "app_id": "A0DEPLOYS1",
    });
    message(DEPLOYS, at, event)
}

fn message(channel: &'static str, at: DateTime<Utc>, mut event: Value) -> Delivery {
    let ts = format!("{}.000100", at.timestamp());
    for (name, value) in
        [("type", "message"), ("ts", &ts), ("event_ts", &ts), ("channel", channel), ("channel_type", "channel")]
    {
        event[name] = value.into();
    }
    let body = json!({
        "type": "event_callback", "token": "not-looked-at", "team_id": "T0ACME001", "api_app_id": "A0EMAGENT1",
        "event": event, "event_id": format!("Ev{channel}{}", at.timestamp()), "event_time": at.timestamp(),
        "authorizations": [{"team_id": "T0ACME001", "user_id": "U0BOT00001", "is_bot": true}],
        "is_ext_shared_channel": false, "event_context": "4-demo",
    });
    Delivery::new("slack", "message", at, &body)
}
