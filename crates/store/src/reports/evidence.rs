//! The events behind what a report says.

use std::collections::HashMap;

use diesel::sql_types::{Array, Text};
use diesel::{PgConnection, RunQueryDsl};
use domain::ids::TenantId;
use domain::reports::{Item, Of};

use crate::metrics::rows::evidence;
use crate::{StoreError, statement};

/// Events that one item names at most, the latest.
const MOST: usize = 20;

statement! {
    /// What the events of these things are about, by their names place by place.
    struct Subjects<'a> {
        tenant: Text = &'a str,
        kinds: Array<Text> = Vec<&'a str>,
        ones: Array<Text> = Vec<&'a str>,
        others: Array<Text> = Vec<&'a str>,
    }
    returns (Text, Text, Text, Text);
    "select n.kind, n.one, n.other, coalesce(c.subject, d.subject, i.subject)
     from (select ?::text as tenant_id) t cross join unnest(?, ?, ?) n (kind, one, other)
     left join changes c on n.kind = 'change' and c.tenant_id = t.tenant_id and c.repo = n.one and c.number = n.other
     left join deployments d on n.kind = 'deployment' and d.tenant_id = t.tenant_id and d.integration = n.one
       and d.deployment_id = n.other
     left join incidents i on n.kind = 'incident' and i.tenant_id = t.tenant_id and i.integration = n.one
       and i.incident_id = n.other
     where coalesce(c.subject, d.subject, i.subject) is not null"
}

/// A thing as the statement names it. Approvals are no entities of events.
fn named(of: &Of) -> Option<(&'static str, &str, &str)> {
    match of {
        Of::Change { repo, number } => Some(("change", repo, number)),
        Of::Deployment { integration, id } => Some(("deployment", integration, id)),
        Of::Incident { integration, id } => Some(("incident", integration, id)),
        Of::Approval(_) => None,
    }
}

/// What the events of these items' things are about; of what is no entity of events, nothing.
pub(crate) fn subjects<'i>(
    conn: &mut PgConnection,
    tenant: &TenantId,
    items: impl Iterator<Item = &'i Item>,
) -> Result<HashMap<Of, String>, StoreError> {
    let all: Vec<&Of> = items.flat_map(|item| &item.of).collect();
    let mut asked = Subjects { tenant: tenant.as_str(), kinds: Vec::new(), ones: Vec::new(), others: Vec::new() };
    for (kind, one, other) in all.iter().filter_map(|of| named(of)) {
        asked.kinds.push(kind);
        asked.ones.push(one);
        asked.others.push(other);
    }
    let found: Vec<(String, String, String, String)> = asked.load(conn)?;
    let known: HashMap<(&str, &str, &str), &String> = found
        .iter()
        .map(|(kind, one, other, subject)| ((kind.as_str(), one.as_str(), other.as_str()), subject))
        .collect();
    let of = |of: &&Of| Some(((*of).clone(), (*known.get(&named(of)?)?).clone()));
    Ok(all.iter().filter_map(of).collect())
}

/// Puts to each item the events that it rests on, as far as they are known.
pub fn put_events<'i>(
    conn: &mut PgConnection,
    tenant: &TenantId,
    items: impl Iterator<Item = &'i mut Item>,
) -> Result<(), StoreError> {
    let items: Vec<&mut Item> = items.collect();
    let subjects = subjects(conn, tenant, items.iter().map(|item| &**item))?;
    let all: Vec<String> = subjects.values().cloned().collect();
    let known = evidence::of_subjects(conn, tenant, &all)?;
    for item in items {
        let of = item.of.iter().filter_map(|of| subjects.get(of));
        let mut events: Vec<_> =
            of.filter_map(|subject| known.get(subject)).flat_map(|one| one.events.clone()).collect();
        // Ids carry their time.
        events.sort_unstable();
        events.dedup();
        let over = events.len().saturating_sub(MOST);
        item.event_ids = events.split_off(over);
    }
    Ok(())
}
