//! Tasks of ECS: one event for each container, because each runs an image of its own.
//!
//! A task that is being placed is created, one that ended as it was asked to is deleted, one that ended otherwise is
//! degraded. Its image is given with its digest, where ECS knows it by then.

use chrono::{DateTime, Utc};
use domain::data::{Body, Common, Workload};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::envelope::{Event, name_in};
use crate::drafts::{MESSAGE, NAME, draft, plain, text};
use crate::integration::Unreadable;
use crate::json::{self, Text};

/// More containers than ECS lets a task have are cut.
const MOST_CONTAINERS: usize = 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Task<'a> {
    #[serde(borrow)]
    task_arn: Text<'a>,
    #[serde(borrow)]
    cluster_arn: Option<Text<'a>>,
    #[serde(borrow)]
    task_definition_arn: Option<Text<'a>>,
    #[serde(borrow)]
    group: Option<Text<'a>>,
    #[serde(borrow)]
    last_status: Text<'a>,
    #[serde(borrow)]
    stop_code: Option<Text<'a>>,
    #[serde(borrow)]
    stopped_reason: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    containers: Vec<Container<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    started_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    stopped_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_at: Option<DateTime<Utc>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Container<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    image: Option<Text<'a>>,
    #[serde(borrow)]
    image_digest: Option<Text<'a>>,
    exit_code: Option<i64>,
    #[serde(borrow)]
    reason: Option<Text<'a>>,
}

impl Container<'_> {
    /// With its digest, where both are known.
    fn image(&self) -> Option<String> {
        let image = text(self.image.as_ref(), NAME)?;
        Some(match text(self.image_digest.as_ref(), NAME) {
            Some(digest) if !image.contains('@') => format!("{image}@{digest}"),
            _ => image,
        })
    }
}

impl Task<'_> {
    fn kind(&self) -> &'static str {
        match &*self.last_status {
            "PROVISIONING" => "workload.created",
            "STOPPED" if self.broke() => "workload.degraded",
            "STOPPED" | "DELETED" => "workload.deleted",
            _ => "workload.updated",
        }
    }

    /// It could not start, or a container that the task needs ended with an error.
    fn broke(&self) -> bool {
        match self.stop_code.as_deref() {
            Some("TaskFailedToStart") => true,
            Some("EssentialContainerExited") => {
                self.containers.iter().any(|container| container.exit_code.is_none_or(|code| code != 0))
            }
            _ => false,
        }
    }

    fn at(&self) -> Option<DateTime<Utc>> {
        let own = match &*self.last_status {
            "PROVISIONING" => self.created_at,
            "RUNNING" => self.started_at,
            "STOPPED" => self.stopped_at,
            _ => None,
        };
        own.or(self.updated_at)
    }
}

pub(super) fn drafts(
    source: &'static str,
    event: Event<'_, Task<'_>>,
    rules: &Rules,
) -> Result<Vec<Draft>, Unreadable> {
    let task = &event.detail;
    let cluster = task.cluster_arn.as_deref().and_then(|arn| name_in(arn, "cluster"));
    let environment = plain(cluster, NAME);
    let at = task.at().or(event.time);
    let common = Common {
        service: task.group.as_deref().and_then(|group| plain(group.strip_prefix("service:"), NAME)),
        environment_tier: environment.as_deref().map(|name| rules.tier(name, None)),
        environment: environment.clone(),
        revision: task.updated_at.or(event.time).or(at),
        ..Common::default()
    };
    let none = [Container::default()];
    let containers = if task.containers.is_empty() { &none[..] } else { &task.containers };
    let name = name_in(&task.task_arn, "task").unwrap_or(&task.task_arn);
    let drafts = containers.iter().take(MOST_CONTAINERS).map(|container| {
        let fact = Workload {
            kind: Some("task".to_owned()),
            namespace: environment.clone(),
            name: text(container.name.as_ref(), NAME).or_else(|| common.service.clone()),
            image: container.image(),
            reason: text(task.stop_code.as_ref(), NAME).or_else(|| text(Some(&task.last_status), NAME)),
            message: text(container.reason.as_ref(), MESSAGE).or_else(|| text(task.stopped_reason.as_ref(), MESSAGE)),
            config_revision: plain(
                task.task_definition_arn.as_deref().and_then(|arn| name_in(arn, "task-definition")),
                NAME,
            ),
        };
        let parts = [plain(Some(name), NAME), text(container.name.as_ref(), NAME)];
        let subject = parts.into_iter().flatten().collect::<Vec<_>>().join("/");
        let subject = format!("{source}:{subject}");
        draft(task.kind(), &event.scope(), subject, at, common.clone(), Body::Workload(fact))
    });
    Ok(drafts.collect())
}
