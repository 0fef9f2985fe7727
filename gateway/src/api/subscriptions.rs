//! Which channels of Slack are told of which services. `/em subscribe` makes them.

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use store::Connection;
use store::events::After;
use store::subscriptions::{self, Listed};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::access::{Caller, Viewer};
use crate::cursor::Scope;
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, Faults};
use crate::state::Shared;

/// A channel that is told of a service.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Subscription {
    #[schema(value_type = String)]
    id: Uuid,
    service: String,
    /// `#name`, or the channel's id.
    channel: String,
    /// What happened before is not told.
    created_at: DateTime<Utc>,
    created_by: String,
}

impl From<subscriptions::Subscription> for Subscription {
    fn from(row: subscriptions::Subscription) -> Self {
        let subscriptions::Subscription { id, service, channel, created_at, created_by } = row;
        Self { id, service, channel, created_at, created_by }
    }
}

/// What is shown of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SubscriptionQuery {
    service: Option<String>,
    /// As it was subscribed: `#name`, or the channel's id.
    channel: Option<String>,
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// Channels that are told of services, the newest first.
#[utoipa::path(get, path = "/v1/subscriptions", tag = "slack", params(SubscriptionQuery),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, body = Page<Subscription>),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<SubscriptionQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let limit = page::limit(&mut faults, query.limit.as_deref());
    faults.none()?;
    let listed = Listed { service: query.service, channel: query.channel };
    let scope = Scope::new("subscriptions", &caller.tenant, &listed);
    let after = scope.place(query.cursor.as_deref())?;
    let read = move |conn: &mut Connection| subscriptions::list(conn, &caller.tenant, &listed, after, limit + 1);
    let rows = state.store.call("subscription_list", read).await?;
    let place = |row: &subscriptions::Subscription| After { time: row.created_at, id: row.id };
    Ok(HttpResponse::Ok().json(Page::cut(rows, limit, scope, place, Subscription::from)))
}
