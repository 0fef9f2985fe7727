//! Tells the planner how large young tables are.
//!
//! A table that was never analyzed looks small, and all of its indexes alike: the planner may then walk one that begins with
//! the tenant and read all of it. PostgreSQL looks by itself once a minute; a backlog or a backfill fills a new database in
//! less. Later its own pace is enough, and nothing is done here.

use diesel::sql_types::Text;
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};

use crate::StoreError;

#[derive(QueryableByName)]
struct Young {
    #[diesel(sql_type = Text)]
    name: String,
}

const YOUNG: &str = "
select quote_ident(schemaname) || '.' || quote_ident(relname) as name from pg_stat_user_tables
where schemaname = 'public' and n_mod_since_analyze > greatest(500, n_live_tup / 2)
order by 1";

/// Analyzes tables of which more than half has come since they were last looked at; returns how many. The login must own
/// them.
pub fn analyze(conn: &mut PgConnection) -> Result<usize, StoreError> {
    let young: Vec<Young> = sql_query(YOUNG).load(conn)?;
    for table in &young {
        sql_query(format!("analyze {}", table.name)).execute(conn)?;
    }
    Ok(young.len())
}
