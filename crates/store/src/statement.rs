//! Statements whose text never changes: planned once per connection, bound in binary.
//!
//! diesel's `sql_query` is planned anew at every call. A statement made here is known by its type, so each connection
//! prepares it once, and arrays travel in binary (as text they cost 2 to 5 times the CPU).

/// Defines a statement: its binds in the order of the `?` marks in its text, and the columns it returns.
///
/// ```text
/// statement! {
///     /// The ledger's ids for these keys.
///     pub struct FirstIds<'a> {
///         tenants: Array<Text> = Vec<&'a str>,
///         keys: Array<Binary> = Vec<&'a [u8]>,
///     }
///     returns (Uuid,);
///     "select delivery_id from delivery_ledger where (tenant_id, key_hash) in (select * from unnest(?, ?))"
/// }
/// FirstIds { tenants, keys }.load::<(uuid::Uuid,)>(conn)?;
/// ```
/// A statement that returns nothing says `returns ();` and is run with `.execute(conn)`.
#[macro_export]
macro_rules! statement {
    (
        $(#[$doc:meta])*
        $vis:vis struct $name:ident<'a> { $($field:ident : $sql:ty = $rust:ty),+ $(,)? }
        returns $returns:ty;
        $text:expr
    ) => {
        $(#[$doc])*
        $vis struct $name<'a> { $($vis $field: $rust,)+ }

        impl diesel::query_builder::QueryId for $name<'_> {
            type QueryId = $name<'static>;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl diesel::query_builder::QueryFragment<diesel::pg::Pg> for $name<'_> {
            fn walk_ast<'b>(
                &'b self,
                mut pass: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
            ) -> diesel::QueryResult<()> {
                let mut pieces = $text.split('?');
                pass.push_sql(pieces.next().unwrap_or_default());
                $(
                    pass.push_bind_param::<$sql, _>(&self.$field)?;
                    pass.push_sql(pieces.next().unwrap_or_default());
                )+
                debug_assert!(pieces.next().is_none(), concat!(stringify!($name), " has more marks than binds"));
                Ok(())
            }
        }

        impl diesel::query_builder::Query for $name<'_> {
            type SqlType = $returns;
        }

        impl diesel::RunQueryDsl<diesel::PgConnection> for $name<'_> {}
    };
}

/// Makes a record of a row: a function of the row's columns, named as the record's fields are. What no column says stands
/// behind the semicolon.
///
/// ```text
/// let change = record!(OpenChange: repo, number, opened_at; teams: Vec::new());
/// rows.into_iter().map(change).collect()
/// ```
macro_rules! record {
    ($record:ident: $($column:ident),+ $(; $($field:ident: $value:expr),+)?) => {
        |($($column,)+)| $record { $($column,)+ $($($field: $value,)+)? }
    };
}
pub(crate) use record;
