//! How a word about an incident that is there is kept: found, held, looked at, said as an event, in one transaction. The
//! words themselves, whoever says them in whichever way.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use chrono::{DateTime, SubsecRound, Utc};
use domain::data::{Body, Data, Incident};
use domain::dora::facts::Outside;
use domain::event::{Draft, EventType, OURSELVES};
use domain::ids::{DeliveryId, TenantId};
use domain::text::clean;
use serde_json::{Value, json};
use store::idempotency::Keyed;
use store::incidents::{self, IncidentRow};
use store::outbox::Committed;
use store::{Connection, StoreError};
use uuid::Uuid;

use crate::access::{Caller, Operator};
use crate::idempotent;
use crate::ourselves;
use crate::problem::Problem;
use crate::sent::Sent;
use crate::state::State;

/// Where in `em-agent` it is said.
pub(super) const SCOPE: &str = "incidents";

pub(crate) const LONGEST_NOTE: usize = 5000;

/// What is said of an incident that is there.
pub(crate) struct Word {
    kind: &'static str,
    incident: Incident,
    /// Under `data.em-agent`.
    note: Option<Value>,
}

impl Word {
    /// Something worth remembering, in whose name.
    pub(crate) fn note(text: &str, author: Option<String>) -> Self {
        let mut noted = json!({"note": clean(text.trim(), LONGEST_NOTE)});
        if let Some(author) = author {
            noted["author"] = json!(author);
        }
        Self { kind: "incident.updated", incident: Incident::default(), note: Some(noted) }
    }

    /// How bad it is.
    pub(crate) fn severity(severity: &str) -> Self {
        let incident = Incident { severity: Some(severity.to_owned()), ..Incident::default() };
        Self { kind: "incident.updated", incident, note: None }
    }

    /// That it is over. One that is closed stays as it is.
    pub(crate) fn close(row: &IncidentRow, now: DateTime<Utc>) -> Option<Self> {
        let incident = Incident { resolved_at: Some(now.trunc_subsecs(6)), ..Incident::default() };
        row.resolved_at.is_none().then_some(Self { kind: "incident.resolved", incident, note: None })
    }
}

/// Who says something of which incident, and what was sent.
pub(crate) struct Speech {
    pub(crate) tenant: TenantId,
    /// Whose word it is.
    pub(crate) speaker: String,
    pub(crate) name: Outside,
    pub(crate) sent: Bytes,
    /// Of the delivery that will hold the word.
    pub(crate) id: DeliveryId,
    pub(crate) now: DateTime<Utc>,
}

impl Speech {
    /// Keeps the word that follows from the incident as it is now, if any; returns what else follows. Must be called in
    /// a transaction.
    pub(crate) fn keep<T>(
        self,
        conn: &mut Connection,
        word: impl FnOnce(&IncidentRow) -> (T, Option<Word>),
    ) -> Result<(T, Vec<Committed>), StoreError> {
        let Self { tenant, speaker, name, sent, id, now } = self;
        incidents::hold(conn, &tenant, &name)?;
        let row = incidents::one(conn, &tenant, &name)?.ok_or(StoreError::NotFound)?;
        let (told, word) = word(&row);
        let Some(word) = word else { return Ok((told, Vec::new())) };
        let draft = word.draft(&speaker, &row, now);
        let delivery = ourselves::delivery(&tenant, id, "incident", &sent, vec![draft]);
        Ok((told, ourselves::keep(conn, delivery, now)?))
    }
}

/// A caller who speaks of an incident.
pub(super) struct Saying {
    pub(super) speech: Speech,
    pub(super) sent: Sent,
    keyed: Option<Keyed>,
}

impl Saying {
    /// Finds the incident before the body is looked at: whoever may not see it hears nothing of what does not fit.
    pub(super) async fn begin(
        caller: Caller<Operator>,
        state: &State,
        word: &str,
        sent: Sent,
    ) -> Result<Self, Problem> {
        let name = super::meant(state, &caller.tenant, word).await?;
        let keyed = sent.keyed("incident", &caller)?;
        let now = Utc::now();
        let id = DeliveryId::new(now, Uuid::new_v4().into_bytes());
        let speaker = caller.name().to_owned();
        let speech = Speech { tenant: caller.tenant, speaker, name, sent: sent.bytes().clone(), id, now };
        Ok(Self { speech, sent, keyed })
    }

    /// Keeps the word that follows from the incident as it is now, if any.
    pub(super) async fn say(
        self,
        state: &State,
        operation: &'static str,
        word: impl FnOnce(&IncidentRow) -> (Value, Option<Word>) + Send + 'static,
    ) -> Result<HttpResponse, Problem> {
        let Self { speech, sent: _sent, keyed } = self;
        let now = speech.now;
        let work = move |conn: &mut Connection| {
            let (body, kept) = speech.keep(conn, word)?;
            Ok((idempotent::done(body), kept))
        };
        ourselves::answer(state, operation, keyed, now, work).await
    }
}

impl Word {
    fn draft(self, speaker: &str, row: &IncidentRow, now: DateTime<Utc>) -> Draft {
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
            data: Data { common: ourselves::said_by(speaker, now), body: Body::Incident(incident), extra },
        }
    }
}
