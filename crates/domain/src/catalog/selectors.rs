//! What a thing is recognized by: `{integration: pagerduty, service: "Checkout*"}`. All fields must fit; of a field's
//! list any.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::{DeploymentNamed, IncidentNamed};
use crate::patterns::{Pattern, lowered};

/// What a selector may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    Integration,
    Repo,
    Service,
    Environment,
    Title,
    Severity,
    Labels,
    Id,
}

impl Field {
    pub(super) const OF_DEPLOYMENTS: &[Self] =
        &[Self::Integration, Self::Repo, Self::Service, Self::Environment, Self::Title];
    pub(super) const OF_INCIDENTS: &[Self] = &[
        Self::Integration,
        Self::Repo,
        Self::Service,
        Self::Environment,
        Self::Title,
        Self::Severity,
        Self::Labels,
        Self::Id,
    ];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Integration => "integration",
            Self::Repo => "repo",
            Self::Service => "service",
            Self::Environment => "environment",
            Self::Title => "title",
            Self::Severity => "severity",
            Self::Labels => "labels",
            Self::Id => "id",
        }
    }
}

/// The fields that must fit, each with what fits.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Selector(pub(super) BTreeMap<Field, BTreeSet<Pattern>>);

impl Selector {
    pub(super) fn matches(&self, named: &Named<'_>) -> bool {
        self.0.iter().all(|(field, patterns)| {
            named.0.iter().any(|(of, value)| of == field && patterns.iter().any(|pattern| pattern.matches(value)))
        })
    }

    /// The more specific one is greater: more fields, more of them exact, more letters. Which integration it is says
    /// little and decides last.
    pub(super) fn specificity(&self, other: &Self) -> Ordering {
        self.weight().cmp(&other.weight())
    }

    fn weight(&self) -> (usize, usize, usize, usize) {
        let telling = || self.0.iter().filter(|(field, _)| **field != Field::Integration).map(|(_, patterns)| patterns);
        let exact = telling().filter(|patterns| patterns.iter().all(Pattern::is_exact)).count();
        let letters = telling().map(|patterns| patterns.iter().map(Pattern::letters).min().unwrap_or(0)).sum();
        (telling().count(), exact, letters, self.0.len())
    }
}

/// A thing's values by field, in lower case.
#[derive(Debug)]
pub(super) struct Named<'a>(Vec<(Field, Cow<'a, str>)>);

impl<'a> Named<'a> {
    pub(super) fn deployment(named: &DeploymentNamed<'a>) -> Self {
        Self::of([
            (Field::Integration, Some(named.integration)),
            (Field::Repo, named.repo),
            (Field::Service, named.service),
            (Field::Environment, named.environment),
            (Field::Title, named.title),
        ])
    }

    pub(super) fn incident(named: &IncidentNamed<'a>) -> Self {
        let mut all = Self::of([
            (Field::Integration, Some(named.integration)),
            (Field::Repo, named.repo),
            (Field::Service, named.service),
            (Field::Environment, named.environment),
            (Field::Title, named.title),
            (Field::Severity, named.severity),
            (Field::Id, Some(named.id)),
        ]);
        all.0.extend(named.labels.iter().map(|label| (Field::Labels, lowered(label))));
        all
    }

    fn of<const N: usize>(values: [(Field, Option<&'a str>); N]) -> Self {
        Self(values.into_iter().filter_map(|(field, value)| Some((field, lowered(value?)))).collect())
    }
}
