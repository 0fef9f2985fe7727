//! What all metrics calls take: the range, what is counted in it, whose days they are, how long to wait.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::data::Tier;
use store::metrics::Slice;

use crate::faults::Faults;
use crate::query::comma_list;

const USUAL_DAYS: i64 = 30;
/// A century.
const MOST_DAYS: i64 = 36_525;

/// Makes the parameters of a call: those that every metrics call takes, and its own.
macro_rules! metrics_query {
    ($(#[$doc:meta])* $name:ident { $($(#[$own:meta])* $field:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(crate) struct $name {
            /// The last so many days; 30 unless `from` is given.
            days: Option<String>,
            /// At or after this time (RFC 3339, or a date).
            from: Option<String>,
            /// Before this time; now unless given.
            to: Option<String>,
            /// Comma list of services.
            service: Option<String>,
            /// Comma list of teams: the service's owner at that time.
            team: Option<String>,
            /// Comma list of `owner/name`.
            repo: Option<String>,
            /// Name of the environment.
            environment: Option<String>,
            /// Comma list of `production`, `staging`, `testing`, `development`, `other`; `production` unless this or
            /// `environment` is given.
            tier: Option<String>,
            /// Whose days: an IANA name like `Europe/Berlin`; UTC unless given.
            tz: Option<String>,
            /// Waits until everything received has been computed, so many seconds at most, up to 30.
            wait: Option<String>,
            $($(#[$own])* $field: Option<String>,)*
        }

        impl $name {
            /// What it has in common with all others.
            fn asked(&self) -> $crate::api::metrics::query::Common<'_> {
                $crate::api::metrics::query::Common {
                    days: self.days.as_deref(),
                    from: self.from.as_deref(),
                    to: self.to.as_deref(),
                    service: self.service.as_deref(),
                    team: self.team.as_deref(),
                    repo: self.repo.as_deref(),
                    environment: self.environment.as_deref(),
                    tier: self.tier.as_deref(),
                    tz: self.tz.as_deref(),
                }
            }
        }
    };
}
pub(super) use metrics_query;

/// The same of a call that answers with pages of rows.
macro_rules! rows_query {
    ($(#[$doc:meta])* $name:ident { $($(#[$own:meta])* $field:ident,)* }) => {
        $crate::api::metrics::query::metrics_query! {
            $(#[$doc])*
            $name {
                $($(#[$own])* $field,)*
                /// Rows of a page, 1 to 200; 50 unless given.
                limit,
                /// `next_cursor` of the page before, with the same filters.
                cursor,
            }
        }

        impl $name {
            /// What it asks of a list. `own` are the call's own parameters: a cursor belongs to them.
            fn of<O>(&self, list: &'static str, own: O) -> $crate::api::metrics::lists::Asking<'_, O> {
                $crate::api::metrics::lists::Asking {
                    list,
                    common: self.asked(),
                    own,
                    limit: self.limit.as_deref(),
                    cursor: self.cursor.as_deref(),
                    wait: self.wait.as_deref(),
                }
            }
        }
    };
}
pub(super) use rows_query;

/// The texts of the parameters that every call takes. Its `Debug` binds a cursor to them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Common<'a> {
    pub(super) days: Option<&'a str>,
    pub(super) from: Option<&'a str>,
    pub(super) to: Option<&'a str>,
    pub(super) service: Option<&'a str>,
    pub(super) team: Option<&'a str>,
    pub(super) repo: Option<&'a str>,
    pub(super) environment: Option<&'a str>,
    pub(super) tier: Option<&'a str>,
    pub(super) tz: Option<&'a str>,
}

/// What they mean.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Range {
    pub(super) slice: Slice,
    pub(super) zone: Tz,
}

impl Common<'_> {
    pub(super) fn read(&self, faults: &mut Faults, now: DateTime<Utc>) -> Range {
        if self.days.is_some() && self.from.is_some() {
            faults.add("days", "give `days` or `from`, not both");
        }
        let days = faults.number("days", self.days, 1..=MOST_DAYS, USUAL_DAYS);
        let to = faults.time("to", self.to).unwrap_or(now);
        let from = faults.time("from", self.from).unwrap_or_else(|| to - TimeDelta::days(days));
        if from > to {
            faults.add("from", "`from` must not be after `to`");
        }
        let zone = self.tz.unwrap_or("UTC").parse();
        if zone.is_err() {
            faults.add("tz", "`tz` is an IANA name like Europe/Berlin");
        }
        let slice = Slice {
            from,
            to,
            tiers: self.tiers(faults),
            services: comma_list(self.service),
            teams: comma_list(self.team),
            repos: comma_list(self.repo),
            environment: self.environment.map(str::to_owned),
        };
        Range { slice, zone: zone.unwrap_or(Tz::UTC) }
    }

    /// Who names an environment means that one, whatever it is for.
    fn tiers(&self, faults: &mut Faults) -> Vec<String> {
        let known = Tier::ALL.map(|(_, word)| word);
        let asked = comma_list(self.tier);
        let read: Vec<String> =
            asked.iter().filter_map(|tier| faults.word("tier", Some(tier), &known)).map(str::to_owned).collect();
        match (asked.is_empty(), self.environment) {
            (false, _) => read,
            (true, Some(_)) => known.map(str::to_owned).to_vec(),
            (true, None) => vec![Tier::Production.as_str().to_owned()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-21T12:00:00Z".parse().expect("a time")
    }

    #[test]
    fn a_range_is_the_last_thirty_days_of_production_unless_given() {
        let mut faults = Faults::of_query();
        let usual = Common::default().read(&mut faults, now());
        assert_eq!((usual.slice.to - usual.slice.from, usual.zone), (TimeDelta::days(30), Tz::UTC));
        assert_eq!(usual.slice.tiers, ["production"]);
        let named = Common { environment: Some("qa-2"), ..Common::default() }.read(&mut faults, now());
        assert_eq!(named.slice.tiers.len(), Tier::ALL.len());
        let several = Common { tier: Some("staging, testing"), service: Some("a,b"), ..Common::default() };
        let several = several.read(&mut faults, now()).slice;
        assert_eq!(
            (several.tiers, several.services),
            (vec!["staging".into(), "testing".into()], vec!["a".into(), "b".into()])
        );
        assert!(faults.none().is_ok());
    }

    #[test]
    fn everything_that_does_not_fit_is_named() {
        let mut faults = Faults::of_query();
        let wrong = Common { tz: Some("Mars/North"), days: Some("0"), tier: Some("prod"), ..Common::default() };
        wrong.read(&mut faults, now());
        let both = Common { days: Some("3"), from: Some("2026-12-01"), ..Common::default() };
        both.read(&mut faults, now());
        assert!(!faults.flag("exclude_bots", Some("yes"), false));
        let problem = faults.none().expect_err("refused");
        for name in ["tz", "days", "tier", "from", "exclude_bots"] {
            assert!(problem.detail().contains(&format!("`{name}`")), "{name}: {}", problem.detail());
        }
    }
}
