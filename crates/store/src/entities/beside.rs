//! Tables of the same names beside the real ones, filled by the same statements, and what they differ in taken over.
//!
//! The tables beside are temporary, and found before the real ones until the transaction ends. Where the real ones are
//! empty there is nothing to compare: then they are filled themselves.

use diesel::connection::SimpleConnection;
use diesel::sql_types::{Bool, Text};
use diesel::{PgConnection, RunQueryDsl, sql_query};

use crate::StoreError;

/// All tables that events are summed up in.
const TABLES: [&str; 14] = [
    "commits",
    "commit_edges",
    "branch_commits",
    "ref_moves",
    "changes",
    "deployments",
    "deployment_statuses",
    "deployment_components",
    "deployment_images",
    "deployment_contents",
    "artifacts",
    "incidents",
    "incident_links",
    "quality_reports",
];

/// What the catalog says of a row, not its events: it stays as it is, and who asks the catalog writes it anew.
const OF_THE_CATALOG: &str = "counted_";

/// Where the sums go.
pub(super) enum Beside {
    /// Into the real tables: they are empty.
    Nowhere,
    Tables(Vec<Table>),
}

/// A table with the columns that its events decide about.
pub(super) struct Table {
    /// With its schema.
    name: String,
    beside: &'static str,
    keys: Vec<String>,
    values: Vec<Value>,
}

struct Value {
    column: String,
    /// Has no equality of its own: its text is compared.
    is_json: bool,
}

/// Keeps writers away from the real tables, and makes empty ones beside them where they hold anything.
pub(super) fn begin(conn: &mut PgConnection) -> Result<Beside, StoreError> {
    conn.batch_execute(&format!("lock table {} in share row exclusive mode", TABLES.join(", ")))?;
    let any = TABLES.map(|table| format!("exists (select from {table})")).join(" or ");
    let is_filled: Answer = sql_query(format!("select {any} as is_so")).get_result(conn)?;
    if !is_filled.is_so {
        return Ok(Beside::Nowhere);
    }
    let tables = TABLES.iter().map(|name| Table::read(conn, name)).collect::<Result<Vec<_>, _>>()?;
    for table in &tables {
        conn.batch_execute(&table.creation())?;
    }
    conn.batch_execute("set local search_path = pg_temp, public")?;
    Ok(Beside::Tables(tables))
}

impl Beside {
    /// Takes over what differs. From here on the real tables are found again.
    pub(super) fn settle(self, conn: &mut PgConnection) -> Result<(), StoreError> {
        let Self::Tables(tables) = self else { return Ok(()) };
        for table in &tables {
            conn.batch_execute(&table.settlement())?;
        }
        Ok(conn.batch_execute("set local search_path to default")?)
    }
}

#[derive(diesel::QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    is_so: bool,
}

#[derive(diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    is_key: bool,
    #[diesel(sql_type = Bool)]
    is_json: bool,
}

impl Table {
    fn read(conn: &mut PgConnection, table: &'static str) -> Result<Self, StoreError> {
        let columns: Vec<Column> = sql_query(
            "select quote_ident(a.attname) as name, a.attnum = any (k.conkey) as is_key, a.atttypid = 'json'::regtype as is_json
             from pg_attribute a join pg_constraint k on k.conrelid = a.attrelid and k.contype = 'p'
             where a.attrelid = ('public.' || $1)::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum",
        )
        .bind::<Text, _>(table)
        .load(conn)?;
        let (keys, values): (Vec<Column>, Vec<Column>) = columns.into_iter().partition(|column| column.is_key);
        let of_events = values.into_iter().filter(|column| !column.name.starts_with(OF_THE_CATALOG));
        Ok(Self {
            name: format!("public.{table}"),
            beside: table,
            keys: keys.into_iter().map(|column| column.name).collect(),
            values: of_events.map(|column| Value { column: column.name, is_json: column.is_json }).collect(),
        })
    }

    fn creation(&self) -> String {
        let (beside, name, keys) = (self.beside, &self.name, self.keys.join(", "));
        format!(
            "create temporary table {beside} (like {name}) on commit drop;
             alter table pg_temp.{beside} add primary key ({keys});"
        )
    }

    /// Deletes what is there no more, then writes what is new or another than it was.
    fn settlement(&self) -> String {
        let (beside, name, keys) = (self.beside, &self.name, self.keys.join(", "));
        let columns: Vec<&String> = self.keys.iter().chain(self.values.iter().map(|value| &value.column)).collect();
        let all = each(&columns, |column| (*column).clone(), ", ");
        let news = each(&columns, |column| format!("n.{column}"), ", ");
        let same = each(&self.keys, |key| format!("t.{key} = n.{key}"), " and ");
        let ordered = each(&self.keys, |key| format!("n.{key}"), ", ");
        let is_new = each(&self.keys, |key| format!("t.{key} is null"), " and ");
        let differs: String = self.values.iter().map(Value::differs).collect();
        let set = each(&self.values, |value| format!("{0} = excluded.{0}", value.column), ", ");
        let otherwise = if set.is_empty() { "nothing".to_owned() } else { format!("update set {set}") };
        format!(
            "analyze pg_temp.{beside};
             delete from {name} t where not exists (select from pg_temp.{beside} n where {same});
             insert into {name} ({all}) select {news} from pg_temp.{beside} n left join {name} t on {same}
             where ({is_new}){differs} order by {ordered} on conflict ({keys}) do {otherwise};
             drop table pg_temp.{beside};"
        )
    }
}

impl Value {
    fn differs(&self) -> String {
        let (column, text) = (&self.column, if self.is_json { "::text" } else { "" });
        format!(" or t.{column}{text} is distinct from n.{column}{text}")
    }
}

fn each<T>(all: &[T], told: impl Fn(&T) -> String, between: &str) -> String {
    all.iter().map(told).collect::<Vec<_>>().join(between)
}
