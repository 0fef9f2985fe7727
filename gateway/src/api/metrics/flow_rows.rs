//! Changes on their way, as callers see them: by EM Agent's names and more.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use store::metrics::work::WorkRow;
use utoipa::ToSchema;
use uuid::Uuid;

use super::lead_time::number;
use super::lists::{Known, hours};

/// A change that is open.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgingRow {
    /// The delivery that told of it first.
    #[schema(value_type = Option<String>)]
    delivery_id: Option<Uuid>,
    opened_at: DateTime<Utc>,
    /// Always null: it has not ended.
    end_at: Option<DateTime<Utc>>,
    age_days: f64,
    #[serde(flatten)]
    change: About,
}

/// A change and how long it waited for its first review.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdleRow {
    /// The delivery that told of it first.
    #[schema(value_type = Option<String>)]
    delivery_id: Option<Uuid>,
    opened_at: DateTime<Utc>,
    /// Null: nobody has looked at it.
    first_review_at: Option<DateTime<Utc>>,
    idle_hours: Option<f64>,
    #[serde(flatten)]
    change: About,
}

/// A change that was merged, and how long each step took.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReviewRow {
    opened_at: DateTime<Utc>,
    first_review_at: Option<DateTime<Utc>>,
    approved_at: Option<DateTime<Utc>>,
    merged_at: Option<DateTime<Utc>>,
    /// Opened to the first review.
    pickup_hours: Option<f64>,
    /// First review to approved, or merged where nobody approved.
    review_hours: Option<f64>,
    /// Approved to merged.
    merge_hours: Option<f64>,
    /// Opened to merged.
    total_hours: Option<f64>,
    #[serde(flatten)]
    change: About,
}

/// Which change it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangeAbout)]
struct About {
    repo: String,
    /// A number where it is one.
    #[schema(value_type = i64)]
    pr_number: Value,
    title: Option<String>,
    author: Option<String>,
    url: Option<String>,
    draft: Option<bool>,
    #[schema(value_type = Vec<String>)]
    events: Vec<Uuid>,
}

impl About {
    fn of(row: &WorkRow, known: &Known) -> Self {
        Self {
            repo: row.repo.clone(),
            pr_number: number(&row.number),
            title: row.title.clone(),
            author: row.author.clone(),
            url: row.url.clone(),
            draft: row.draft,
            events: known.events(&row.subject),
        }
    }
}

/// Never negative: a review that is said to be older than its change is one at once.
fn hours_between(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Option<f64> {
    from.zip(to).map(|(from, to)| hours((to - from).as_seconds_f64().max(0.0)))
}

impl AgingRow {
    pub(super) fn of(row: WorkRow, at: DateTime<Utc>, known: &Known) -> Self {
        Self {
            delivery_id: known.delivery(row.subject.as_ref()),
            opened_at: row.opened_at,
            end_at: None,
            age_days: (at - row.opened_at).as_seconds_f64().max(0.0) / 86_400.0,
            change: About::of(&row, known),
        }
    }
}

impl IdleRow {
    pub(super) fn of(row: WorkRow, known: &Known) -> Self {
        Self {
            delivery_id: known.delivery(row.subject.as_ref()),
            opened_at: row.opened_at,
            first_review_at: row.first_review_at,
            idle_hours: hours_between(Some(row.opened_at), row.first_review_at),
            change: About::of(&row, known),
        }
    }
}

impl ReviewRow {
    pub(super) fn of(row: WorkRow, known: &Known) -> Self {
        Self {
            opened_at: row.opened_at,
            first_review_at: row.first_review_at,
            approved_at: row.approved_at,
            merged_at: row.merged_at,
            pickup_hours: hours_between(Some(row.opened_at), row.first_review_at),
            review_hours: hours_between(row.first_review_at, row.approved_at.or(row.merged_at)),
            merge_hours: hours_between(row.approved_at, row.merged_at),
            total_hours: hours_between(Some(row.opened_at), row.merged_at),
            change: About::of(&row, known),
        }
    }
}
