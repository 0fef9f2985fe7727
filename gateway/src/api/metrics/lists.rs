//! What all row calls share: a page of rows of a range, with the events that they came from.

use std::collections::HashMap;
use std::fmt::Debug;

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use serde::Serialize;
use store::events::After;
use store::metrics::rows::evidence::{self, Evidence};
use store::{Connection, StoreError};
use utoipa::ToSchema;
use uuid::Uuid;

use super::facts::Fact;
use super::query::{Common, Range};
use super::settle;
use crate::cursor::Scope;
use crate::faults::Faults;
use crate::page::{self, Page};
use crate::problem::Problem;
use crate::state::State;

/// A page of rows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rows<T: ToSchema> {
    #[serde(flatten)]
    pub(super) page: Page<T>,
    /// Whether everything received has been computed.
    pub(super) settled: bool,
}

/// What a caller asked for, before it is read.
pub(super) struct Asking<'a, O> {
    /// The list's name: a cursor belongs to one.
    pub(super) list: &'static str,
    pub(super) common: Common<'a>,
    /// The call's own parameters, for the cursor.
    pub(super) own: O,
    pub(super) limit: Option<&'a str>,
    pub(super) cursor: Option<&'a str>,
    pub(super) wait: Option<&'a str>,
}

/// What it means.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    pub(super) range: Range,
    pub(super) limit: i64,
    pub(super) scope: Scope,
    pub(super) after: Option<After>,
    pub(super) settled: bool,
    pub(super) now: DateTime<Utc>,
}

impl<O: Debug> Asking<'_, O> {
    /// Reads it, refuses what does not fit, and waits as long as was asked for. `faults` may hold the call's own.
    pub(super) async fn begin(self, state: &State, tenant: &TenantId, mut faults: Faults) -> Result<Listing, Problem> {
        let now = Utc::now();
        let limit = page::limit(&mut faults, self.limit);
        let patience = settle::patience(&mut faults, self.wait);
        let range = self.common.read(&mut faults, now);
        faults.none()?;
        let scope = Scope::new(self.list, tenant, &(self.common, self.own));
        let after = scope.place(self.cursor)?;
        let settled = settle::settled(state, tenant, patience).await?;
        Ok(Listing { range, limit, scope, after, settled, now })
    }
}

impl Listing {
    /// Answers with a page of the rows that `read` finds, one more than the page has; `view` shows one with its events.
    pub(super) async fn answer<R: Fact + Send + 'static, T: Serialize + ToSchema>(
        self,
        state: &State,
        tenant: TenantId,
        operation: &'static str,
        read: impl FnOnce(&mut Connection, &TenantId, &Self) -> Result<Vec<R>, StoreError> + Send + 'static,
        view: impl Fn(R, &Known) -> T,
    ) -> Result<HttpResponse, Problem> {
        let Self { limit, scope, settled, .. } = self;
        let look = move |conn: &mut Connection| {
            let rows = read(conn, &tenant, &self)?;
            let known = Known::of_rows(conn, &tenant, &rows)?;
            Ok((rows, known))
        };
        let (rows, known) = state.store.look(operation, look).await?;
        let page = Page::cut(rows, limit, scope, R::place, |row| view(row, &known));
        Ok(HttpResponse::Ok().json(Rows { page, settled }))
    }
}

/// The events of rows.
pub(super) struct Known(HashMap<String, Evidence>);

impl Known {
    pub(super) fn of<'a>(
        conn: &mut Connection,
        tenant: &TenantId,
        subjects: impl IntoIterator<Item = &'a String>,
    ) -> Result<Self, StoreError> {
        let mut subjects: Vec<String> = subjects.into_iter().cloned().collect();
        subjects.sort_unstable();
        subjects.dedup();
        evidence::of_subjects(conn, tenant, &subjects).map(Self)
    }

    /// Those of all these rows.
    pub(super) fn of_rows<R: Fact>(conn: &mut Connection, tenant: &TenantId, rows: &[R]) -> Result<Self, StoreError> {
        Self::of(conn, tenant, rows.iter().flat_map(Fact::subjects))
    }

    /// The events of these subjects, each once.
    pub(super) fn events<'a>(&self, subjects: impl IntoIterator<Item = &'a String>) -> Vec<Uuid> {
        let mut events = Vec::new();
        for event in subjects.into_iter().filter_map(|subject| self.0.get(subject)).flat_map(|known| &known.events) {
            if !events.contains(event) {
                events.push(*event);
            }
        }
        events
    }

    /// The delivery that told of a subject first.
    pub(super) fn delivery(&self, subject: Option<&String>) -> Option<Uuid> {
        subject.and_then(|subject| self.0.get(subject)).and_then(|known| known.delivery)
    }
}

pub(super) fn hours(seconds: f64) -> f64 {
    seconds / 3_600.0
}
