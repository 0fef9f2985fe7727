//! The dashboards of this repository as Grafana would show them, without a Grafana: what is in their files, the queries they
//! send, and a login like Grafana's own to send them with.

mod expand;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
pub use expand::{Chosen, View};
use serde_json::Value;

/// The uid of the data source that dashboards ask for SQL.
pub const POSTGRES: &str = "em-agent-postgres";
/// The uid of the data source that dashboards ask for PromQL.
pub const PROMETHEUS: &str = "em-agent-prometheus";

/// A folder of everything that Grafana reads, in the repository.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../grafana").join(name)
}

/// Every dashboard by the name of its file.
///
/// # Panics
/// On a file that is no JSON.
pub fn dashboards() -> BTreeMap<String, Value> {
    let entries = std::fs::read_dir(folder("dashboards")).expect("the dashboards").flatten();
    let files = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|word| word == "json"));
    let read = |path: PathBuf| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a dashboard");
        (name, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    };
    files.map(read).collect()
}

/// Panels of a dashboard that show something.
pub fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    list(&dashboard["panels"]).iter().filter(|panel| panel["type"] != "row")
}

/// Every SQL text of a dashboard with the place it stands in: panels, variables, annotations.
pub fn queries(dashboard: &Value) -> Vec<(String, String)> {
    let of_panels = panels(dashboard).flat_map(|panel| {
        list(&panel["targets"]).iter().map(|target| (text(&panel["title"]).to_owned(), target["rawSql"].as_str()))
    });
    let of_variables = list(&dashboard["templating"]["list"]).iter();
    let of_variables = of_variables.filter(|one| one["datasource"]["uid"] == POSTGRES && one["type"] == "query");
    let of_variables = of_variables.map(|one| (format!("variable {}", text(&one["name"])), one["query"].as_str()));
    let of_annotations = list(&dashboard["annotations"]["list"]).iter();
    let of_annotations =
        of_annotations.map(|one| (format!("annotation {}", text(&one["name"])), one["target"]["rawSql"].as_str()));
    let all = of_panels.chain(of_variables).chain(of_annotations);
    all.filter_map(|(place, sql)| Some((place, sql?.to_owned()))).collect()
}

/// A dashboard as it is opened first, over this many days.
pub fn opened(dashboard: &Value, to: DateTime<Utc>, days: i64) -> View {
    let variables = list(&dashboard["templating"]["list"]).iter().map(|variable| {
        let current = &variable["current"]["value"];
        let chosen = match (variable["allValue"].as_str(), current.as_str()) {
            (Some(all), _) => Chosen::All(all.to_owned()),
            (None, value) => Chosen::Values(vec![value.unwrap_or_default().to_owned()]),
        };
        (text(&variable["name"]).to_owned(), chosen)
    });
    View { from: to - TimeDelta::days(days), to, chosen: variables.collect() }
}

/// A word of JSON; nothing where there is none.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A list of JSON; an empty one where there is none.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A connection with what Grafana's login may do: read, and not for long.
pub struct Reader(PgConnection);

impl Reader {
    /// # Panics
    /// When there is no database at `url`.
    pub fn connect(url: &str) -> Self {
        let mut conn = PgConnection::establish(url).expect("a connection");
        // A zone of its own: what a query says must not hang on it.
        conn.batch_execute(
            "set role em_readonly; set default_transaction_read_only = on; set statement_timeout = '10s'; set timezone = 'Asia/Kolkata'",
        )
        .expect("the read-only role");
        Self(conn)
    }

    /// The rows of a query, as JSON; or what PostgreSQL says against it.
    pub fn rows(&mut self, sql: &str) -> Result<Vec<Value>, String> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            row: String,
        }
        let rows = sql_query(format!("select to_json(q)::text as row from ({sql}\n) q")).load::<Row>(&mut self.0);
        let rows = rows.map_err(|error| format!("{error}\n{sql}"))?;
        Ok(rows.iter().map(|row| serde_json::from_str(&row.row).expect("JSON")).collect())
    }
}
