//! Says which deployment an incident came from, or that it did not come from one. What is said is an event like any
//! other, kept before it is answered, so that a rebuild knows it as well.
//!
//! `deployment: "none"` says that no deployment caused the incident: then no rule looks for one. `removed` takes back
//! what was said of a pair. The last word on a pair counts.

use actix_web::HttpResponse;
use chrono::{DateTime, SubsecRound, Utc};
use domain::data::{Body, Data, Link};
use domain::dora::facts::Outside;
use domain::event::{Draft, EventType, OURSELVES};
use domain::ids::DeliveryId;
use domain::text::clean;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::intake::Keep;
use store::{Connection, named};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ambiguous, sources};
use crate::access::{Caller, Operator};
use crate::faults::Faults;
use crate::idempotent;
use crate::ourselves;
use crate::problem::{Problem, ProblemBody};
use crate::query::NoQuery;
use crate::sent::Sent;
use crate::state::{Shared, State};

/// In the place of a deployment: none was the cause.
const NONE: &str = "none";
const LONGEST_NAME: usize = 400;
const LONGEST_NOTE: usize = 500;

/// What is said of an incident and a deployment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Said {
    /// `pagerduty:Q2X`, or the id alone where no other integration has the same.
    incident: String,
    /// `github:1234`, or the id alone; `none`: no deployment caused the incident.
    deployment: String,
    /// Takes back what was said of the two.
    #[serde(default)]
    removed: bool,
    /// Why, for those who read the event.
    note: Option<String>,
}

/// What was kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Linked {
    /// For `GET /v1/events/{id}`.
    event_id: String,
    incident: String,
    deployment: String,
    removed: bool,
    /// Whether there is such an incident and such a deployment yet. What is not there counts when it comes.
    known: Known,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Known {
    incident: bool,
    deployment: bool,
}

/// Says that an incident came from a deployment, from none, or not from that one.
#[utoipa::path(post, path = "/v1/incidents/links", tag = "incidents", request_body = Said,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    responses(
    (status = 201, body = Linked),
    (status = 400, body = ProblemBody),
    (status = 422, body = ProblemBody),
))]
pub(crate) async fn say(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let keyed = sent.keyed("links", &caller)?;
    let said = sent.json::<Said>()?.checked()?;
    let (said, known) = resolved(&state, &caller, said).await?;
    let now = Utc::now();
    let keep = keep(&caller, &said, sent.bytes(), now);
    let answer = idempotent::created(Linked {
        event_id: keep.id.event(0).to_string(),
        incident: said.incident,
        deployment: said.deployment,
        removed: said.removed,
        known,
    });
    let work = move |conn: &mut Connection| Ok((answer, ourselves::keep(conn, keep, now)?));
    ourselves::answer(&state, "incident_link", keyed, now, work).await
}

impl Said {
    fn checked(self) -> Result<Self, Problem> {
        let mut faults = Faults::of_body();
        for (name, word) in [("incident", &self.incident), ("deployment", &self.deployment)] {
            let length = word.chars().count();
            if word.trim() != word || !(1..=LONGEST_NAME).contains(&length) || word.chars().any(char::is_control) {
                faults.add(name, format!("`{name}` is an id like `pagerduty:Q2X`, of 1 to {LONGEST_NAME} characters"));
            }
        }
        faults.none()?;
        Ok(self)
    }
}

/// The two by their whole names where they are known, so that one pair is not named in two ways.
async fn resolved(state: &State, caller: &Caller<Operator>, mut said: Said) -> Result<(Said, Known), Problem> {
    let (tenant, names) = (caller.tenant.clone(), sources(state));
    let (incident, deployment) = (said.incident.clone(), said.deployment.clone());
    let look = move |conn: &mut Connection| {
        let incidents = named::incidents(conn, &tenant, &names, &incident)?;
        Ok((incidents, named::deployments(conn, &tenant, &names, &deployment)?))
    };
    let (incidents, deployments) = state.store.call("incident_link_names", look).await?;
    let mut faults = Faults::of_body();
    let mut known = Known { incident: true, deployment: true };
    known.incident = only(&mut said.incident, "incident", &incidents, &mut faults);
    if said.deployment != NONE {
        known.deployment = only(&mut said.deployment, "deployment", &deployments, &mut faults);
    }
    faults.none()?;
    Ok((said, known))
}

/// Writes the word out where it means one thing; whether it means any.
fn only(word: &mut String, name: &str, meant: &[Outside], faults: &mut Faults) -> bool {
    match meant {
        [] => return false,
        [one] => *word = one.to_string(),
        several => faults.add(name, ambiguous(name, several)),
    }
    true
}

/// The delivery that holds what was said: from ourselves, proved as callers of the API are.
fn keep(caller: &Caller<Operator>, said: &Said, sent: &[u8], now: DateTime<Utc>) -> Keep {
    let id = DeliveryId::new(now, Uuid::new_v4().into_bytes());
    let common = ourselves::said_by(caller.name(), now);
    let link = Link { incident_id: Some(said.incident.clone()), deployment_id: Some(said.deployment.clone()) };
    let note = said.note.as_deref().map(|note| (OURSELVES.to_owned(), json!({"note": clean(note, LONGEST_NOTE)})));
    let draft = Draft {
        kind: EventType::new(if said.removed { "link.removed" } else { "link.set" }),
        scope: "links".to_owned(),
        subject: format!("{OURSELVES}:{}/{}", said.incident, said.deployment),
        time: Some(now.trunc_subsecs(6)),
        data: Data { common, body: Body::Link(link), extra: note.into_iter().collect() },
    };
    ourselves::delivery(&caller.tenant, id, "link", sent, vec![draft])
}
