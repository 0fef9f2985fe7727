//! What a request asks for after its `?`: known names only, each once.
//!
//! A handler's parameters are a struct of texts that refuses unknown fields; `faults` reads the texts.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The parameters of a request.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest for Asked<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()).map(Self))
    }
}

/// Of a request that takes no parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoQuery {}

impl FromRequest for NoQuery {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()))
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    // PostgreSQL's texts cannot hold it, so that no value of ours does.
    if query.contains("%00") {
        return Err(fault("", "a parameter holds a NUL character".to_owned()));
    }
    web::Query::<T>::from_query(query).map(web::Query::into_inner).map_err(|error| {
        let text = error.to_string();
        let detail = text.rsplit_once("error: ").map_or(text.as_str(), |(_, detail)| detail).to_owned();
        let name = detail.split('`').nth(1).unwrap_or_default().to_owned();
        fault(&name, detail)
    })
}

fn fault(name: &str, detail: String) -> Problem {
    Problem::unfit(format!("/query/{name}"), detail)
}

/// A time as RFC 3339, or a date, which is its first moment in UTC. A plus sign that was not encoded arrives as a space.
pub(crate) fn time_of(text: &str) -> Option<DateTime<Utc>> {
    let text = text.replace(' ', "+");
    let moment = DateTime::parse_from_rfc3339(&text).ok().map(|time| time.to_utc());
    let moment = moment.or_else(|| text.parse::<NaiveDate>().ok().map(|date| date.and_time(NaiveTime::MIN).and_utc()));
    // Neither the database nor the clock's arithmetic goes as far as a year can be written.
    moment.filter(|time| (0..=9999).contains(&time.year()))
}

/// The entries of a comma list.
pub(crate) fn comma_list(value: Option<&str>) -> Vec<String> {
    let entries = value.unwrap_or_default().split(',').map(str::trim);
    entries.filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Two {
        repo: Option<String>,
        limit: Option<String>,
    }

    #[test]
    fn unknown_and_repeated_names_are_refused_and_the_known_ones_listed() {
        let two: Two = parse("repo=a%2Fb&limit=5").expect("parameters");
        assert_eq!((two.repo.as_deref(), two.limit.as_deref()), (Some("a/b"), Some("5")));
        let unknown = parse::<Two>("rep=x").expect_err("refused");
        assert!(unknown.detail().contains("`rep`") && unknown.detail().contains("`limit`"), "{}", unknown.detail());
        assert!(parse::<Two>("repo=a&repo=b").is_err());
        assert!(parse::<Two>("repo=a%00").is_err());
    }

    #[test]
    fn times_are_read_with_offsets_and_as_dates() {
        for (text, expected) in [
            ("2026-11-20T18:44:07Z", "2026-11-20T18:44:07Z"),
            ("2026-11-20T19:44:07+01:00", "2026-11-20T18:44:07Z"),
            ("2026-11-20T19:44:07 01:00", "2026-11-20T18:44:07Z"),
            ("2026-11-20", "2026-11-20T00:00:00Z"),
        ] {
            assert_eq!(time_of(text), expected.parse().ok(), "{text}");
        }
        for beyond in ["-262143-01-01", "+262142-12-31", "+10000-01-01T00:00:00Z"] {
            assert_eq!(time_of(beyond), None, "{beyond}");
        }
    }
}
