//! How a database stands to this program: whether the server is new enough, which migrations it lacks, and which it has
//! that are newer than we are. Looks only.

use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};

use super::{Answer, MIGRATIONS, failed};
use crate::{StoreError, address};

/// How a database stands to this program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Versions that this program has and the database has not.
    pub pending: Vec<String>,
    /// Versions that the database has and this program does not know: a newer one was here.
    pub unknown: Vec<String>,
}

/// Compares the database's migrations with ours. Writes nothing, also where there are none.
pub fn standing(url: &str) -> Result<Standing, StoreError> {
    let mut conn = address::open(url)?;
    must_be_new_enough(&mut conn)?;
    let ours: Vec<Box<dyn Migration<Pg>>> = MigrationSource::<Pg>::migrations(&MIGRATIONS).map_err(failed)?;
    let ours: Vec<String> = ours.iter().map(|migration| migration.name().version().to_string()).collect();
    let theirs = applied(&mut conn)?;
    let missing_in = |all: &[String], one: &&String| !all.contains(one);
    Ok(Standing {
        pending: ours.iter().filter(|one| missing_in(&theirs, one)).cloned().collect(),
        unknown: theirs.iter().filter(|one| missing_in(&ours, one)).cloned().collect(),
    })
}

fn applied(conn: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    #[derive(QueryableByName)]
    struct Applied {
        #[diesel(sql_type = diesel::sql_types::Text)]
        version: String,
    }
    let begun = sql_query("select to_regclass('__diesel_schema_migrations') is not null as yes");
    if !begun.get_result::<Answer>(conn)?.yes {
        return Ok(Vec::new());
    }
    let rows = sql_query("select version from __diesel_schema_migrations order by version").load::<Applied>(conn)?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

/// Statements of ours do not run on what is older.
const OLDEST_MAJOR: i32 = 14;

pub(super) fn must_be_new_enough(conn: &mut PgConnection) -> Result<(), StoreError> {
    #[derive(QueryableByName)]
    struct Version {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        number: i32,
        #[diesel(sql_type = diesel::sql_types::Text)]
        text: String,
    }
    let asked =
        "select current_setting('server_version_num')::int as number, current_setting('server_version') as text";
    let Version { number, text } = sql_query(asked).get_result(conn)?;
    if is_new_enough(number) { Ok(()) } else { Err(StoreError::TooOld(text)) }
}

/// `150018` is 15.18.
fn is_new_enough(number: i32) -> bool {
    number / 10_000 >= OLDEST_MAJOR
}

#[cfg(test)]
mod tests {
    use super::is_new_enough;

    #[test]
    fn servers_before_14_are_too_old() {
        assert_eq!([90_624, 130_022, 140_000, 150_018, 180_001].map(is_new_enough), [false, false, true, true, true]);
    }
}
