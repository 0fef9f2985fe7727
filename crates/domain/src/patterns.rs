//! Names with stars: `prod`, `review/*`, `*checkout*`. A star stands for any text, also none and also slashes; case means
//! nothing. Matching looks at each letter once for each piece of the pattern, whatever the pattern.

pub(crate) mod regular;

use std::borrow::Cow;

/// A pattern for names, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pattern(String);

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        let mut plain = lowered(text).into_owned();
        while plain.contains("**") {
            plain = plain.replace("**", "*");
        }
        Self(plain)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it stands for one name only.
    pub(crate) fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }

    /// How many letters it names.
    pub(crate) fn letters(&self) -> usize {
        self.0.chars().filter(|c| *c != '*').count()
    }

    /// Whether it stands for this name, which must be [`lowered`].
    pub(crate) fn matches(&self, name: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else { return self.0 == name };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(inner) = name.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else { return false };
        let mut left = inner;
        middle.split('*').all(|piece| match left.find(piece) {
            Some(at) => {
                left = &left[at + piece.len()..];
                true
            }
            None => false,
        })
    }
}

/// A name as patterns are held against it.
pub(crate) fn lowered(name: &str) -> Cow<'_, str> {
    if name.chars().any(char::is_uppercase) { Cow::Owned(name.to_lowercase()) } else { Cow::Borrowed(name) }
}

/// Values by pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ByPattern<T>(pub(crate) std::collections::BTreeMap<Pattern, T>);

impl<T> Default for ByPattern<T> {
    fn default() -> Self {
        Self(std::collections::BTreeMap::new())
    }
}

impl<T> ByPattern<T> {
    /// The value of the name itself, else of the pattern that names most letters of it.
    pub(crate) fn best(&self, name: &str) -> Option<&T> {
        let matching = self.0.iter().filter(|(pattern, _)| pattern.matches(name));
        matching.max_by_key(|(pattern, _)| (pattern.is_exact(), pattern.letters())).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text() {
        for (pattern, name, matches) in [
            ("prod", "prod", true),
            ("Prod", "prod", true),
            ("prod", "product", false),
            ("*", "", true),
            ("review/*", "review/a/b", true),
            ("review/*", "review", false),
            ("*checkout*", "the checkout is down", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("a**c", "abc", true),
            ("*b*c*", "abcbc", true),
            ("é*", "éa", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(&lowered(name)), matches, "{pattern} on {name}");
        }
    }

    #[test]
    fn a_bad_pattern_takes_no_longer() {
        let pattern = Pattern::new(&"*a".repeat(90));
        assert!(!pattern.matches(&format!("{}b", "a".repeat(100_000))));
    }
}
