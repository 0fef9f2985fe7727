//! What can go wrong with one try, and what follows from it. Nothing of a provider's text is repeated: it may hold keys and
//! what it was asked.

use std::time::Duration;

use genai::Error;
use genai::webc;

/// Why a try brought no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Come again, after so long where it says so.
    Busy(Option<Duration>),
    /// It failed by itself, with this status.
    Failed(u16),
    NoConnection,
    NoAnswer,
    /// The prompt is longer than it takes.
    TooLong,
    /// Its filter steps in.
    Filtered,
    /// It takes neither this key nor this request, and will not the next time.
    Denied(u16),
    /// The answer is none of the protocol.
    Unfit,
    /// It failed too often to be asked now.
    LeftAlone,
}

impl Trouble {
    pub(crate) fn of(error: &Error) -> Self {
        let status = error.status().map(|status| status.as_u16());
        match status {
            Some(status @ (400 | 413 | 422)) => Self::of_text(status, body(error)),
            Some(429) => Self::Busy(after(error)),
            Some(status @ (408 | 425 | 500..)) => Self::of_failure(status, after(error)),
            Some(status) => Self::Denied(status),
            None => Self::of_transport(error),
        }
    }

    fn of_failure(status: u16, after: Option<Duration>) -> Self {
        if after.is_some() { Self::Busy(after) } else { Self::Failed(status) }
    }

    /// Whether a request cannot be taken for its length or its contents: each says it in its own words.
    fn of_text(status: u16, text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let has = |marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
        let long = [
            "context_length_exceeded",
            "context length",
            "context window",
            "prompt is too long",
            "maximum number of tokens",
            "too many tokens",
        ];
        if status == 413 || has(&long) {
            Self::TooLong
        } else if has(&["content_filter", "content_policy", "responsibleaipolicy"]) {
            Self::Filtered
        } else {
            Self::Denied(status)
        }
    }

    fn of_transport(error: &Error) -> Self {
        match error {
            Error::WebModelCall { webc_error: webc::Error::Reqwest(error), .. } if error.is_timeout() => Self::NoAnswer,
            Error::WebModelCall { webc_error: webc::Error::Reqwest(_), .. } => Self::NoConnection,
            _ => Self::Unfit,
        }
    }

    /// Whether the same may work a little later.
    pub(crate) fn passes(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Failed(_) | Self::NoConnection | Self::NoAnswer)
    }

    /// Whether it says that the model is not well, and not that the request was not.
    pub(crate) fn is_of_the_model(&self) -> bool {
        self.passes() || matches!(self, Self::Unfit | Self::Denied(401 | 403 | 404))
    }

    /// As rows, metrics and spans name it.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Busy(_) => "busy",
            Self::Failed(_) => "failed",
            Self::NoConnection => "no_connection",
            Self::NoAnswer => "timeout",
            Self::TooLong => "too_long",
            Self::Filtered => "refused",
            Self::Denied(_) => "denied",
            Self::Unfit => "unfit",
            Self::LeftAlone => "left_alone",
        }
    }

    /// For people.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Busy(_) => "it has too much to do (429)".to_owned(),
            Self::Failed(status) => format!("it failed ({status})"),
            Self::NoConnection => "there is no connection to its address".to_owned(),
            Self::NoAnswer => "no answer came in time (AGENT_LLM_TIMEOUT_SECONDS)".to_owned(),
            Self::TooLong => "the prompt is longer than it takes".to_owned(),
            Self::Filtered => "its content filter stepped in".to_owned(),
            Self::Denied(status @ (401 | 403)) => {
                format!("it does not take the key ({status}): set its provider's key anew")
            }
            Self::Denied(404) => {
                "it does not know the model or the path (404): correct the model's name or its base URL".to_owned()
            }
            Self::Denied(status) => format!("it does not take the request ({status})"),
            Self::Unfit => "the answer is none of its protocol: does the base URL lead to a model server?".to_owned(),
            Self::LeftAlone => "it failed several times in a row and is left alone for half a minute".to_owned(),
        }
    }
}

fn body(error: &Error) -> &str {
    match error {
        Error::HttpError { body, .. }
        | Error::WebModelCall { webc_error: webc::Error::ResponseFailedStatus { body, .. }, .. } => body,
        _ => "",
    }
}

/// `Retry-After` in seconds.
fn after(error: &Error) -> Option<Duration> {
    let value = error.headers()?.get("retry-after")?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}
