//! Lists: `{"data": […], "next_cursor": …}`, cut from one row more than was asked for.
//!
//! A room says once what its list is ([`List`]); a call brings which part of it is wanted ([`Portion`]).

use std::fmt::Debug;

use actix_web::HttpResponse;
use domain::ids::TenantId;
use serde::{Deserialize, Serialize};
use store::events::After;
use store::{Connection, StoreError};
use utoipa::{IntoParams, ToSchema};

use crate::cursor::Scope;
use crate::faults::Faults;
use crate::problem::Problem;
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

impl PageQuery {
    pub(crate) fn portion(self) -> Result<Portion, Problem> {
        let mut faults = Faults::of_query();
        let portion = Portion::read(&mut faults, self.limit.as_deref(), self.cursor);
        faults.none()?;
        Ok(portion)
    }
}

/// So many rows, from where the page before ended.
#[derive(Debug)]
pub(crate) struct Portion {
    pub(crate) limit: i64,
    pub(crate) cursor: Option<String>,
}

impl Portion {
    pub(crate) fn read(faults: &mut Faults, limit: Option<&str>, cursor: Option<String>) -> Self {
        Self { limit: self::limit(faults, limit), cursor }
    }
}

/// Reads up to so many rows that stand after a place, of what the list is narrowed to.
pub(crate) type Read<F, R> = fn(&mut Connection, &TenantId, &F, Option<After>, i64) -> Result<Vec<R>, StoreError>;

/// A list of a tenant: how cursors and the store's figures name it, how rows of it are read, and where a row stands.
pub(crate) struct List<F, R> {
    pub(crate) name: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) read: Read<F, R>,
    pub(crate) place: fn(&R) -> After,
}

impl<F: Debug + Send + 'static, R: Send + 'static> List<F, R> {
    /// A page of what the list is narrowed to; `()` where nothing narrows it.
    pub(crate) async fn page<T>(
        &self,
        state: &State,
        tenant: TenantId,
        (filter, portion): (F, Portion),
        view: impl FnMut(R) -> T,
    ) -> Result<Page<T>, Problem> {
        let Portion { limit, cursor } = portion;
        let scope = Scope::new(self.name, &tenant, &filter);
        let after = scope.place(cursor.as_deref())?;
        let read = self.read;
        let look = move |conn: &mut Connection| read(conn, &tenant, &filter, after, limit + 1);
        let rows = state.store.look(self.operation, look).await?;
        Ok(Page::cut(rows, limit, scope, self.place, view))
    }

    /// The same as an answer.
    pub(crate) async fn answer<T: Serialize>(
        &self,
        state: &State,
        tenant: TenantId,
        wanted: (F, Portion),
        view: impl FnMut(R) -> T,
    ) -> Result<HttpResponse, Problem> {
        Ok(HttpResponse::Ok().json(self.page(state, tenant, wanted, view).await?))
    }
}

/// The rows that a page may have.
pub(crate) fn limit(faults: &mut Faults, asked: Option<&str>) -> i64 {
    faults.number("limit", asked, 1..=MOST, USUAL)
}

impl<T> Page<T> {
    /// `rows` are up to `limit + 1`; the one too many only tells that there are more.
    pub(crate) fn cut<R>(
        rows: Vec<R>,
        limit: i64,
        scope: Scope,
        place: impl Fn(&R) -> After,
        view: impl FnMut(R) -> T,
    ) -> Self {
        Self::cut_at(rows, limit, |last| scope.cursor(place(last)), view)
    }

    /// The same of a list whose cursors are of its own kind.
    pub(crate) fn cut_at<R>(
        mut rows: Vec<R>,
        limit: i64,
        cursor: impl Fn(&R) -> String,
        view: impl FnMut(R) -> T,
    ) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(cursor);
        Self { data: rows.into_iter().map(view).collect(), next_cursor }
    }
}
