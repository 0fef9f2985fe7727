//! What happened in the last hours, and what is stuck.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::{Facts, Item, Section, Severity, items, several};

/// A change that nobody reviews for so long is told, as the rule `pr_without_review` has it.
const UNREVIEWED: TimeDelta = TimeDelta::hours(12);
/// What is counted apart, as EM Agent did.
const DAY: TimeDelta = TimeDelta::hours(24);

/// The report. The first members are EM Agent's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standup {
    /// Open changes that nobody has moved for `older_than_hours`.
    pub stale_pr_count: usize,
    /// The longest first, at most five.
    pub stale_pr_top: Vec<Item>,
    /// Open changes; drafts and those of bots are left out.
    pub wip_open_prs: usize,
    pub pr_without_review_count: usize,
    /// Successful deployments to production.
    pub deployments_last_24h: usize,
    pub older_than_hours: i64,
    #[serde(serialize_with = "super::time")]
    pub from: DateTime<Utc>,
    #[serde(serialize_with = "super::time")]
    pub to: DateTime<Utc>,
    /// One line.
    pub headline: String,
    pub sections: Vec<Section>,
}

/// Makes the report. `facts` reach back a day at least, and as far as `from`.
pub fn standup(facts: &Facts, from: DateTime<Utc>, older_than: TimeDelta) -> Standup {
    let last_day = facts.deployments.iter().filter(|one| one.is_success() && one.at >= facts.now - DAY).count();
    let asked = Facts {
        from,
        deployments: facts.deployments.iter().filter(|one| one.at >= from).cloned().collect(),
        merged: facts.merged.iter().filter(|one| one.merged_at >= from).cloned().collect(),
        incidents: facts.incidents.iter().filter(|one| one.resolved_at.is_none_or(|at| at >= from)).cloned().collect(),
        ..facts.clone()
    };
    let (stale, unreviewed) = (items::stale(&asked, older_than), items::unreviewed(&asked, UNREVIEWED));
    Standup {
        stale_pr_count: stale.len(),
        stale_pr_top: stale.iter().take(super::SHOWN).cloned().collect(),
        wip_open_prs: asked.in_progress().count(),
        pr_without_review_count: unreviewed.len(),
        deployments_last_24h: last_day,
        older_than_hours: older_than.num_hours(),
        from,
        to: asked.now,
        headline: headline(&asked, stale.len()),
        sections: sections(&asked, stale, unreviewed),
    }
}

fn headline(facts: &Facts, stale: usize) -> String {
    let open = facts.incidents.iter().filter(|one| one.resolved_at.is_none()).count();
    let mut parts = vec![
        several(facts.deployments.len(), "deployment"),
        format!("{} merged", several(facts.merged.len(), "change")),
    ];
    parts.extend(
        (!facts.failures.is_empty()).then(|| format!("{} not put right", several(facts.failures.len(), "failure"))),
    );
    parts.extend((open > 0).then(|| format!("{} open", several(open, "incident"))));
    parts.extend((stale > 0).then(|| format!("{stale} stale")));
    parts.join(", ")
}

/// What needs people comes first. Sections without items are left out.
fn sections(facts: &Facts, stale: Vec<Item>, unreviewed: Vec<Item>) -> Vec<Section> {
    let mut incidents: Vec<Item> = facts.incidents.iter().map(|one| items::incident(one, facts.now)).collect();
    incidents.sort_by_key(|item| std::cmp::Reverse((item.severity, item.at)));
    let all = [
        Section::new("incidents", "Incidents", incidents),
        Section::new(
            "failed_deployments",
            "Failed and not put right",
            facts.failures.iter().map(|one| items::failure(one, facts.now)).collect(),
        ),
        Section::new(
            "approvals",
            "Waiting for approval",
            facts.approvals.iter().map(|one| items::approval(one, facts.now)).collect(),
        ),
        deployed(facts),
        Section::new("merged", "Merged", facts.merged.iter().map(items::merged).collect()),
        Section::new("stale", "Nobody moves them", stale),
        Section::new("unreviewed", "Waiting for a review", unreviewed),
    ];
    all.into_iter().filter(|section| section.count > 0).collect()
}

/// Counts deployments, and shows services.
fn deployed(facts: &Facts) -> Section {
    Section { count: facts.deployments.len(), ..Section::new("deployments", "Deployed", items::deployments(facts)) }
}

impl Standup {
    /// Whether anything asks for attention.
    pub fn worst(&self) -> Severity {
        let items = self.sections.iter().flat_map(|section| &section.items);
        items.map(|item| item.severity).max().unwrap_or(Severity::Info)
    }

    /// Everything that it says, to put the events behind it to.
    pub fn items_mut(&mut self) -> impl Iterator<Item = &mut Item> {
        self.stale_pr_top.iter_mut().chain(self.sections.iter_mut().flat_map(|section| &mut section.items))
    }
}
