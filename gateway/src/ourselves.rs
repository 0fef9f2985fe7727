//! What people say through us: deliveries and events of the integration `em-agent`, kept before they are answered, so that a
//! rebuild knows them as it knows what tools say.
//!
//! What is said is also added to the entities at once: whoever asks next sees it. The worker adds it again, which
//! changes nothing.

use actix_web::HttpResponse;
use chrono::{DateTime, SubsecRound, Utc};
use domain::data::{Actor, Common};
use domain::dora::Entities;
use domain::event::{Draft, Event, OURSELVES};
use domain::ids::{DeliveryId, TenantId};
use store::idempotency::{Answer, Keyed};
use store::intake::{Keep, Outcome, accept, pack};
use store::outbox::Committed;
use store::{Connection, StoreError, entities};

use crate::idempotent::{self, Undone};
use crate::problem::Problem;
use crate::state::State;

/// The delivery that holds what was said: proved as callers of the API are. `sent` is the request's body.
pub(crate) fn delivery(tenant: &TenantId, id: DeliveryId, kind: &'static str, sent: &[u8], drafts: Vec<Draft>) -> Keep {
    Keep {
        tenant: tenant.clone(),
        id,
        source: OURSELVES.to_owned(),
        kind: kind.to_owned(),
        key: id.to_string(),
        headers: "[]".to_owned(),
        body: pack(sent),
        scheme: "api",
        secret: "none",
        mapping_version: 1,
        events: Event::seal(drafts, OURSELVES, tenant, id, None),
    }
}

/// Who says it, and when: the last word counts.
pub(crate) fn said_by(name: &str, now: DateTime<Utc>) -> Common {
    Common {
        actor: Some(Actor { login: Some(name.to_owned()), ..Actor::default() }),
        revision: Some(now.trunc_subsecs(6)),
        ..Common::default()
    }
}

/// Keeps a delivery in the transaction that is open. Entities come first: nothing may be locked before they are.
pub(crate) fn keep(conn: &mut Connection, keep: Keep, now: DateTime<Utc>) -> Result<Vec<Committed>, StoreError> {
    let sum = Entities::of(&keep.events).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    entities::keep(conn, &sum, now)?;
    let accepted = accept(conn, &[keep])?;
    match accepted.outcomes.as_slice() {
        [Outcome::Refused(why)] => Err(StoreError::Corrupt(why.clone())),
        _ => Ok(accepted.committed),
    }
}

/// Does `work` in a transaction, at most once for a key, and hands to the relay what it kept.
pub(crate) async fn answer(
    state: &State,
    operation: &'static str,
    keyed: Option<Keyed>,
    now: DateTime<Utc>,
    work: impl FnOnce(&mut Connection) -> Result<(Answer, Vec<Committed>), Undone> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let (response, owed) = idempotent::followed(state, operation, keyed, now, work).await?;
    owed.into_iter().flatten().for_each(|committed| state.relay.hand_over(committed));
    Ok(response)
}
