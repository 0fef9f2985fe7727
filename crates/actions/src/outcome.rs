//! What became of a call, said so that who called knows whether it may be repeated.

use std::fmt;

use chrono::{DateTime, Utc};
use outbound::OutboundError;

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome<T> {
    Done(T),
    /// Nothing was done, and the same again will be refused again.
    Refused(Refused),
    /// Nothing was done: the other side wants to be left alone until then.
    Wait {
        until: DateTime<Utc>,
    },
    /// It may have been done or not: look before it is repeated.
    Unknown {
        why: String,
    },
    /// Nothing was done. The same again is safe and may succeed.
    Unreachable {
        why: String,
    },
}

/// Why it is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Of the other side; none when we refused ourselves.
    pub status: Option<u16>,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "{} ({status})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl<T> Outcome<T> {
    /// Refused by ourselves.
    pub fn refuse(message: impl Into<String>) -> Self {
        Self::Refused(Refused { status: None, message: message.into() })
    }

    pub fn map<U>(self, with: impl FnOnce(T) -> U) -> Outcome<U> {
        match self.found() {
            Ok(value) => Outcome::Done(with(value)),
            Err(other) => other,
        }
    }

    /// What was done, or the same outcome for a caller that wanted more: `match call.found() { Ok(…), Err(other) => return other }`.
    pub fn found<U>(self) -> Result<T, Outcome<U>> {
        match self {
            Self::Done(value) => Ok(value),
            Self::Refused(refused) => Err(Outcome::Refused(refused)),
            Self::Wait { until } => Err(Outcome::Wait { until }),
            Self::Unknown { why } => Err(Outcome::Unknown { why }),
            Self::Unreachable { why } => Err(Outcome::Unreachable { why }),
        }
    }
}

/// What a request that failed means. What only reads may always be repeated.
pub(crate) fn of_error<T>(error: &OutboundError, only_reads: bool) -> Outcome<T> {
    let why = error.kind().to_owned();
    match error {
        OutboundError::Barred { why } => Outcome::refuse(format!("the address is not called: {why}")),
        OutboundError::TooLarge { cap_bytes, .. } if only_reads => {
            Outcome::refuse(format!("the answer is larger than {cap_bytes} bytes"))
        }
        OutboundError::Header(_) => {
            Outcome::refuse("a token or key holds characters that no header takes: set it anew")
        }
        error if error.may_have_arrived() && !only_reads => Outcome::Unknown { why },
        _ => Outcome::Unreachable { why },
    }
}
