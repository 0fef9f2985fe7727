//! What Grafana does to a query before PostgreSQL sees it, as its documentation says: the browser puts variables in, the
//! server expands macros.
//!
//! Variables: <https://grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax/>. Macros:
//! <https://grafana.com/docs/grafana/latest/datasources/postgres/>.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// What is chosen for a variable.
#[derive(Clone, Debug)]
pub enum Chosen {
    /// "All", for which the variable has a text of its own: it is put in as it is, whatever the format.
    All(String),
    Values(Vec<String>),
}

/// A dashboard as somebody looks at it.
#[derive(Clone, Debug)]
pub struct View {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub chosen: BTreeMap<String, Chosen>,
}

/// A panel is about this many pixels wide: Grafana's interval is the range divided by it.
const PIXELS: i32 = 1_000;

impl View {
    /// The same with other values chosen for a variable.
    pub fn choosing(&self, name: &str, values: &[&str]) -> Self {
        let mut view = self.clone();
        view.chosen.insert(name.to_owned(), Chosen::Values(values.iter().map(|value| (*value).to_owned()).collect()));
        view
    }

    /// The query as PostgreSQL would get it, or why Grafana could not make it.
    pub fn sql(&self, query: &str) -> Result<String, String> {
        self.macros(&self.variables(query)?)
    }

    /// Replaces `${name:format}`. Anything that Grafana would not quote has no place in SQL and is refused.
    fn variables(&self, query: &str) -> Result<String, String> {
        let mut text = String::new();
        let mut rest = query;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').ok_or("a variable does not end")?;
            let (name, format) = name.split_once(':').ok_or_else(|| format!("${{{name}}} has no format"))?;
            let chosen = self.chosen.get(name).ok_or_else(|| format!("no variable '{name}'"))?;
            text.push_str(before);
            text.push_str(&interpolated(chosen, format)?);
            rest = after;
        }
        text.push_str(rest);
        Ok(text)
    }

    fn macros(&self, query: &str) -> Result<String, String> {
        let interval = (self.to - self.from) / PIXELS;
        let mut text = query
            .replace("$__interval_ms", &interval.num_milliseconds().to_string())
            .replace("$__interval", &format!("{}s", interval.num_seconds().max(1)));
        while let Some(start) = text.find("$__") {
            let open = start + text[start..].find('(').ok_or("a macro without its parentheses")?;
            let close = closing(&text, open).ok_or("a macro does not end")?;
            let arguments: Vec<String> =
                text[open + 1..close].split(',').map(|one| one.trim().trim_matches('\'').to_owned()).collect();
            let expanded = self.expanded(&text[start + 3..open], &arguments)?;
            text.replace_range(start..=close, &expanded);
        }
        Ok(text)
    }

    fn expanded(&self, name: &str, arguments: &[String]) -> Result<String, String> {
        let moment = |at: DateTime<Utc>| format!("'{}'", at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        let (from, to) = (moment(self.from), moment(self.to));
        let (from_s, to_s) = (self.from.timestamp(), self.to.timestamp());
        let first = arguments.first().map(String::as_str).unwrap_or_default();
        Ok(match name {
            "time" => format!("{first} AS \"time\""),
            "timeEpoch" => format!("extract(epoch from {first}) as \"time\""),
            "timeFilter" => format!("{first} BETWEEN {from} AND {to}"),
            "timeFrom" => from,
            "timeTo" => to,
            "timeGroup" => group(&format!("extract(epoch from {first})"), arguments)?,
            "timeGroupAlias" => group(&format!("extract(epoch from {first})"), arguments)? + " AS \"time\"",
            "unixEpochFilter" => format!("{first} >= {from_s} AND {first} <= {to_s}"),
            "unixEpochFrom" => from_s.to_string(),
            "unixEpochTo" => to_s.to_string(),
            "unixEpochGroup" => group(first, arguments)?,
            "unixEpochGroupAlias" => group(first, arguments)? + " AS \"time\"",
            other => return Err(format!("no macro $__{other}")),
        })
    }
}

fn interpolated(chosen: &Chosen, format: &str) -> Result<String, String> {
    let values = match chosen {
        Chosen::All(text) => return Ok(text.clone()),
        Chosen::Values(values) => values,
    };
    match format {
        "sqlstring" => {
            Ok(values.iter().map(|one| format!("'{}'", one.replace('\'', "''"))).collect::<Vec<_>>().join(","))
        }
        other => Err(format!("the format '{other}' does not quote for SQL")),
    }
}

fn group(seconds: &str, arguments: &[String]) -> Result<String, String> {
    let step = arguments.get(1).ok_or("a group without its interval")?;
    let (number, unit) = step.split_at(step.find(|one: char| !one.is_ascii_digit()).unwrap_or(step.len()));
    let of_unit = match unit {
        "s" => TimeDelta::seconds(1),
        "m" => TimeDelta::minutes(1),
        "h" => TimeDelta::hours(1),
        "d" => TimeDelta::days(1),
        "w" => TimeDelta::weeks(1),
        other => return Err(format!("no interval in '{other}'")),
    };
    let step = of_unit.num_seconds() * number.parse::<i64>().map_err(|error| error.to_string())?;
    Ok(format!("floor(({seconds})/{step})*{step}"))
}

fn closing(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0_i32;
    text[open..].char_indices().find_map(|(at, one)| {
        depth += match one {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        (depth == 0).then_some(open + at)
    })
}

#[test]
fn queries_become_what_grafana_documents() {
    let chosen = [
        ("service", Chosen::Values(vec!["shop".to_owned(), "O'Brien's".to_owned()])),
        ("team", Chosen::All("'*'".to_owned())),
    ];
    let view = View {
        from: "2026-10-01T00:00:00Z".parse().expect("a time"),
        to: "2026-10-01T01:00:00Z".parse().expect("a time"),
        chosen: chosen.into_iter().map(|(name, chosen)| (name.to_owned(), chosen)).collect(),
    };
    for (written, sent) in [
        ("$__timeFilter(at)", "at BETWEEN '2026-10-01T00:00:00Z' AND '2026-10-01T01:00:00Z'"),
        ("$__timeFrom()::timestamptz", "'2026-10-01T00:00:00Z'::timestamptz"),
        ("$__timeGroup(at, '5m')", "floor((extract(epoch from at))/300)*300"),
        ("$__timeGroupAlias(at,$__interval)", "floor((extract(epoch from at))/3)*3 AS \"time\""),
        ("$__unixEpochFilter(at)", "at >= 1790812800 AND at <= 1790816400"),
        ("x in (${service:sqlstring})", "x in ('shop','O''Brien''s')"),
        ("'*' in (${team:sqlstring})", "'*' in ('*')"),
    ] {
        assert_eq!(view.sql(written).as_deref(), Ok(sent));
    }
    for refused in ["${service}", "${service:raw}", "${nobody:sqlstring}", "$__nothing(x)"] {
        assert!(view.sql(refused).is_err(), "{refused}");
    }
}
