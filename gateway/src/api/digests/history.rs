//! Digests that were made: all of them, newest first, and one.

use actix_web::{HttpResponse, web};
use domain::ids::TenantId;
use serde::Deserialize;
use serde_json::{Value, json};
use store::digests::kept::{self, Kept, Listed, name_of};
use store::events::After;
use utoipa::IntoParams;
use uuid::Uuid;

use super::asked::KINDS;
use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::found::found;
use crate::page::{List, Portion};
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, NoQuery};
use crate::state::{Shared, State};

pub(super) const WHAT: &str = "digest";
const MICRO: f64 = 1_000_000.0;

const LIST: List<Listed, Kept> = List {
    name: "digests",
    operation: "digest_list",
    read: kept::list,
    place: |row| After { time: row.made_at, id: row.id },
};

/// A digest as it is answered.
pub(crate) fn shown(kept: &Kept) -> Value {
    let mut shown = json!({
        "id": kept.id, "kind": name_of(kept.kind), "subject": kept.subject, "from": kept.from, "to": kept.to,
        "digest": kept.digest, "links": kept.links, "events": kept.events, "generated_by": kept.generated_by,
        "made_at": kept.made_at, "made_by": kept.made_by,
    });
    let told = [("why", json!(kept.why)), ("model", json!(kept.model)), ("prompt", json!(kept.prompt))];
    let by_schedule = ("schedule_id", json!(kept.schedule_id));
    for (name, value) in told.into_iter().chain([by_schedule]).filter(|(_, value)| !value.is_null()) {
        shown[name] = value;
    }
    if kept.model.is_some() {
        shown["tokens"] = json!({"input": kept.input_tokens, "output": kept.output_tokens});
        shown["cost_usd"] = json!(kept.cost_micro_usd as f64 / MICRO);
    }
    shown
}

/// What is shown of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DigestQuery {
    kind: Option<String>,
    /// As the digest has it.
    subject: Option<String>,
    /// Those of one schedule.
    schedule_id: Option<String>,
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// Digests that were made, newest first.
#[utoipa::path(get, path = "/v1/digests", tag = "digests", params(DigestQuery),
    responses(
    (status = 200, description = "`data`: digests as `POST /v1/digests` answers them; `next_cursor`", body = Object),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<DigestQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let portion = Portion::read(&mut faults, query.limit.as_deref(), query.cursor);
    let kind = faults.word("kind", query.kind.as_deref(), &KINDS);
    let schedule = query.schedule_id.as_deref().map(Uuid::try_parse);
    if matches!(schedule, Some(Err(_))) {
        faults.add("schedule_id", "`schedule_id` is the id of a schedule");
    }
    faults.none()?;
    let listed = Listed { kind, subject: query.subject, schedule: schedule.and_then(Result::ok) };
    LIST.answer(&state, caller.tenant, (listed, portion), |row| shown(&row)).await
}

/// One digest, also as Markdown and plain text.
#[utoipa::path(get, path = "/v1/digests/{id}", tag = "digests", params(("id" = String, Path, description = "The digest's id")),
    responses(
    (status = 200, description = "As `POST /v1/digests` answers it, with `markdown` and `text`", body = Object),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let found = meant(&state, &caller.tenant, &id).await?;
    let mut body = shown(&found);
    body["markdown"] = json!(show::digests::markdown(&found));
    body["text"] = json!(show::digests::text(&found));
    Ok(HttpResponse::Ok().json(body))
}

/// The digest that a path means.
pub(super) async fn meant(state: &State, tenant: &TenantId, id: &str) -> Result<Kept, Problem> {
    let tenant = tenant.clone();
    found(state, (WHAT, "digest_one"), id, move |conn, id| kept::one(conn, &tenant, id)).await
}
