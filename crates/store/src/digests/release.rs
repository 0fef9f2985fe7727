//! Of one deployment: what it ships, what was before it, and whether it broke something.

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Double, Nullable, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use domain::digests::{About, Material};
use domain::dora::facts::Outside;
use domain::ids::TenantId;
use domain::reports::units::{Draft, grouped, of_incident};
use domain::reports::{Incident, Of, Severity, lasted, several};

use super::numbers::{count, reckoned};
use super::{Wanted, named, proofs, span};
use crate::incidents::{self, IncidentRow};
use crate::metrics::rows::deployments::{DeploymentRow, one};
use crate::{StoreError, statement};

/// Changes that are told; a first deployment may ship a whole history.
const MOST_CHANGES: i64 = 200;
/// Incidents and remedies that are told.
const MOST_AFTER: i64 = 10;
/// Characters of a commit's SHA that people know it by.
const SHORT_SHA: usize = 7;

pub(super) fn material(
    conn: &mut PgConnection,
    tenant: &TenantId,
    word: &str,
    wanted: &Wanted,
    now: DateTime<Utc>,
) -> Result<Option<Material>, StoreError> {
    let Some(name) = named::deployment(conn, tenant, word)? else { return Ok(None) };
    let Some(row) = one(conn, tenant, &name)? else { return Ok(None) };
    let (from, to) = span(wanted, row.started_at.or(Some(row.at)), now);
    if row.at >= to {
        return Ok(None);
    }
    let changes = changes(conn, tenant, &name)?;
    let mut drafts = vec![itself(&row)];
    drafts.extend(changes.iter().map(|change| shipped(change, &row)));
    drafts.extend(row.predecessor.as_deref().and_then(|before| predecessor(before, &row)));
    let after = after(conn, tenant, &row, to)?;
    let broke = after.len();
    drafts.extend(after);
    proofs::put(conn, tenant, &mut drafts, to)?;
    // That a change is in it is proved by the deployment itself, where the change has no events of its own.
    let own = drafts.first().map(|draft| draft.item.event_ids.clone()).unwrap_or_default();
    for draft in drafts.iter_mut().filter(|draft| draft.about == About::Shipped && draft.item.event_ids.is_empty()) {
        draft.item.event_ids.clone_from(&own);
    }
    let day = to.date_naive();
    let mut numbers = vec![
        count("changes_shipped", usize::try_from(row.changes).unwrap_or(0), day),
        count("commits_shipped", commits(conn, tenant, &row)?, day),
        count("problems_since", broke, day),
    ];
    numbers.extend(median_lead(&changes).map(|seconds| reckoned("lead_time", seconds, "seconds", day)));
    let groups = grouped(drafts, &std::collections::HashMap::new());
    Ok(Some(Material { kind: wanted.kind, subject: Some(name.to_string()), from, to, groups, numbers }))
}

fn of(integration: &str, id: &str) -> Of {
    Of::Deployment { integration: integration.to_owned(), id: id.to_owned() }
}

fn itself(row: &DeploymentRow) -> Draft {
    let changes = several(usize::try_from(row.changes).unwrap_or(0), "change");
    let DeploymentRow { service, environment, outcome, .. } = row;
    let text = match (outcome.as_str(), row.kind.as_deref()) {
        ("success", Some("rollback")) => format!("{service} was rolled back in {environment}"),
        ("success", Some("hotfix")) => format!("{service} got a hotfix in {environment}: {changes}"),
        ("success", Some("redeploy")) => format!("{service} was deployed to {environment} again"),
        ("success", _) => format!("{service} was deployed to {environment}: {changes}"),
        (outcome, _) => format!("A deployment of {service} to {environment} ended with {outcome}: {changes}"),
    };
    let severity = if outcome == "success" { Severity::Info } else { Severity::Warning };
    let draft = Draft::new(About::Shipped, vec![of(&row.integration, &row.deployment_id)], &text, severity, row.at);
    let draft = draft.of_service(service).at_url(row.url.clone()).with("title", row.title.as_ref());
    draft.placed(service, environment)
}

fn predecessor(before: &str, row: &DeploymentRow) -> Option<Draft> {
    let (integration, id) = before.split_once(':')?;
    let text = format!("The deployment before it was {before}");
    let draft = Draft::new(About::Timeline, vec![of(integration, id)], &text, Severity::Info, row.at);
    Some(draft.of_service(&row.service).naming("before", before))
}

statement! {
    /// What a deployment shipped, the latest merged first.
    struct Shipped<'a> { tenant: Text = &'a str, integration: Text = &'a str, id: Text = &'a str, limit: BigInt = i64 }
    returns (Text, Text, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Timestamptz, Double);
    "select c.repo, c.number, c.kind, coalesce(e.title, m.message_head), coalesce(e.author, m.author), e.url,
       coalesce(c.merged_at, c.at), c.lead_s
     from dora_changes c
     left join changes e on e.tenant_id = c.tenant_id and e.repo = c.repo and e.number = c.number
     left join commits m on c.kind = 'direct' and m.tenant_id = c.tenant_id and m.repo = c.repo and m.sha = c.number
     where c.tenant_id = ? and c.integration = ? and c.deployment_id = ?
     order by coalesce(c.merged_at, c.at) desc, c.repo, c.number limit ?"
}

type Change = (String, String, String, Option<String>, Option<String>, Option<String>, DateTime<Utc>, f64);

fn changes(conn: &mut PgConnection, tenant: &TenantId, name: &Outside) -> Result<Vec<Change>, StoreError> {
    let (integration, id) = (name.integration.as_str(), name.id.as_str());
    Ok(Shipped { tenant: tenant.as_str(), integration, id, limit: MOST_CHANGES }.load(conn)?)
}

fn shipped((repo, number, kind, title, author, url, at, _): &Change, row: &DeploymentRow) -> Draft {
    let what = title.as_deref().unwrap_or("without a title");
    let by = author.as_ref().map(|author| format!(" (by {author})")).unwrap_or_default();
    let is_direct = kind == "direct";
    let text = if is_direct {
        let sha: String = number.chars().take(SHORT_SHA).collect();
        format!("Pushed without a review, {sha}: {what}{by}")
    } else {
        format!("{what}{by}")
    };
    let change = Of::Change { repo: repo.clone(), number: number.clone() };
    let draft = Draft::new(About::Shipped, vec![change], &text, Severity::Info, *at).of_service(&row.service);
    let draft = draft.at_url(url.clone()).with("title", title.as_ref()).with("author", author.as_ref());
    draft.with("commit", is_direct.then_some(number))
}

fn median_lead(changes: &[Change]) -> Option<f64> {
    let mut leads: Vec<f64> = changes.iter().map(|change| change.7).filter(|lead| *lead >= 0.0).collect();
    domain::metrics::percentile::percentile(&mut leads, 0.5)
}

statement! {
    struct Commits<'a> {
        tenant: Text = &'a str,
        service: Text = &'a str,
        at: Timestamptz = DateTime<Utc>,
        integration: Text = &'a str,
        id: Text = &'a str,
    }
    returns (BigInt,);
    "select count(*) from dora_commits where tenant_id = ? and service = ? and deployed_at = ? and integration = ?
       and deployment_id = ? and shipped and in_scope"
}

fn commits(conn: &mut PgConnection, tenant: &TenantId, row: &DeploymentRow) -> Result<usize, StoreError> {
    let DeploymentRow { service, at, integration, deployment_id: id, .. } = row;
    let (count,): (i64,) = Commits { tenant: tenant.as_str(), service, at: *at, integration, id }.get_result(conn)?;
    Ok(usize::try_from(count).unwrap_or(0))
}

statement! {
    /// When a failure that a deployment was had begun and ended.
    struct Failure<'a> { tenant: Text = &'a str, integration: Text = &'a str, id: Text = &'a str }
    returns (Timestamptz, Nullable<Timestamptz>);
    "select failed_at, recovered_at from dora_failures where tenant_id = ? and integration = ? and deployment_id = ?"
}

statement! {
    /// Incidents that are put to a deployment.
    struct Linked<'a> { tenant: Text = &'a str, integration: Text = &'a str, id: Text = &'a str, limit: BigInt = i64 }
    returns (Text, Text);
    "select integration, incident_id from dora_links
     where tenant_id = ? and deployment_integration = ? and deployment_id = ? order by 1, 2 limit ?"
}

statement! {
    /// What mended it.
    pub(super) struct Remedies<'a> { tenant: Text = &'a str, integration: Text = &'a str, id: Text = &'a str, limit: BigInt = i64 }
    returns (Text, Text, Text, Timestamptz);
    "select integration, deployment_id, min(method), at from dora_remediations
     where tenant_id = ? and culprit_integration = ? and culprit_id = ? group by 1, 2, 4 order by 4, 1, 2 limit ?"
}

/// What is known to have come of it before `to`.
fn after(
    conn: &mut PgConnection,
    tenant: &TenantId,
    row: &DeploymentRow,
    to: DateTime<Utc>,
) -> Result<Vec<Draft>, StoreError> {
    let (integration, id) = (row.integration.as_str(), row.deployment_id.as_str());
    let mut drafts = Vec::new();
    let failures: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)> =
        Failure { tenant: tenant.as_str(), integration, id }.load(conn)?;
    for (failed_at, recovered_at) in failures {
        let recovered = recovered_at.filter(|at| *at < to);
        let (how, severity) = match recovered {
            Some(at) => (format!("was put right after {}", lasted(failed_at, at)), Severity::Warning),
            None => (format!("nothing has put it right for {}", lasted(failed_at, to)), Severity::Critical),
        };
        let text = format!("It broke something in {}: {how}", row.environment);
        let draft = Draft::new(About::Risk, vec![of(integration, id)], &text, severity, failed_at);
        let draft = draft.of_service(&row.service).at_url(row.url.clone());
        drafts.push(draft.naming("environment_name", &row.environment));
    }
    let linked: Vec<(String, String)> =
        Linked { tenant: tenant.as_str(), integration, id, limit: MOST_AFTER }.load(conn)?;
    for (integration, id) in linked {
        let found = incidents::one(conn, tenant, &Outside { integration, id })?;
        drafts.extend(found.filter(|one| one.began_at < to).map(|one| linked_incident(one, &row.service, to)));
    }
    drafts.extend(
        remedies(conn, tenant, &Outside::new(integration, id), to)?.into_iter().map(|one| one.of_service(&row.service)),
    );
    Ok(drafts)
}

/// An incident that belongs to what is told.
pub(super) fn linked_incident(row: IncidentRow, service: &str, to: DateTime<Utc>) -> Draft {
    of_incident(&incident(row, to), to).of_service(service)
}

/// As it stood at `to`.
pub(super) fn incident(row: IncidentRow, to: DateTime<Utc>) -> Incident {
    let IncidentRow { integration, incident_id, title, service, severity, began_at, resolved_at, url, .. } = row;
    let resolved_at = resolved_at.filter(|at| *at < to);
    Incident { integration, incident_id, title, service, severity, began_at, resolved_at, url }
}

/// The deployments that mended this one.
pub(super) fn remedies(
    conn: &mut PgConnection,
    tenant: &TenantId,
    name: &Outside,
    to: DateTime<Utc>,
) -> Result<Vec<Draft>, StoreError> {
    let asked = Remedies { tenant: tenant.as_str(), integration: &name.integration, id: &name.id, limit: MOST_AFTER };
    let rows: Vec<(String, String, String, DateTime<Utc>)> = asked.load(conn)?;
    let remedy = |(integration, id, method, at): (String, String, String, DateTime<Utc>)| {
        let text = format!("{name} was mended by {integration}:{id} ({method})");
        let draft = Draft::new(About::Timeline, vec![of(&integration, &id)], &text, Severity::Info, at);
        draft.naming("broken", &name.to_string()).naming("mended_by", &format!("{integration}:{id}"))
    };
    Ok(rows.into_iter().filter(|row| row.3 < to).map(remedy).collect())
}
