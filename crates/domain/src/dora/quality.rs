//! Coverage and quality gates, as they were reported: a row for each report, never merged.

use chrono::{DateTime, Utc};

use super::{Entities, micros};
use crate::data::{Common, Coverage, QualityGate};
use crate::event::Event;
use crate::ids::EventId;

/// One report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub tenant: String,
    pub event: EventId,
    pub at: DateTime<Utc>,
    pub integration: String,
    /// The project as the source calls it, else the repository, the service, or what the event is about.
    pub project: String,
    /// Of a coverage report.
    pub coverage_pct: Option<f64>,
    /// Of a quality gate.
    pub passed: Option<bool>,
}

impl Entities {
    pub(super) fn add_coverage(&mut self, event: &Event, common: Common, said: &Coverage) {
        let report = Report { coverage_pct: said.coverage_pct, ..report(event, common, None) };
        self.quality.insert(event.id, report);
    }

    pub(super) fn add_quality_gate(&mut self, event: &Event, common: Common, said: QualityGate) {
        let passed = match event.kind.verb() {
            "passed" => Some(true),
            "failed" => Some(false),
            _ => None,
        };
        self.quality.insert(event.id, Report { passed, ..report(event, common, said.project) });
    }
}

fn report(event: &Event, common: Common, project: Option<String>) -> Report {
    let project = project.or(common.repo).or(common.service).unwrap_or_else(|| event.subject.clone());
    Report {
        tenant: event.tenant.to_string(),
        event: event.id,
        at: micros(event.time),
        integration: event.integration.clone(),
        project,
        coverage_pct: None,
        passed: None,
    }
}
