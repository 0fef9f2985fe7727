//! How the sums of a batch get into an entity table: three statements, written once for every table.

/// Defines `add(conn, facts)` for one entity table: new rows are inserted whole; when some were there, all are locked in
/// key order, merged, and those that changed are written back.
///
/// Keys and columns say their SQL name, their name here, and how they are read from the key or the facts. A list travels
/// as the text of its literal ([`super::list`]) and says so: `as "text[]"`; arrays of arrays would be flattened.
macro_rules! entity_table {
    (
        $table:literal: $key_type:ty => $facts_type:ty;
        keys |$of_key:ident| {
            $first_sql:literal $first:ident = $first_of:expr, $($key_sql:literal $key:ident = $key_of:expr),+ $(,)?
        }
        columns |$of_facts:ident| { $($column_sql:literal $column:ident: $sql:ty $(as $cast:literal)?, $rust:ty = $column_of:expr),* $(,)? }
    ) => {
        crate::statement! {
            struct Insert<'a> {
                $first: diesel::sql_types::Array<diesel::sql_types::Text> = Vec<&'a str>,
                $($key: diesel::sql_types::Array<diesel::sql_types::Text> = Vec<&'a str>,)+
                $($column: diesel::sql_types::Array<diesel::sql_types::Nullable<$sql>> = Vec<Option<$rust>>,)*
                registers: diesel::sql_types::Array<diesel::sql_types::Text> = Vec<String>,
            }
            returns ();
            concat!(
                "insert into ", $table, " (", $first_sql, $(", ", $key_sql,)+ $(", ", $column_sql,)* ", registers) select ",
                $first_sql, $(", ", $key_sql,)+ $(", ", $column_sql, $("::", $cast,)?)* ", registers::json from unnest(?",
                $(crate::entities::table::mark!($key),)+ $(crate::entities::table::mark!($column),)* ", ?) as n (",
                $first_sql, $(", ", $key_sql,)+ $(", ", $column_sql,)* ", registers) order by ",
                $first_sql, $(", ", $key_sql,)+ " on conflict do nothing"
            )
        }

        crate::statement! {
            struct Lock<'a> {
                $first: diesel::sql_types::Array<diesel::sql_types::Text> = Vec<&'a str>,
                $($key: diesel::sql_types::Array<diesel::sql_types::Text> = Vec<&'a str>,)+
            }
            returns (diesel::sql_types::BigInt, diesel::sql_types::Text);
            concat!(
                "select k.place, t.registers::text from ", $table, " t join unnest(?",
                $(crate::entities::table::mark!($key),)+ ") with ordinality as k (", $first_sql, $(", ", $key_sql,)+
                ", place) using (", $first_sql, $(", ", $key_sql,)+ ") order by ", $first_sql, $(", ", $key_sql,)+
                " for update of t"
            )
        }

        crate::statement! {
            struct Update<'a> {
                $first: diesel::sql_types::Array<diesel::sql_types::Text> = Vec<&'a str>,
                $($key: diesel::sql_types::Array<diesel::sql_types::Text> = Vec<&'a str>,)+
                $($column: diesel::sql_types::Array<diesel::sql_types::Nullable<$sql>> = Vec<Option<$rust>>,)*
                registers: diesel::sql_types::Array<diesel::sql_types::Text> = Vec<String>,
            }
            returns ();
            concat!(
                "update ", $table, " t set ", $($column_sql, " = n.", $column_sql, $("::", $cast,)? ", ",)* "registers = n.registers::json from unnest(?",
                $(crate::entities::table::mark!($key),)+ $(crate::entities::table::mark!($column),)* ", ?) as n (",
                $first_sql, $(", ", $key_sql,)+ $(", ", $column_sql,)* ", registers) where t.",
                $first_sql, " = n.", $first_sql, $(" and t.", $key_sql, " = n.", $key_sql,)+
            )
        }

        pub(super) fn add(
            conn: &mut diesel::PgConnection,
            facts: &std::collections::BTreeMap<$key_type, $facts_type>,
        ) -> Result<(), crate::StoreError> {
            use diesel::RunQueryDsl;

            let rows: Vec<(&$key_type, &$facts_type)> = facts.iter().collect();
            if rows.is_empty() || insert(&rows)?.execute(conn)? == rows.len() {
                return Ok(());
            }
            let mut merged: Vec<(&$key_type, $facts_type)> = Vec::new();
            for (place, registers) in lock(&rows).load::<(i64, String)>(conn)? {
                let Some((key, news)) = usize::try_from(place - 1).ok().and_then(|place| rows.get(place)) else { continue };
                let known: $facts_type = crate::entities::from_text(&registers)?;
                let mut sum = known.clone();
                sum.merge((*news).clone());
                if sum != known {
                    merged.push((key, sum));
                }
            }
            if !merged.is_empty() {
                let rows: Vec<(&$key_type, &$facts_type)> = merged.iter().map(|(key, facts)| (*key, facts)).collect();
                update(&rows)?.execute(conn)?;
            }
            Ok(())
        }

        fn insert<'a>(rows: &[(&'a $key_type, &'a $facts_type)]) -> Result<Insert<'a>, crate::StoreError> {
            let Update { $first, $($key,)+ $($column,)* registers } = update(rows)?;
            Ok(Insert { $first, $($key,)+ $($column,)* registers })
        }

        fn lock<'a>(rows: &[(&'a $key_type, &'a $facts_type)]) -> Lock<'a> {
            Lock {
                $first: rows.iter().map(|($of_key, _)| $first_of.as_str()).collect(),
                $($key: rows.iter().map(|($of_key, _)| $key_of.as_str()).collect(),)+
            }
        }

        fn update<'a>(rows: &[(&'a $key_type, &'a $facts_type)]) -> Result<Update<'a>, crate::StoreError> {
            Ok(Update {
                $first: rows.iter().map(|($of_key, _)| $first_of.as_str()).collect(),
                $($key: rows.iter().map(|($of_key, _)| $key_of.as_str()).collect(),)+
                $($column: rows.iter().map(|(_, $of_facts)| $column_of).collect(),)*
                registers: rows.iter().map(|(_, facts)| crate::entities::to_text(facts)).collect::<Result<_, _>>()?,
            })
        }
    };
}

/// One more bind mark for each name.
macro_rules! mark {
    ($name:ident) => {
        ", ?"
    };
}

pub(super) use {entity_table, mark};
