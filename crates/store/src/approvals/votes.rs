//! Votes as they were given, read back with what is known of the voters today.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{ExpressionMethods, PgConnection, QueryDsl, RunQueryDsl};
use domain::approvals::{Choice, Via, Vote};
use domain::ids::{ApprovalId, TenantId};
use serde_json::Value;
use uuid::Uuid;

use crate::schema::approval_votes;
use crate::{StoreError, identities, json};

pub(super) fn add(conn: &mut PgConnection, tenant: &TenantId, id: ApprovalId, vote: &Vote) -> Result<(), StoreError> {
    let row = (
        approval_votes::tenant_id.eq(tenant.as_str()),
        approval_votes::approval_id.eq(id.0),
        approval_votes::person.eq(&vote.person.id),
        approval_votes::vote.eq(vote.choice.as_str()),
        approval_votes::via.eq(vote.via.as_str()),
        approval_votes::content_hash.eq(&vote.content_hash),
        approval_votes::at.eq(vote.at),
        approval_votes::reason.eq(&vote.reason),
        approval_votes::voter.eq(json(&vote.person)?),
    );
    diesel::insert_into(approval_votes::table).values(row).execute(conn)?;
    Ok(())
}

type Row = (Uuid, String, String, String, DateTime<Utc>, Option<String>, Value);

/// The votes of some approvals, in the order in which they came.
pub(super) fn of(
    conn: &mut PgConnection,
    tenant: &TenantId,
    approvals: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Vote>>, StoreError> {
    let columns = (
        approval_votes::approval_id,
        approval_votes::vote,
        approval_votes::via,
        approval_votes::content_hash,
        approval_votes::at,
        approval_votes::reason,
        approval_votes::voter,
    );
    let of_tenant = approval_votes::table.filter(approval_votes::tenant_id.eq(tenant.as_str()));
    let asked = of_tenant.filter(approval_votes::approval_id.eq_any(approvals));
    let rows: Vec<Row> = asked.order(approval_votes::id).select(columns).load(conn)?;
    let (ids, mut votes) = read(rows)?;
    freshen(conn, tenant, &mut votes)?;
    let mut told: HashMap<Uuid, Vec<Vote>> = HashMap::new();
    for (id, vote) in ids.into_iter().zip(votes) {
        told.entry(id).or_default().push(vote);
    }
    Ok(told)
}

fn read(rows: Vec<Row>) -> Result<(Vec<Uuid>, Vec<Vote>), StoreError> {
    let vote = |(id, choice, via, content_hash, at, reason, voter): Row| {
        let corrupt = |what: &str| StoreError::Corrupt(format!("a vote on approval {id} has no readable {what}"));
        let vote = Vote {
            person: serde_json::from_value(voter).map_err(|_| corrupt("voter"))?,
            choice: Choice::parse(&choice).ok_or_else(|| corrupt("choice"))?,
            via: Via::parse(&via).ok_or_else(|| corrupt("way"))?,
            content_hash,
            at,
            reason,
        };
        Ok((id, vote))
    };
    rows.into_iter().map(vote).collect()
}

/// Adds the names that voters were given since: two identities that turn out to be one person count once.
fn freshen(conn: &mut PgConnection, tenant: &TenantId, votes: &mut [Vote]) -> Result<(), StoreError> {
    if votes.is_empty() {
        return Ok(());
    }
    let names = |vote: &Vote| vote.person.identities.clone();
    let names: Vec<String> = votes.iter().flat_map(names).collect();
    let pairs: Vec<(&str, &str)> = names.iter().filter_map(|name| name.split_once(':')).collect();
    let people = identities::people_of(conn, tenant, &pairs)?;
    for vote in votes {
        let known = people.iter().find(|person| person.identities.iter().any(|name| vote.person.is(name)));
        let Some(known) = known else { continue };
        for name in known.identities.iter().chain([&known.id]) {
            if !vote.person.is(name) {
                vote.person.identities.push(name.clone());
            }
        }
    }
    Ok(())
}
