//! Components of the page whose status changed.

use chrono::{DateTime, Utc};
use domain::data::{Body, Common, Workload};
use domain::event::Draft;
use domain::time;
use serde::Deserialize;

use super::Component;
use crate::drafts::{NAME, draft, text};
use crate::json::{Id, Text};

#[derive(Deserialize)]
pub(super) struct ComponentUpdate<'a> {
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(borrow)]
    new_status: Option<Text<'a>>,
    component_id: Id,
}

impl ComponentUpdate<'_> {
    pub(super) fn draft(&self, component: Option<&Component<'_>>, page: &str) -> Draft {
        let kind = match self.new_status.as_deref() {
            Some("operational") => "workload.recovered",
            Some("degraded_performance" | "partial_outage" | "major_outage") => "workload.degraded",
            _ => "workload.updated",
        };
        let name = component.and_then(|component| text(component.name.as_ref(), NAME));
        let fact = Workload {
            kind: Some("component".to_owned()),
            namespace: Some(page.to_owned()).filter(|page| !page.is_empty()),
            name: name.clone(),
            reason: text(self.new_status.as_ref(), NAME),
            ..Workload::default()
        };
        let common = Common { service: name, revision: self.created_at, ..Common::default() };
        let subject = format!("statuspage:{}", self.component_id.0);
        draft(kind, page, subject, self.created_at, common, Body::Workload(fact))
    }
}
