//! Issues, and comments on them: tickets, and incidents by type or label.
//!
//! What happened stands in the changelog: one delivery may change the status, labels and sprint at once. Only the
//! status that an issue has now is told with its category, so a changelog whose last status is another one is a move
//! without category. An issue that was moved to another project has a new key: the old one is deleted.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Common, Ticket};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use crate::drafts::{NAME, TITLE, URL, labels, plain, text};
use crate::json::{self, Id, Text};
use crate::tickets::{DONE, Happened, Ticketed, is_incident_type};

#[derive(Deserialize)]
pub(super) struct IssueEvent<'a> {
    #[serde(default, deserialize_with = "time::lenient")]
    timestamp: Option<DateTime<Utc>>,
    #[serde(borrow)]
    user: Option<User<'a>>,
    #[serde(borrow)]
    issue: Issue<'a>,
    #[serde(borrow)]
    changelog: Option<Changelog<'a>>,
    #[serde(borrow)]
    comment: Option<Comment<'a>>,
}

#[derive(Deserialize)]
struct Issue<'a> {
    key: Id,
    #[serde(borrow, rename = "self")]
    address: Option<Text<'a>>,
    #[serde(borrow)]
    fields: Option<Fields<'a>>,
}

#[derive(Default, Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    summary: Option<Text<'a>>,
    #[serde(borrow)]
    issuetype: Option<Named<'a>>,
    #[serde(borrow)]
    project: Option<Keyed<'a>>,
    #[serde(borrow)]
    parent: Option<Keyed<'a>>,
    #[serde(borrow)]
    priority: Option<Named<'a>>,
    #[serde(borrow)]
    status: Option<Status<'a>>,
    #[serde(borrow)]
    assignee: Option<User<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    labels: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    components: Vec<Named<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    resolutiondate: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Keyed<'a> {
    #[serde(borrow)]
    key: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Status<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow, rename = "statusCategory")]
    category: Option<Keyed<'a>>,
}

#[derive(Deserialize)]
struct User<'a> {
    #[serde(borrow, rename = "accountId")]
    account_id: Option<Text<'a>>,
    /// The login; Data Center only.
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow, rename = "displayName")]
    display_name: Option<Text<'a>>,
    #[serde(borrow, rename = "emailAddress")]
    email: Option<Text<'a>>,
    #[serde(borrow, rename = "accountType")]
    account_type: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Comment<'a> {
    #[serde(borrow)]
    author: Option<User<'a>>,
    #[serde(borrow, rename = "updateAuthor")]
    update_author: Option<User<'a>>,
}

#[derive(Deserialize)]
struct Changelog<'a> {
    #[serde(borrow, default, deserialize_with = "json::list")]
    items: Vec<Item<'a>>,
}

/// One field that changed, with its values as people see them.
#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    field: Option<Text<'a>>,
    #[serde(borrow, rename = "fromString")]
    from: Option<Text<'a>>,
    #[serde(borrow, rename = "toString")]
    to: Option<Text<'a>>,
}

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
    let (is_incident, was_incident) = event.incident(fields, rules);
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
            revision: deleted_at.or(fields.updated).or(self.timestamp),
            ..Common::default()
        }
    }
}

impl Issue<'_> {
    /// The page of the issue, at the site whose API it is told by.
    fn page(&self) -> Option<String> {
        let (site, _) = self.address.as_deref()?.split_once("/rest/")?;
        plain(Some(&format!("{site}/browse/{}", self.key.0)), URL)
    }
}

impl User<'_> {
    fn actor(&self, rules: &Rules) -> Actor {
        let login = self.name.as_ref().or(self.display_name.as_ref());
        let is_app = self.account_type.as_deref() == Some("app");
        Actor {
            id: text(self.account_id.as_ref(), NAME),
            login: text(login, NAME),
            email: text(self.email.as_ref(), NAME),
            bot: rules.is_bot(login.map_or("", |login| login), is_app),
        }
    }
}

/// `SHOP` of `SHOP-12`.
fn project_of(key: &str) -> &str {
    key.rsplit_once('-').map_or(key, |(project, _)| project)
}

fn is_given(value: Option<&Text<'_>>) -> bool {
    value.is_some_and(|value| !value.is_empty())
}
