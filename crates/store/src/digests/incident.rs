//! Of one incident and those merged into it: how it stands, what happened one after the other, what was shipped before it,
//! and what is left to be done.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{Nullable, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use domain::data::Tier;
use domain::digests::{About, Kind, Material, Number};
use domain::dora::facts::Outside;
use domain::event::OURSELVES;
use domain::ids::TenantId;
use domain::reports::units::{Draft, grouped};
use domain::reports::{Of, Severity, lasted, several};
use serde_json::Value;

use super::numbers::{count, reckoned};
use super::release::{incident, linked_incident, remedies};
use super::{Wanted, named, proofs, span};
use crate::incidents::before::{ChangeRow, changes};
use crate::incidents::timeline::{Moment, moments};
use crate::incidents::{self, IncidentRow};
use crate::metrics::Slice;
use crate::metrics::rows::deployments::{DeploymentRow, Listed, ended};
use crate::{StoreError, statement};

/// Moments that are read, and told.
const MOST_MOMENTS: i64 = 200;
/// Deployments before it, the latest.
const MOST_DEPLOYMENTS: i64 = 20;
/// Changes of those.
const MOST_CHANGES: i64 = 60;
/// What was shipped so long before it may have led to it.
const BEFORE: TimeDelta = TimeDelta::hours(24);
/// Words of notes that leave something to be done.
const TO_DO: [&str; 5] = ["follow-up", "follow up", "action item", "todo", "to do:"];

pub(super) fn material(
    conn: &mut PgConnection,
    tenant: &TenantId,
    word: &str,
    wanted: &Wanted,
    now: DateTime<Utc>,
) -> Result<Option<Material>, StoreError> {
    let Some(name) = named::incident(conn, tenant, word)? else { return Ok(None) };
    let Some(row) = incidents::one(conn, tenant, &name)? else { return Ok(None) };
    let (from, to) = span(wanted, Some(row.began_at), now);
    if row.began_at >= to {
        return Ok(None);
    }
    let group = row.service.clone().unwrap_or_else(|| name.to_string());
    let mut all = moments(conn, tenant, &name, None, MOST_MOMENTS)?;
    all.retain(|moment| moment.at < to);
    let (shipped, of_them) = before(conn, tenant, &row)?;
    let mut drafts = vec![linked_incident(row.clone(), &group, to)];
    drafts.extend(all.iter().filter_map(|moment| told(moment, &name)));
    drafts.extend(causes(&shipped, &of_them, &row));
    drafts.extend(follow_ups(conn, tenant, wanted.kind, (&row, &all, to))?);
    proofs::put(conn, tenant, &mut drafts, to)?;
    let drafts = drafts.into_iter().map(|draft| draft.of_service(&group)).collect();
    let groups = grouped(drafts, &HashMap::new());
    let numbers = numbers(&row, (shipped.len(), of_them.len()), to);
    Ok(Some(Material { kind: wanted.kind, subject: Some(name.to_string()), from, to, groups, numbers }))
}

fn numbers(row: &IncidentRow, (deployments, changes): (usize, usize), to: DateTime<Utc>) -> Vec<Number> {
    let day = to.date_naive();
    let seconds = |name: &str, at: DateTime<Utc>| {
        reckoned(name, (at - row.began_at).max(TimeDelta::zero()).as_seconds_f64(), "seconds", day)
    };
    let mut numbers = match row.resolved_at.filter(|at| *at < to) {
        Some(at) => vec![seconds("time_to_resolve", at)],
        None => vec![seconds("open_for", to)],
    };
    numbers.extend(row.acked_at.filter(|at| *at < to).map(|at| seconds("time_to_acknowledge", at)));
    numbers.push(count("deployments_before", deployments, day));
    numbers.push(count("changes_before", changes, day));
    numbers
}

fn itself(row: &IncidentRow) -> Vec<Of> {
    vec![Of::Incident { integration: row.integration.clone(), id: row.incident_id.clone() }]
}

/// One moment of the timeline, where an event proves it.
fn told(moment: &Moment, main: &Outside) -> Option<Draft> {
    let event = moment.event_id?;
    let data = moment.data.as_ref();
    let text = |from: Option<&Value>, name: &str| from?.get(name)?.as_str().map(str::to_owned);
    let ours = data.and_then(|data| data.get(OURSELVES));
    let who = text(ours, "author").or_else(|| moment.actor.clone());
    let by = who.as_ref().map(|who| format!(" by {who}")).unwrap_or_default();
    let note = text(ours, "note");
    let severity = text(data, "severity");
    let what = match (moment.kind.strip_prefix("incident.").unwrap_or(&moment.kind), &note) {
        (_, Some(note)) => format!("{} noted: {note}", who.as_deref().unwrap_or("Somebody")),
        ("severity_changed" | "updated", _) if severity.is_some() => {
            format!("Updated{by}: severity {}", severity.as_deref().unwrap_or_default())
        }
        (word, None) => {
            let mut words = word.replace(['_', '.'], " ");
            if let Some(first) = words.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            format!("{words}{by}")
        }
    };
    let is_main = moment.incident == main.to_string();
    let other = if is_main { String::new() } else { format!("{}: ", moment.incident) };
    let about = if note.as_deref().is_some_and(is_to_do) { About::FollowUp } else { About::Timeline };
    let of = Of::Incident { integration: main.integration.clone(), id: main.id.clone() };
    let draft = Draft::new(about, vec![of], &format!("{other}{what}"), Severity::Info, moment.at);
    let draft = draft.proved(vec![event]).with("note", note.as_ref()).with("title", text(data, "title").as_ref());
    let draft = draft.with("author", who.as_ref()).with("rated", severity.as_ref());
    Some(draft.with("incident", (!is_main).then_some(&moment.incident)))
}

fn is_to_do(note: &str) -> bool {
    let note = note.to_lowercase();
    TO_DO.iter().any(|word| note.contains(word))
}

/// The deployments of the hours before it, of its service where that is known, and what they shipped.
fn before(
    conn: &mut PgConnection,
    tenant: &TenantId,
    row: &IncidentRow,
) -> Result<(Vec<DeploymentRow>, Vec<ChangeRow>), StoreError> {
    let slice = Slice {
        from: row.began_at - BEFORE,
        to: row.began_at,
        tiers: vec![row.tier.clone().unwrap_or_else(|| Tier::Production.as_str().to_owned())],
        services: row.service.clone().into_iter().collect(),
        teams: Vec::new(),
        repos: Vec::new(),
        environment: None,
    };
    let shipped = ended(conn, tenant, &slice, &Listed::default(), None, MOST_DEPLOYMENTS)?;
    let names: Vec<Outside> = shipped.iter().map(|one| Outside::new(&one.integration, &one.deployment_id)).collect();
    let of_them = changes(conn, tenant, &names, MOST_CHANGES)?;
    Ok((shipped, of_them))
}

fn causes(shipped: &[DeploymentRow], changes: &[ChangeRow], row: &IncidentRow) -> Vec<Draft> {
    let earlier = |at: DateTime<Utc>| format!("{} before it began", lasted(at, row.began_at));
    let deployed = |one: &DeploymentRow| {
        let name = format!("{}:{}", one.integration, one.deployment_id);
        let is_linked = row.deployments.contains(&name);
        let count = several(usize::try_from(one.changes).unwrap_or(0), "change");
        let linked = if is_linked { "; the incident is put to it" } else { "" };
        let (service, environment, outcome) = (&one.service, &one.environment, &one.outcome);
        let text = format!("{service} to {environment} ({name}, {outcome}) with {count}, {}{linked}", earlier(one.at));
        let severity = if is_linked { Severity::Warning } else { Severity::Info };
        let of = Of::Deployment { integration: one.integration.clone(), id: one.deployment_id.clone() };
        let draft = Draft::new(About::Cause, vec![of], &text, severity, one.at).at_url(one.url.clone());
        draft.placed(service, environment).naming("deployment", &name)
    };
    let at: HashMap<(&str, &str), DateTime<Utc>> =
        shipped.iter().map(|one| ((one.integration.as_str(), one.deployment_id.as_str()), one.at)).collect();
    let changed = |one: &ChangeRow| {
        let at = *at.get(&(one.integration.as_str(), one.deployment_id.as_str()))?;
        let by = one.author.as_ref().map(|author| format!(" (by {author})")).unwrap_or_default();
        let title = one.title.as_deref().unwrap_or("without a title");
        let text = format!("{title}{by}: shipped {}", earlier(at));
        let of = Of::Change { repo: one.repo.clone(), number: one.number.clone() };
        let draft = Draft::new(About::Cause, vec![of], &text, Severity::Info, at).at_url(one.url.clone());
        Some(draft.with("title", one.title.as_ref()).with("author", one.author.as_ref()))
    };
    shipped.iter().map(deployed).chain(changes.iter().filter_map(changed)).collect()
}

statement! {
    /// Whether a deployment is broken still at a time.
    struct Broken<'a> {
        tenant: Text = &'a str,
        integration: Text = &'a str,
        id: Text = &'a str,
    }
    returns (Timestamptz, Nullable<Timestamptz>);
    "select failed_at, recovered_at from dora_failures where tenant_id = ? and integration = ? and deployment_id = ?"
}

/// What mended what the incident is put to, and what is left to be done.
fn follow_ups(
    conn: &mut PgConnection,
    tenant: &TenantId,
    kind: Kind,
    (row, all, to): (&IncidentRow, &[Moment], DateTime<Utc>),
) -> Result<Vec<Draft>, StoreError> {
    let mut drafts = Vec::new();
    let begun = incident(row.clone(), to);
    if begun.resolved_at.is_none() {
        let text = format!("It is not resolved: open for {}", lasted(row.began_at, to));
        drafts.push(Draft::new(About::FollowUp, itself(row), &text, Severity::Critical, row.began_at));
    }
    for name in &row.deployments {
        let Some((integration, id)) = name.split_once(':') else { continue };
        drafts.extend(remedies(conn, tenant, &Outside::new(integration, id), to)?);
        let broken: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)> =
            Broken { tenant: tenant.as_str(), integration, id }.load(conn)?;
        let open = broken.into_iter().filter(|(_, recovered)| recovered.is_none_or(|at| at >= to));
        drafts.extend(open.map(|(failed_at, _)| {
            let text = format!("{name} is not put right: broken for {}", lasted(failed_at, to));
            let of = Of::Deployment { integration: integration.to_owned(), id: id.to_owned() };
            Draft::new(About::FollowUp, vec![of], &text, Severity::Critical, failed_at).naming("deployment", name)
        }));
    }
    if kind == Kind::Postmortem && row.deployments.is_empty() {
        let noted = all.iter().any(|moment| moment.kind == "link.removed" || moment.kind == "link.set");
        let text = if noted {
            "People said that no deployment caused it: say what did"
        } else {
            "No deployment is known to have caused it: say what did"
        };
        drafts.push(Draft::new(About::FollowUp, itself(row), text, Severity::Info, row.began_at));
    }
    Ok(drafts)
}
