//! Which channels of Slack are told of which services. `/em subscribe` makes them.

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use store::events::After;
use store::subscriptions::{self, Listed};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::page::{List, Page, Portion};
use crate::problem::{Problem, ProblemBody};
use crate::query::Asked;
use crate::state::Shared;

const LIST: List<Listed, subscriptions::Subscription> = List {
    name: "subscriptions",
    operation: "subscription_list",
    read: subscriptions::list,
    place: |row| After { time: row.created_at, id: row.id },
};

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
    responses(
    (status = 200, body = Page<Subscription>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<SubscriptionQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let portion = Portion::read(&mut faults, query.limit.as_deref(), query.cursor);
    faults.none()?;
    let listed = Listed { service: query.service, channel: query.channel };
    LIST.answer(&state, caller.tenant, (listed, portion), Subscription::from).await
}
