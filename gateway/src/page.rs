//! Lists: `{"data": […], "next_cursor": …}`, cut from one row more than was asked for.

use std::fmt::Debug;

use actix_web::HttpResponse;
use domain::ids::TenantId;
use serde::{Deserialize, Serialize};
use store::events::After;
use store::{Connection, StoreError};
use utoipa::{IntoParams, ToSchema};

use crate::cursor::Scope;
use crate::problem::Problem;
use crate::query::Faults;
use crate::state::State;

const USUAL: i64 = 50;
const MOST: i64 = 200;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    pub(crate) data: Vec<T>,
    /// For `?cursor=`; null on the last page.
    pub(crate) next_cursor: Option<String>,
}

/// Which page of a list that nothing narrows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A list that nothing narrows: how cursors and the store name it, and where a row of it stands.
pub(crate) struct List<R> {
    pub(crate) name: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) place: fn(&R) -> After,
}

impl PageQuery {
    /// Answers with the page. `of` is what the list belongs to, `()` where that is the tenant; `read` takes one row more
    /// than the page has.
    pub(crate) async fn answer<R: Send + 'static, T: Serialize>(
        self,
        state: &State,
        (tenant, of): (&TenantId, &impl Debug),
        list: List<R>,
        read: impl FnOnce(&mut Connection, Option<After>, i64) -> Result<Vec<R>, StoreError> + Send + 'static,
        view: impl FnMut(R) -> T,
    ) -> Result<HttpResponse, Problem> {
        let mut faults = Faults::default();
        let limit = limit(&mut faults, self.limit.as_deref());
        faults.none()?;
        let scope = Scope::new(list.name, tenant, of);
        let after = scope.place(self.cursor.as_deref())?;
        let rows = state.store.look(list.operation, move |conn| read(conn, after, limit + 1)).await?;
        Ok(HttpResponse::Ok().json(Page::cut(rows, limit, scope, list.place, view)))
    }
}

/// The rows that a page may have.
pub(crate) fn limit(faults: &mut Faults, asked: Option<&str>) -> i64 {
    faults.number("limit", asked, 1..=MOST, USUAL)
}

impl<T> Page<T> {
    /// `rows` are up to `limit + 1`; the one too many only tells that there are more.
    pub(crate) fn cut<R>(
        mut rows: Vec<R>,
        limit: i64,
        scope: Scope,
        place: impl Fn(&R) -> After,
        view: impl FnMut(R) -> T,
    ) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|last| scope.cursor(place(last)));
        Self { data: rows.into_iter().map(view).collect(), next_cursor }
    }
}
