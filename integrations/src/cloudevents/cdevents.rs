//! CDEvents: what an event of a type of theirs says, in whatever version it is written, and which of ours it is.
//!
//! Every field but the context is optional here: versions differ in what they require. The copies of id, source, type,
//! subject and time that CloudEvents carries must agree with the event's own.

use chrono::{DateTime, Utc};
use domain::data::Common;
use domain::event::Draft;
use domain::rules::Rules;
use domain::text::clean;
use domain::time;
use serde::Deserialize;

use super::binding::Document;
use super::{changes, runs, services, tickets};
use crate::drafts::{NAME, URL, text};
use crate::integration::Unreadable;
use crate::json::{self, Text};
use crate::repositories::repository;

/// `dev.cdevents.<subject>.<predicate>.<version>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind<'a> {
    pub(super) subject: &'a str,
    pub(super) predicate: &'a str,
}

impl<'a> Kind<'a> {
    /// Reads a type. Its version has three numbers, and a word after `-` in drafts.
    pub(super) fn of(kind: &'a str) -> Option<Self> {
        let mut parts = kind.strip_prefix("dev.cdevents.")?.rsplitn(4, '.');
        let numbers = [parts.next()?, parts.next()?, parts.next()?];
        let plain = |part: &str| part.starts_with(|first: char| first.is_ascii_digit());
        let (subject, predicate) = parts.next()?.rsplit_once('.')?;
        numbers.iter().all(|part| plain(part)).then_some(Self { subject, predicate })
    }
}

#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    context: Context<'a>,
    #[serde(borrow)]
    subject: Subject<'a>,
}

/// Its version stands in `specversion`, before 0.5 in `version`: the type says all that is read of it.
#[derive(Deserialize)]
struct Context<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    source: Text<'a>,
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(default, deserialize_with = "time::lenient")]
    timestamp: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Subject<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    source: Option<Text<'a>>,
    #[serde(borrow)]
    content: Option<Content<'a>>,
}

/// The fields that are read of any subject.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Content<'a> {
    #[serde(borrow)]
    pub(super) repository: Option<Reference<'a>>,
    #[serde(borrow)]
    pub(super) environment: Option<Reference<'a>>,
    #[serde(borrow)]
    pub(super) service: Option<Reference<'a>>,
    #[serde(borrow)]
    pub(super) pipeline_run: Option<Reference<'a>>,
    #[serde(borrow)]
    pub(super) test_suite: Option<Reference<'a>>,
    #[serde(borrow)]
    pub(super) pipeline_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) task_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) description: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) summary: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) outcome: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) artifact_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) uri: Option<Text<'a>>,
    /// Of pipeline runs, in the first versions.
    #[serde(borrow)]
    pub(super) url: Option<Text<'a>>,
    #[serde(borrow, rename = "ticketURI")]
    pub(super) ticket_uri: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) ticket_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) resolution: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) creator: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) updated_by: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "json::list")]
    pub(super) assignees: Vec<Text<'a>>,
    #[serde(borrow, deserialize_with = "json::list")]
    pub(super) labels: Vec<Text<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reference<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
}

impl Reference<'_> {
    pub(super) fn id(reference: Option<&Self>) -> Option<String> {
        text(reference?.id.as_ref(), NAME)
    }
}

/// One event of CDEvents.
pub(super) struct CdEvent<'a> {
    /// Of the event itself.
    pub(super) id: String,
    /// Of what it is about, which is unique within `source`.
    pub(super) subject: String,
    pub(super) source: String,
    pub(super) scope: String,
    pub(super) at: Option<DateTime<Utc>>,
    pub(super) content: Content<'a>,
}

impl CdEvent<'_> {
    /// The subject's id, told apart from those of other sources.
    pub(super) fn qualified(&self) -> String {
        format!("{}/{}", self.source, self.subject)
    }

    /// `owner/name`, also of senders whose ids of repositories are their URLs.
    pub(super) fn repo(&self) -> Option<String> {
        let id = Reference::id(self.content.repository.as_ref())?;
        Some(repository(&id).unwrap_or(id))
    }

    /// What all subjects have in common.
    pub(super) fn common(&self, rules: &Rules) -> Common {
        let environment = Reference::id(self.content.environment.as_ref());
        let content = &self.content;
        let url = [&content.ticket_uri, &content.uri, &content.url].into_iter().flatten().next();
        Common {
            repo: self.repo(),
            service: Reference::id(content.service.as_ref()),
            environment_tier: environment.as_deref().map(|name| rules.tier(name, None)),
            environment,
            url: text(url, URL),
            labels: crate::drafts::labels(content.labels.iter().map(|label| &**label)),
            revision: self.at,
            ..Common::default()
        }
    }
}

pub(super) fn drafts(
    kind: Kind<'_>,
    document: &Document<'_>,
    data: &[u8],
    rules: &Rules,
) -> Result<Vec<Draft>, Unreadable> {
    let Written { context, subject } = json::read(data)?;
    agree(document, &context, &subject)?;
    let source = subject.source.as_deref().filter(|source| !source.is_empty()).unwrap_or(&context.source);
    let event = CdEvent {
        id: context.id.clean(NAME),
        subject: subject.id.clean(NAME),
        source: clean(source.trim_matches('/'), NAME),
        scope: document.scope(),
        at: context.timestamp.or(document.time),
        content: subject.content.unwrap_or_default(),
    };
    let drafts = match kind.subject {
        "change" => changes::change_drafts(kind.predicate, &event, rules),
        "branch" => changes::branch_drafts(kind.predicate, &event, rules),
        "build" | "pipelinerun" | "taskrun" | "testsuiterun" => runs::drafts(kind, &event, rules),
        "service" => services::drafts(kind.predicate, &event, rules),
        "environment" => services::environment_drafts(kind.predicate, &event, rules),
        "artifact" => services::artifact_drafts(kind.predicate, &event, rules),
        "incident" => tickets::incident_drafts(kind.predicate, &event, rules),
        "ticket" => tickets::ticket_drafts(kind.predicate, &event, rules),
        _ => None,
    };
    drafts.ok_or_else(|| match (kind.subject, kind.predicate) {
        ("artifact", "published") => Unreadable::new("an artifact without a digest is none that a deployment names"),
        _ => Unreadable::new("CDEvents of this type have no mapping"),
    })
}

fn agree(document: &Document<'_>, context: &Context<'_>, subject: &Subject<'_>) -> Result<(), Unreadable> {
    let differs = |name: &str| Err(Unreadable::new(format!("the CDEvent has another {name} than the CloudEvent")));
    let apart = |one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>| one.zip(other).is_some_and(|(a, b)| a != b);
    match () {
        () if *context.id != *document.id => differs("id"),
        () if *context.source != *document.source => differs("source"),
        () if *context.kind != *document.kind => differs("type"),
        () if document.subject.as_deref().is_some_and(|copy| copy != &*subject.id) => differs("subject"),
        () if apart(context.timestamp, document.time) => differs("time"),
        () => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_from_their_end() {
        for (kind, expected) in [
            ("dev.cdevents.change.merged.0.3.0", Some(("change", "merged"))),
            ("dev.cdevents.service.deployed.0.1.0-draft", Some(("service", "deployed"))),
            ("dev.cdevents.pipelinerun.finished.10.20.30", Some(("pipelinerun", "finished"))),
            ("dev.cdevents.change.merged", None),
            ("dev.cdevents.change.merged.0.3", None),
            ("dev.cdevents.change.merged.x.y.z", None),
            ("dev.cdeventsx.change.merged.0.3.0", None),
            ("com.example.change.merged.0.3.0", None),
        ] {
            let read = Kind::of(kind).map(|kind| (kind.subject, kind.predicate));
            assert_eq!(read, expected, "{kind}");
        }
    }
}
