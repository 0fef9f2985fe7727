//! How a word about an incident that is there is kept: found, held, looked at, said as an event, in one transaction.

use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, SubsecRound, Utc};
use domain::data::{Body, Data, Incident};
use domain::dora::facts::Outside;
use domain::event::{Draft, EventType, OURSELVES};
use domain::ids::DeliveryId;
use serde_json::Value;
use store::idempotency::{Answer, Keyed};
use store::incidents::{self, IncidentRow};
use store::{Connection, StoreError};
use uuid::Uuid;

use crate::access::{Caller, Operator};
use crate::body::{self, Share};
use crate::idempotent::keyed;
use crate::ourselves;
use crate::problem::Problem;
use crate::state::State;

/// As EM Agent answered.
pub(super) const DONE: i16 = 200;
/// Where in `em-agent` it is said.
pub(super) const SCOPE: &str = "incidents";

/// What is said of an incident that is there.
pub(super) struct Word {
    pub(super) kind: &'static str,
    pub(super) incident: Incident,
    /// Under `data.em-agent`.
    pub(super) note: Option<Value>,
}

/// Somebody who speaks of an incident.
pub(super) struct Saying {
    caller: Caller<Operator>,
    pub(super) name: Outside,
    pub(super) sent: Bytes,
    _share: Share,
    keyed: Option<Keyed>,
    /// Of the delivery that will hold the word.
    pub(super) id: DeliveryId,
    pub(super) now: DateTime<Utc>,
}

impl Saying {
    /// Finds the incident first: whoever may not see it hears nothing of what does not fit.
    pub(super) async fn begin(
        caller: Caller<Operator>,
        state: &State,
        word: &str,
        request: &HttpRequest,
        payload: Payload,
    ) -> Result<Self, Problem> {
        let name = super::meant(state, &caller.tenant, word).await?;
        let (sent, share) = body::read(&state.memory, request, payload, body::MOST_API_BYTES).await?;
        let keyed = keyed("incident", &caller, request, &sent)?;
        let now = Utc::now();
        let id = DeliveryId::new(now, Uuid::new_v4().into_bytes());
        Ok(Self { caller, name, sent, _share: share, keyed, id, now })
    }

    /// Keeps the word that follows from the incident as it is now, if any.
    pub(super) async fn say(
        self,
        state: &State,
        operation: &'static str,
        word: impl FnOnce(&IncidentRow) -> (Value, Option<Word>) + Send + 'static,
    ) -> Result<HttpResponse, Problem> {
        let Self { caller, name, sent, _share, keyed, id, now } = self;
        let work = move |conn: &mut Connection| {
            incidents::hold(conn, &caller.tenant, &name)?;
            let row = incidents::one(conn, &caller.tenant, &name)?.ok_or(StoreError::NotFound)?;
            let (body, word) = word(&row);
            let kept = match word {
                Some(word) => {
                    let draft = word.draft(&caller, &row, now);
                    let delivery = ourselves::delivery(&caller.tenant, id, "incident", &sent, vec![draft]);
                    ourselves::keep(conn, delivery, now)?
                }
                None => Vec::new(),
            };
            Ok((Answer { status: DONE, body }, kept))
        };
        ourselves::answer(state, operation, keyed, now, work).await
    }
}

impl Word {
    fn draft(self, caller: &Caller<Operator>, row: &IncidentRow, now: DateTime<Utc>) -> Draft {
        let incident = Incident {
            incident_id: Some(row.incident_id.clone()),
            integration: Some(row.integration.clone()).filter(|of| of != OURSELVES),
            ..self.incident
        };
        let extra = self.note.map(|note| (OURSELVES.to_owned(), note)).into_iter().collect();
        Draft {
            kind: EventType::new(self.kind),
            scope: SCOPE.to_owned(),
            subject: row.subject(),
            time: Some(now.trunc_subsecs(6)),
            data: Data { common: ourselves::said_by(caller, now), body: Body::Incident(incident), extra },
        }
    }
}
