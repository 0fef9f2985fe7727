//! The facts' tables: how rows are read, written and taken away, said once for all of them.

/// Defines the row of one facts table, and its statements:
///
/// - `of_services`: the rows of services from a time on (`since` says how, `t` is the table, `k` who is asked for; `lateral`
///   is a query of them where one condition would be none that an index answers);
/// - `of_keys`: the rows with these keys;
/// - `put`: inserts rows, or replaces those that have their keys;
/// - `take_away`: deletes rows by their keys, where they still belong to whom they belonged to (`owner`).
///
/// Columns named under `lists` are lists of words in the table and one text with commas here.
macro_rules! fact_table {
    (
        $(#[$doc:meta])*
        $row:ident of $table:literal, $found:ident $since:literal, owner $owner:literal;
        keys { $first:ident, $($key:ident),+ $(,)? }
        columns { $($(#[$attribute:meta])* $column:ident: $sql:ty = $rust:ty),* $(,)? }
        lists { $($list:ident),* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, diesel::Queryable, serde::Serialize)]
        pub(in crate::facts) struct $row {
            pub $first: String,
            $(pub $key: String,)+
            $($(#[$attribute])* pub $column: $rust,)*
            $(#[serde(serialize_with = "crate::facts::table::as_list")] pub $list: String,)*
        }

        crate::statement! {
            struct OfServices<'a> {
                tenant: diesel::sql_types::Array<diesel::sql_types::Text> = Vec<&'a str>,
                service: diesel::sql_types::Array<diesel::sql_types::Text> = Vec<&'a str>,
                since: diesel::sql_types::Array<diesel::sql_types::Timestamptz> = Vec<chrono::DateTime<chrono::Utc>>,
            }
            returns (
                diesel::sql_types::Text, $(crate::facts::table::text_of!($key),)+ $($sql,)* $(crate::facts::table::text_of!($list),)*
            );
            concat!(
                "select t.", stringify!($first), $(", t.", stringify!($key),)+ $(", t.", stringify!($column),)*
                $(", array_to_string(t.", stringify!($list), ", ',')",)*
                " from unnest(?, ?, ?) as k (tenant_id, service, since) join ",
                crate::facts::table::joined!($found $since, $table)
            )
        }

        crate::statement! {
            struct OfKeys<'a> {
                $first: diesel::sql_types::Array<diesel::sql_types::Text> = Vec<&'a str>,
                $($key: diesel::sql_types::Array<diesel::sql_types::Text> = Vec<&'a str>,)+
            }
            returns (
                diesel::sql_types::Text, $(crate::facts::table::text_of!($key),)+ $($sql,)* $(crate::facts::table::text_of!($list),)*
            );
            concat!(
                "select t.", stringify!($first), $(", t.", stringify!($key),)+ $(", t.", stringify!($column),)*
                $(", array_to_string(t.", stringify!($list), ", ',')",)*
                " from (select distinct * from unnest(?", $(crate::facts::table::mark!($key),)+ ") as n (", stringify!($first),
                $(", ", stringify!($key),)+ ")) as k join ", $table, " t using (", stringify!($first),
                $(", ", stringify!($key),)+ ")"
            )
        }

        crate::statement! {
            struct Put<'a> {
                $first: diesel::sql_types::Array<diesel::sql_types::Text> = Vec<&'a str>,
                $($key: diesel::sql_types::Array<diesel::sql_types::Text> = Vec<&'a str>,)+
                $($column: diesel::sql_types::Array<$sql> = Vec<&'a $rust>,)*
                $($list: diesel::sql_types::Array<diesel::sql_types::Text> = Vec<&'a str>,)*
            }
            returns ();
            concat!(
                "insert into ", $table, " (", stringify!($first), $(", ", stringify!($key),)+ $(", ", stringify!($column),)*
                $(", ", stringify!($list),)* ") select ", stringify!($first), $(", ", stringify!($key),)+
                $(", ", stringify!($column),)* $(", string_to_array(", stringify!($list), ", ',')",)* " from unnest(?",
                $(crate::facts::table::mark!($key),)+ $(crate::facts::table::mark!($column),)*
                $(crate::facts::table::mark!($list),)* ") as n (", stringify!($first), $(", ", stringify!($key),)+
                $(", ", stringify!($column),)* $(", ", stringify!($list),)* ") order by ", stringify!($first),
                $(", ", stringify!($key),)+ " on conflict (", stringify!($first), $(", ", stringify!($key),)+
                ") do update set ", stringify!($first), " = excluded.", stringify!($first),
                $(", ", stringify!($column), " = excluded.", stringify!($column),)*
                $(", ", stringify!($list), " = excluded.", stringify!($list),)*
            )
        }

        crate::statement! {
            struct TakeAway<'a> {
                $first: diesel::sql_types::Array<diesel::sql_types::Text> = Vec<&'a str>,
                $($key: diesel::sql_types::Array<diesel::sql_types::Text> = Vec<&'a str>,)+
                owner: diesel::sql_types::Array<diesel::sql_types::Nullable<diesel::sql_types::Text>> = Vec<Option<&'a str>>,
            }
            returns ();
            concat!(
                "delete from ", $table, " t using unnest(?", $(crate::facts::table::mark!($key),)+ ", ?) as n (",
                stringify!($first), $(", ", stringify!($key),)+ ", owner) where t.", stringify!($first), " = n.",
                stringify!($first), $(" and t.", stringify!($key), " = n.", stringify!($key),)+ " and ", $owner
            )
        }

        impl $row {
            fn of_services(
                conn: &mut diesel::PgConnection,
                since: &[(&str, &str, chrono::DateTime<chrono::Utc>)],
            ) -> Result<Vec<Self>, crate::StoreError> {
                use diesel::RunQueryDsl;

                let statement = OfServices {
                    tenant: since.iter().map(|(tenant, ..)| *tenant).collect(),
                    service: since.iter().map(|(_, service, _)| *service).collect(),
                    since: since.iter().map(|(.., since)| *since).collect(),
                };
                Ok(if since.is_empty() { Vec::new() } else { statement.load(conn)? })
            }

            fn of_keys(conn: &mut diesel::PgConnection, keys: &[Vec<&str>]) -> Result<Vec<Self>, crate::StoreError> {
                use diesel::RunQueryDsl;

                let column = |place: usize| keys.iter().map(|key| key.get(place).copied().unwrap_or_default()).collect();
                let mut columns = (0..).map(column);
                let statement = OfKeys {
                    $first: columns.next().unwrap_or_default(),
                    $($key: columns.next().unwrap_or_default(),)+
                };
                Ok(if keys.is_empty() { Vec::new() } else { statement.load(conn)? })
            }

            fn put(conn: &mut diesel::PgConnection, rows: &[Self]) -> Result<(), crate::StoreError> {
                use diesel::RunQueryDsl;

                if !rows.is_empty() {
                    Put {
                        $first: rows.iter().map(|row| row.$first.as_str()).collect(),
                        $($key: rows.iter().map(|row| row.$key.as_str()).collect(),)+
                        $($column: rows.iter().map(|row| &row.$column).collect(),)*
                        $($list: rows.iter().map(|row| row.$list.as_str()).collect(),)*
                    }
                    .execute(conn)?;
                }
                Ok(())
            }

            fn take_away(conn: &mut diesel::PgConnection, rows: &[Self]) -> Result<(), crate::StoreError> {
                use diesel::RunQueryDsl;

                if !rows.is_empty() {
                    TakeAway {
                        $first: rows.iter().map(|row| row.$first.as_str()).collect(),
                        $($key: rows.iter().map(|row| row.$key.as_str()).collect(),)+
                        owner: rows.iter().map(|row| crate::facts::diff::Fact::owner(row)).collect(),
                    }
                    .execute(conn)?;
                }
                Ok(())
            }

            fn key(&self) -> Vec<&str> {
                vec![self.$first.as_str(), $(self.$key.as_str()),+]
            }
        }
    };
}

/// The rows that somebody asks for.
macro_rules! joined {
    (since $condition:literal, $table:literal) => {
        concat!($table, " t on t.tenant_id = k.tenant_id and ", $condition)
    };
    (lateral $query:literal, $table:literal) => {
        concat!("lateral (", $query, ") t on true")
    };
}

/// One more bind mark for each name.
macro_rules! mark {
    ($name:ident) => {
        ", ?"
    };
}

/// The SQL type of a column whose Rust type is a text.
macro_rules! text_of {
    ($name:ident) => {
        diesel::sql_types::Text
    };
}

pub(super) use {fact_table, joined, mark, text_of};

/// For the audit: a list of words, not their text with commas.
pub(super) fn as_list<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(text.split(',').filter(|word| !word.is_empty()))
}
