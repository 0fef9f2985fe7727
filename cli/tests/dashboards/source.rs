//! What stands in `grafana/sources`, and pieces of SQL put into their places.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use testkit::grafana::folder;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shared {
    pub(crate) sql: BTreeMap<String, String>,
    pub(crate) variables: BTreeMap<String, Variable>,
    pub(crate) annotations: BTreeMap<String, Annotation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Variable {
    pub(crate) label: String,
    pub(crate) description: Option<String>,
    pub(crate) sql: Option<String>,
    /// The first is the default.
    #[serde(default)]
    pub(crate) choices: Vec<String>,
    pub(crate) default: Option<String>,
    /// A metric and its label.
    pub(crate) label_values: Option<[String; 2]>,
    #[serde(default)]
    pub(crate) many: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Annotation {
    pub(crate) name: String,
    pub(crate) colour: String,
    pub(crate) sql: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dashboard {
    pub(crate) title: String,
    pub(crate) uid: String,
    pub(crate) description: String,
    pub(crate) range: String,
    pub(crate) refresh: Option<String>,
    pub(crate) variables: Vec<String>,
    #[serde(default)]
    pub(crate) annotations: Vec<String>,
    pub(crate) panel: Vec<Panel>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Stat,
    Lines,
    Bars,
    Points,
    Table,
    States,
    Shares,
    BarGauge,
    Gauge,
}

/// A panel, or the headline of a row of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Panel {
    pub(crate) row: Option<String>,
    #[serde(default)]
    pub(crate) title: String,
    pub(crate) kind: Option<Kind>,
    #[serde(default)]
    pub(crate) width: u64,
    #[serde(default)]
    pub(crate) height: u64,
    #[serde(default)]
    pub(crate) description: String,
    pub(crate) unit: Option<String>,
    pub(crate) sql: Option<String>,
    /// Of SQL: `table` when left out, or `time_series` for rows of (time, metric, value).
    pub(crate) format: Option<String>,
    pub(crate) promql: Option<String>,
    pub(crate) legend: Option<String>,
    #[serde(default)]
    pub(crate) queries: Vec<Query>,
    #[serde(default)]
    pub(crate) stacked: bool,
    #[serde(default)]
    pub(crate) log: bool,
    /// Draws the cuts of this metric's bands.
    pub(crate) cuts: Option<String>,
    /// Colours numbers by their size.
    #[serde(default)]
    pub(crate) heat: bool,
    /// By the name of a column, or of a series.
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, Field>,
    /// Units of series by a pattern of their names.
    #[serde(default)]
    pub(crate) axes: BTreeMap<String, String>,
    /// What values mean.
    #[serde(default)]
    pub(crate) words: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) instant: bool,
    pub(crate) warn_above: Option<f64>,
    /// A good day may leave it empty.
    #[serde(default)]
    pub(crate) may_be_empty: bool,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    pub(crate) promql: String,
    pub(crate) legend: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    pub(crate) name: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) decimals: Option<u64>,
    pub(crate) link: Option<String>,
    pub(crate) link_title: Option<String>,
    #[serde(default)]
    pub(crate) band: bool,
    #[serde(default)]
    pub(crate) verdict: bool,
    #[serde(default)]
    pub(crate) hidden: bool,
    /// What true is called; false is not shown.
    pub(crate) yes: Option<String>,
    pub(crate) colour: Option<String>,
    #[serde(default)]
    pub(crate) bars: bool,
}

impl Panel {
    /// Its expressions of PromQL, those that are written short and those that are listed.
    pub(crate) fn expressions(&self) -> Vec<Query> {
        let short = self.promql.iter().map(|promql| Query { promql: promql.clone(), legend: self.legend.clone() });
        short.chain(self.queries.iter().cloned()).collect()
    }
}

fn read<T: DeserializeOwned>(name: &str) -> T {
    let text = std::fs::read_to_string(folder("sources").join(format!("{name}.toml"))).expect("a source");
    toml::from_str(&text).unwrap_or_else(|error| panic!("grafana/sources/{name}.toml: {error}"))
}

pub(crate) fn shared() -> Shared {
    read("shared")
}

/// Every dashboard's source by its name.
pub(crate) fn dashboards() -> BTreeMap<String, Dashboard> {
    let entries = std::fs::read_dir(folder("sources")).expect("the sources").flatten();
    let names = entries.map(|entry| entry.path().file_stem().expect("a name").to_string_lossy().into_owned());
    names.filter(|name| name != "shared").map(|name| (name.clone(), read(&name))).collect()
}

impl Shared {
    /// A query with every `{{piece x}}` replaced, the innermost first.
    pub(crate) fn sql(&self, query: &str) -> String {
        let mut text = query.trim().to_owned();
        while let Some(end) = text.find("}}") {
            let start = text[..end].rfind("{{").unwrap_or_else(|| panic!("}}}} without its beginning in {query}"));
            let (name, of) = text[start + 2..end].split_once(' ').unwrap_or((&text[start + 2..end], "@"));
            let piece = self.sql.get(name).unwrap_or_else(|| panic!("no piece '{name}', as {query} wants"));
            let piece = piece.trim().replace('@', of);
            text.replace_range(start..end + 2, &piece);
        }
        text
    }
}
