//! Tags and labels by which people say what an alert is about: `service:shop`, `env:production`.

use crate::drafts::{self, LABEL, MOST_LABELS, NAME};

/// What things that are watched are called, the most telling name first.
const SERVICE: [&str; 3] = ["service", "app", "job"];
const ENVIRONMENT: [&str; 2] = ["environment", "env"];

/// Names with their values, as a source gives them.
#[derive(Debug, Default)]
pub(crate) struct Tags<'t>(Vec<(&'t str, &'t str)>);

impl<'t> Tags<'t> {
    pub(crate) fn of(pairs: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// Of tags that are one text each, `service:shop`. One without a colon is a name without a value.
    pub(crate) fn split(tags: impl IntoIterator<Item = &'t str>) -> Self {
        let tags = tags.into_iter().map(str::trim).filter(|tag| !tag.is_empty());
        Self(tags.map(|tag| tag.split_once(':').unwrap_or((tag, ""))).collect())
    }

    /// The value of a name. Where it has several, nobody knows which is meant.
    pub(crate) fn get(&self, name: &str) -> Option<&'t str> {
        let mut values = self.0.iter().filter(|(known, value)| *known == name && !value.is_empty());
        let (_, value) = values.next()?;
        values.all(|(_, other)| other == value).then_some(value)
    }

    pub(crate) fn service(&self) -> Option<String> {
        self.first(&SERVICE)
    }

    pub(crate) fn environment(&self) -> Option<String> {
        self.first(&ENVIRONMENT)
    }

    /// All of them as `name:value`, each once, fit to leave the delivery's row.
    pub(crate) fn labels(&self) -> Vec<String> {
        let mut text = String::new();
        let mut labels = Vec::with_capacity(self.0.len().min(MOST_LABELS));
        let once = self.0.iter().enumerate().filter(|(place, tag)| !self.0[..*place].contains(tag));
        for (_, (name, value)) in once.take(MOST_LABELS) {
            text.clear();
            text.push_str(name);
            if !value.is_empty() {
                text.push(':');
                text.push_str(value);
            }
            labels.extend(drafts::plain(Some(&text), LABEL));
        }
        labels
    }

    fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| drafts::plain(self.get(name), NAME))
    }
}
