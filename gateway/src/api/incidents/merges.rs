//! Says that incidents of several tools are one: the one's timeline then shows the other's too. Metrics count each as before.

use actix_web::{HttpResponse, web};
use chrono::Utc;
use serde::{Deserialize, Serialize};
use store::incidents::merges::{self, Merged};
use store::{Connection, StoreError, transaction};
use utoipa::ToSchema;

use crate::access::{Caller, Operator};
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::NoQuery;
use crate::sent::Sent;
use crate::state::Shared;

/// Which incident is the same.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Same {
    /// `sentry:77`, or the id alone where no other integration has the same.
    incident: String,
    /// Takes it back.
    #[serde(default)]
    removed: bool,
}

/// What is one now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MergedIncident {
    /// The incident whose timeline shows both: where the one of the path is merged itself, the one it is merged into.
    id: String,
    /// The other one.
    merged: String,
    removed: bool,
}

/// Shows another incident in this one's timeline, or no longer.
#[utoipa::path(post, path = "/v1/incidents/{id}/merge", tag = "incidents", request_body = Same,
    params(("id" = String, Path, description = "`pagerduty:Q2X`, percent-encoded")),
    responses(
    (status = 200, body = MergedIncident),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
))]
pub(crate) async fn merge(
    caller: Caller<Operator>,
    state: Shared,
    word: web::Path<String>,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let main = super::meant(&state, &caller.tenant, &word).await?;
    let Same { incident, removed } = sent.json()?;
    let found = super::found(&state, &caller.tenant, &incident).await?;
    let other = super::one_of(found, "/incident", &incident)?.ok_or_else(unknown)?;
    let (now, names) = (Utc::now(), (main.clone(), other.clone()));
    let work = move |conn: &mut Connection| -> Result<Merged, StoreError> {
        let (main, other) = names;
        if removed {
            merges::part(conn, &caller.tenant, &main, &other)?;
            return Ok(Merged::Into(main));
        }
        transaction(conn, |conn| merges::merge(conn, &caller.tenant, (&main, &other), caller.name(), now))
    };
    match state.store.call("incident_merge", work).await? {
        Merged::Into(root) => {
            let answer = MergedIncident { id: root.to_string(), merged: other.to_string(), removed };
            Ok(HttpResponse::Ok().json(answer))
        }
        Merged::Circular => {
            let detail = format!("{main} is {other} already: its timeline is shown there");
            Err(Problem::new(Code::Conflict, detail))
        }
    }
}

fn unknown() -> Problem {
    Problem::unfit("/incident", "`incident` is the id of an incident that is there, like `sentry:77`")
}
