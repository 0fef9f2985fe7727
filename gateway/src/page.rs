//! Lists: `{"data": […], "next_cursor": …}`, cut from one row more than was asked for.

use serde::Serialize;
use store::events::After;
use utoipa::ToSchema;

use crate::cursor::Scope;
use crate::query::Faults;

const USUAL: i64 = 50;
const MOST: i64 = 200;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    pub(crate) data: Vec<T>,
    /// For `?cursor=`; null on the last page.
    pub(crate) next_cursor: Option<String>,
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
