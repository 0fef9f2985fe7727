//! Of one change: what happened to it one after the other, how large it is, and its checks. Where it went and what came of it
//! is `outcome`'s.

mod outcome;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::digests::{About, Material, Number};
use domain::ids::TenantId;
use domain::reports::units::{Draft, grouped};
use domain::reports::{Of, Severity, lasted, several};
use uuid::Uuid;

use super::numbers::{count, reckoned};
use super::{Wanted, named, proofs, span};
use crate::{StoreError, statement};

/// Moments and checks that are told.
const MOST_MOMENTS: i64 = 60;
const MOST_CHECKS: i64 = 20;
/// Checks of a change that waits longer were told before.
const CHECKS: TimeDelta = TimeDelta::days(14);

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Nullable<Text>)]
    title: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    author: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    head_sha: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    landed_sha: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    opened_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    first_review_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    merged_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    closed_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<BigInt>)]
    additions: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    deletions: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    files_changed: Option<i64>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    ticket_keys: Option<Vec<String>>,
    #[diesel(sql_type = Bool)]
    draft: bool,
    #[diesel(sql_type = Nullable<Text>)]
    url: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    subject: Option<String>,
}

pub(super) fn material(
    conn: &mut PgConnection,
    tenant: &TenantId,
    word: &str,
    wanted: &Wanted,
    now: DateTime<Utc>,
) -> Result<Option<Material>, StoreError> {
    let Some((repo, number)) = named::change(conn, tenant, word)? else { return Ok(None) };
    let text = "select title, author, head_sha, landed_sha, opened_at, first_review_at, merged_at, closed_at, additions, deletions,
         files_changed, ticket_keys, coalesce(draft, false) as draft, url, subject
       from changes where tenant_id = $1 and repo = $2 and number = $3";
    let query = sql_query(text).bind::<Text, _>(tenant.as_str()).bind::<Text, _>(&repo).bind::<Text, _>(&number);
    let Some(row): Option<Row> = query.get_result(conn).optional()? else { return Ok(None) };
    let (from, to) = span(wanted, row.opened_at, now);
    if row.opened_at.is_some_and(|at| at >= to) {
        return Ok(None);
    }
    let of = Of::Change { repo: repo.clone(), number: number.clone() };
    let group = of.to_string();
    let mut drafts = vec![state(&row, &of, to), size(&row, &of, to)];
    drafts.extend(moments(conn, tenant, &row, &of, to)?);
    drafts.extend(checks(conn, tenant, (&row, &repo), &of, to)?);
    let deployed = outcome::deployments(conn, tenant, (&repo, &number), to)?;
    let incidents = outcome::incidents(conn, tenant, row.landed_sha.as_deref(), (&deployed, to))?;
    let mut numbers = numbers(&row, to);
    numbers.push(count("deployments", deployed.len(), to.date_naive()));
    numbers.push(count("incidents", incidents.len(), to.date_naive()));
    drafts.extend(deployed.iter().map(outcome::shipped));
    drafts.extend(incidents);
    proofs::put(conn, tenant, &mut drafts, to)?;
    let groups = grouped(drafts.into_iter().map(|draft| draft.of_service(&group)).collect(), &HashMap::new());
    Ok(Some(Material { kind: wanted.kind, subject: Some(group), from, to, groups, numbers }))
}

fn numbers(row: &Row, to: DateTime<Utc>) -> Vec<Number> {
    let day = to.date_naive();
    let sizes = [("additions", row.additions), ("deletions", row.deletions), ("files_changed", row.files_changed)];
    let size = |(name, value): (&str, Option<i64>)| Some(count(name, usize::try_from(value?).ok()?, day));
    let mut numbers: Vec<Number> = sizes.into_iter().filter_map(size).collect();
    let since = |name: &str, at: Option<DateTime<Utc>>| {
        let lasted = at.filter(|at| *at < to)? - row.opened_at?;
        Some(reckoned(name, lasted.max(TimeDelta::zero()).as_seconds_f64(), "seconds", day))
    };
    numbers.extend(since("time_to_first_review", row.first_review_at));
    numbers.extend(since("time_to_merge", row.merged_at));
    numbers
}

/// How it stands.
fn state(row: &Row, of: &Of, to: DateTime<Utc>) -> Draft {
    let before = |at: Option<DateTime<Utc>>| at.filter(|at| *at < to);
    let title = row.title.as_deref().unwrap_or("without a title");
    let by = row.author.as_ref().map(|author| format!(" (by {author})")).unwrap_or_default();
    let opened = row.opened_at.unwrap_or(to);
    let (how, about, at) = match (before(row.merged_at), before(row.closed_at), before(row.first_review_at)) {
        (Some(at), ..) => (format!("merged after {}", lasted(opened, at)), About::Shipped, at),
        (None, Some(at), _) => (format!("closed without a merge after {}", lasted(opened, at)), About::Review, at),
        (None, None, _) if row.draft => (format!("a draft for {}", lasted(opened, to)), About::Review, opened),
        (None, None, Some(at)) => (format!("open for {}, reviewed", lasted(opened, to)), About::Review, at),
        (None, None, None) => (format!("open for {} without a review", lasted(opened, to)), About::Review, opened),
    };
    let draft = Draft::new(about, vec![of.clone()], &format!("{title}{by}: {how}"), Severity::Info, at);
    draft.at_url(row.url.clone()).with("title", row.title.as_ref()).with("author", row.author.as_ref())
}

/// How large it is, and which tickets it names.
fn size(row: &Row, of: &Of, to: DateTime<Utc>) -> Draft {
    let lines = |count: Option<i64>| usize::try_from(count.unwrap_or(0)).unwrap_or(0);
    let mut parts = Vec::new();
    parts.extend(row.files_changed.map(|files| several(lines(Some(files)), "file")));
    if row.additions.is_some() || row.deletions.is_some() {
        parts.push(format!("{} added and {} removed", several(lines(row.additions), "line"), lines(row.deletions)));
    }
    let tickets = row.ticket_keys.clone().unwrap_or_default();
    parts.push(if tickets.is_empty() { "names no ticket".to_owned() } else { format!("names {}", tickets.join(", ")) });
    let at = row.opened_at.unwrap_or(to);
    let text = format!("The change: {}", parts.join(", "));
    let draft = Draft::new(About::Review, vec![of.clone()], &text, Severity::Info, at).at_url(row.url.clone());
    draft.with("tickets", (!tickets.is_empty()).then(|| tickets.join(", ")).as_ref())
}

statement! {
    /// What events tell of a subject, the oldest first.
    struct Told<'a> {
        tenant: Text = &'a str,
        subject: Text = &'a str,
        to: Timestamptz = DateTime<Utc>,
        limit: BigInt = i64,
    }
    returns (SqlUuid, Text, Timestamptz, Nullable<Text>);
    "select id, type, time, actor from events
     where tenant_id = ? and subject = ? and time < ?
       and type in ('change.opened', 'change.ready', 'change.reviewed', 'change.approved',
                    'change.merged', 'change.closed', 'change.reopened')
     order by time, id limit ?"
}

fn moments(
    conn: &mut PgConnection,
    tenant: &TenantId,
    row: &Row,
    of: &Of,
    to: DateTime<Utc>,
) -> Result<Vec<Draft>, StoreError> {
    let Some(subject) = row.subject.as_deref() else { return Ok(Vec::new()) };
    let asked = Told { tenant: tenant.as_str(), subject, to, limit: MOST_MOMENTS };
    let rows: Vec<(Uuid, String, DateTime<Utc>, Option<String>)> = asked.load(conn)?;
    let moment = |(event, kind, at, actor): (Uuid, String, DateTime<Utc>, Option<String>)| {
        let word = kind.strip_prefix("change.").unwrap_or(&kind).replace('_', " ");
        let by = actor.as_ref().map(|actor| format!(" by {actor}")).unwrap_or_default();
        let text = format!("{of} was {word}{by}");
        let draft = Draft::new(About::Timeline, vec![of.clone()], &text, Severity::Info, at).proved(vec![event]);
        draft.naming("change", &of.to_string()).with("author", actor.as_ref())
    };
    Ok(rows.into_iter().map(moment).collect())
}

statement! {
    /// How the last run of each check of a commit ended.
    struct Checks<'a> {
        tenant: Text = &'a str,
        from: Timestamptz = DateTime<Utc>,
        to: Timestamptz = DateTime<Utc>,
        repo: Text = &'a str,
        sha: Text = &'a str,
        limit: BigInt = i64,
    }
    returns (SqlUuid, Text, Text, Timestamptz, Nullable<Text>);
    "select * from (
       select distinct on (data ->> 'name') id, data ->> 'name' as name, data ->> 'outcome' as outcome, time, data ->> 'url' as url
       from events
       where tenant_id = ? and time >= ? and time < ? and type = 'build.finished' and repo = ? and data ->> 'head_sha' = ?
         and data ->> 'name' is not null and data ->> 'outcome' is not null
       order by data ->> 'name', time desc, id desc) c
     order by outcome = 'success', name limit ?"
}

type Check = (Uuid, String, String, DateTime<Utc>, Option<String>);

fn checks(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (row, repo): (&Row, &str),
    of: &Of,
    to: DateTime<Utc>,
) -> Result<Vec<Draft>, StoreError> {
    let Some(sha) = row.head_sha.as_deref() else { return Ok(Vec::new()) };
    let last = row.merged_at.unwrap_or(to).min(to);
    let from = row.opened_at.unwrap_or(last).max(last - CHECKS);
    let asked = Checks { tenant: tenant.as_str(), from, to, repo, sha, limit: MOST_CHECKS };
    let rows: Vec<Check> = asked.load(conn)?;
    let check = |(event, name, outcome, at, url): Check| {
        let is_well = matches!(outcome.as_str(), "success" | "skipped" | "neutral");
        let severity = if is_well { Severity::Info } else { Severity::Warning };
        let about = if is_well { About::Review } else { About::Risk };
        let text = format!("Check {name} ended with {outcome}");
        let draft = Draft::new(about, vec![of.clone()], &text, severity, at).proved(vec![event]).at_url(url);
        draft.naming("check", &name)
    };
    Ok(rows.into_iter().map(check).collect())
}
