//! Deliveries: what came in, how it proved itself, what was made of it; one of them with headers and body.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::event::rfc3339;
use domain::ids::{DeliveryId, EventId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Connection;
use store::deliveries::{self, DeliveryFilter, DeliveryRow, Whole};
use store::events::After;
use utoipa::{IntoParams, ToSchema};

use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::found::found;
use crate::page::{List, Page, Portion};
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, NoQuery};
use crate::state::Shared;

const REJECTED: &str = "rejected";
/// The scheme of a delivery that was taken without a proof.
const UNPROVED: &str = "none";

const LIST: List<DeliveryFilter, DeliveryRow> = List {
    name: "deliveries",
    operation: "delivery_list",
    read: deliveries::list,
    place: |row| After { time: row.received_at, id: row.id.0 },
};
const REFUSED: List<DeliveryFilter, DeliveryRow> = List { read: deliveries::list_rejected, ..LIST };

/// One delivery.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Delivery {
    #[schema(value_type = String)]
    id: DeliveryId,
    source: String,
    /// Unknown for a rejected one: nothing had read it.
    kind: Option<String>,
    key: Option<String>,
    received_at: String,
    /// `accepted`, `unmapped` or `rejected`.
    result: String,
    /// Why it is unmapped or was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// An earlier delivery had the same key and another body.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    conflict: bool,
    verification: Verification,
    mapping_version: Option<i32>,
    #[schema(value_type = Vec<String>)]
    events: Vec<EventId>,
}

/// How a delivery proved itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Verification {
    scheme: Option<String>,
    /// `active`, `next` or `none`.
    secret: String,
    /// Whether the sender was proved. False also where unsigned deliveries are allowed.
    ok: bool,
}

/// One delivery with what was sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WholeDelivery {
    #[serde(flatten)]
    delivery: Delivery,
    /// Without credentials. A name that came twice has both values, separated by a comma.
    headers: BTreeMap<String, String>,
    body: String,
    /// `utf-8`, or `base64` for what is no text.
    body_encoding: &'static str,
    /// The length as received.
    body_bytes: i64,
    /// Only the beginning is kept of a rejected one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    body_truncated: bool,
}

impl From<DeliveryRow> for Delivery {
    fn from(row: DeliveryRow) -> Self {
        let DeliveryRow { id, received_at, source, taken, reason } = row;
        let received_at = rfc3339(received_at);
        let Some(taken) = taken else {
            let verification = Verification { scheme: None, secret: "none".to_owned(), ok: false };
            return Self {
                id,
                source,
                kind: None,
                key: None,
                received_at,
                result: REJECTED.to_owned(),
                reason,
                conflict: false,
                verification,
                mapping_version: None,
                events: Vec::new(),
            };
        };
        Self {
            id,
            source,
            kind: Some(taken.kind),
            key: Some(taken.key),
            received_at,
            result: taken.result,
            reason,
            conflict: taken.conflict,
            verification: Verification {
                ok: taken.scheme != UNPROVED,
                scheme: Some(taken.scheme),
                secret: taken.secret,
            },
            mapping_version: Some(taken.mapping_version),
            events: taken.events,
        }
    }
}

impl From<Whole> for WholeDelivery {
    fn from(whole: Whole) -> Self {
        let body_truncated = usize::try_from(whole.body_bytes).is_ok_and(|length| whole.body.len() < length);
        let (body, body_encoding) = match String::from_utf8(whole.body) {
            Ok(text) => (text, "utf-8"),
            Err(raw) => (STANDARD.encode(raw.as_bytes()), "base64"),
        };
        let headers = by_name(&whole.headers);
        Self { delivery: whole.row.into(), headers, body, body_encoding, body_bytes: whole.body_bytes, body_truncated }
    }
}

/// Stored as `[[name, value], …]`.
fn by_name(pairs: &Value) -> BTreeMap<String, String> {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for pair in pairs.as_array().into_iter().flatten() {
        let (Some(name), Some(value)) = (pair[0].as_str(), pair[1].as_str()) else { continue };
        let known = headers.entry(name.to_owned()).or_default();
        if !known.is_empty() {
            known.push_str(", ");
        }
        known.push_str(value);
    }
    headers
}

/// What deliveries are narrowed to. All that is given must hold.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveryQuery {
    /// Name of the integration, `github`.
    source: Option<String>,
    /// The source's own name of what happened, `pull_request`.
    kind: Option<String>,
    /// `accepted`, `unmapped` or `rejected`. Rejected ones, of which a sample is kept, are listed only with this.
    result: Option<String>,
    /// Received at or after this time (RFC 3339, or a date).
    from: Option<String>,
    /// Received before this time.
    to: Option<String>,
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// Deliveries, newest first.
#[utoipa::path(get, path = "/v1/deliveries", tag = "deliveries", params(DeliveryQuery),
    responses(
    (status = 200, body = Page<Delivery>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<DeliveryQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let portion = Portion::read(&mut faults, query.limit.as_deref(), query.cursor);
    let result = faults.word("result", query.result.as_deref(), &["accepted", "unmapped", REJECTED]);
    let filter = DeliveryFilter {
        source: query.source,
        kind: query.kind,
        result: result.map(str::to_owned),
        from: faults.time("from", query.from.as_deref()),
        to: faults.time("to", query.to.as_deref()),
    };
    if result == Some(REJECTED) && filter.kind.is_some() {
        faults.add("kind", "the kind of a rejected delivery is not known: leave `kind` out");
    }
    faults.none()?;
    let list = if result == Some(REJECTED) { &REFUSED } else { &LIST };
    list.answer(&state, caller.tenant, (filter, portion), Delivery::from).await
}

/// One delivery, with headers and body.
#[utoipa::path(get, path = "/v1/deliveries/{id}", tag = "deliveries",
    params(("id" = String, Path, description = "The delivery's id")),
    responses(
    (status = 200, body = WholeDelivery),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let read = move |conn: &mut Connection, id| deliveries::one(conn, &caller.tenant, id);
    let whole = found(&state, ("delivery", "delivery_one"), &id, read).await?;
    Ok(HttpResponse::Ok().json(WholeDelivery::from(whole)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::by_name;

    #[test]
    fn headers_that_came_twice_are_joined() {
        let headers = by_name(&json!([["a", "1"], ["b", "2"], ["a", "3"], ["broken"], 7]));
        assert_eq!(serde_json::to_value(headers).expect("json"), json!({"a": "1, 3", "b": "2"}));
    }
}
