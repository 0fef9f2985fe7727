//! The headers of a delivery, looked up without regard to case. A header that decides something must come once and
//! in plain ASCII: a proxy and we could otherwise read two different deliveries.

/// A view of a request's headers.
#[derive(Clone, Debug, Default)]
pub struct Headers<'a>(Vec<(&'a str, &'a [u8])>);

/// A header that decides something came twice or is not plain ASCII.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the header {name} {what}: send it once, in printable ASCII")]
pub struct HeaderFault {
    pub name: String,
    pub what: WhatIsWrong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhatIsWrong {
    Twice,
    NotAscii,
}

impl std::fmt::Display for WhatIsWrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Twice => "was sent more than once",
            Self::NotAscii => "is not plain ASCII",
        })
    }
}

impl<'a> FromIterator<(&'a str, &'a [u8])> for Headers<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a [u8])>>(headers: I) -> Self {
        Self(headers.into_iter().collect())
    }
}

impl<'a> Headers<'a> {
    /// The header's value, if it was sent.
    pub fn one(&self, name: &str) -> Result<Option<&'a str>, HeaderFault> {
        let mut values = self.all(name);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(HeaderFault { name: name.to_owned(), what: WhatIsWrong::Twice });
        }
        let plain = value.iter().all(|byte| (0x20..=0x7e).contains(byte));
        let text = if plain { std::str::from_utf8(value).ok() } else { None };
        text.map(Some).ok_or_else(|| HeaderFault { name: name.to_owned(), what: WhatIsWrong::NotAscii })
    }

    /// Whether the header was sent at all.
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    fn all<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + 'n {
        self.0.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}
