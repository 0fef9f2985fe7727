//! Why a command changes nothing, in words for the person who gave it.

use chrono::{DateTime, Utc};

use super::{Choice, Status};
use crate::event::rfc3339;

/// A command that is refused. The words are for people and show nothing that they may not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It ended another way before.
    #[error("This is {status} already{}; a decision stands once it is made", signed(.by.as_deref()))]
    Decided { status: Status, by: Option<String> },
    /// The same person said the contrary before.
    #[error("You said {said} before; a vote stands once it is given")]
    Voted { said: Choice },
    #[error("Its time ran out at {}; ask for it anew", rfc3339(*.at))]
    Late { at: DateTime<Utc> },
    #[error("What is asked for has changed since you looked; look again and decide then")]
    Changed,
    #[error("You asked for this; somebody else must approve it")]
    Requester,
    #[error("You wrote some of this; somebody else must approve it")]
    Author,
    #[error("A bot cannot decide this; a person must")]
    Bot,
    /// None of the requirements can be met by this person.
    #[error("You may not decide this: it takes {takes}")]
    NotAsked { takes: String },
    #[error("Say why you {choice} this; its policy asks for a reason")]
    ReasonNeeded { choice: Choice },
    #[error("Say why you override this; an override needs a reason")]
    OverrideReasonNeeded,
    #[error("You may not override this; it takes the role {}", .roles.join(" or "))]
    NotOverriding { roles: Vec<String> },
    #[error("Only who asked for this can take it back, or who may override it")]
    NotYours,
    #[error("No policy approves this by itself; people must")]
    NotAutomatic,
    #[error("It has time until {}", rfc3339(*.until))]
    TooEarly { until: DateTime<Utc> },
    #[error("It still waits for a decision; there is nothing to ask anew")]
    StillOpen,
}

impl Refusal {
    /// It clashes with what was decided, said or changed before: trying again cannot help.
    pub fn is_conflict(&self) -> bool {
        use Refusal::{Changed, Decided, Late, StillOpen, TooEarly, Voted};
        matches!(self, Decided { .. } | Voted { .. } | Late { .. } | Changed | TooEarly { .. } | StillOpen)
    }

    /// The command lacks something: the same person may give it again with a reason.
    pub fn is_incomplete(&self) -> bool {
        matches!(self, Self::ReasonNeeded { .. } | Self::OverrideReasonNeeded)
    }

    /// A word for logs, metrics and the audit.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Decided { .. } => "decided",
            Self::Voted { .. } => "voted",
            Self::Late { .. } => "late",
            Self::Changed => "changed",
            Self::Requester => "requester",
            Self::Author => "author",
            Self::Bot => "bot",
            Self::NotAsked { .. } => "not_asked",
            Self::ReasonNeeded { .. } => "reason_needed",
            Self::OverrideReasonNeeded => "override_reason_needed",
            Self::NotOverriding { .. } => "not_overriding",
            Self::NotYours => "not_yours",
            Self::NotAutomatic => "not_automatic",
            Self::TooEarly { .. } => "too_early",
            Self::StillOpen => "still_open",
        }
    }
}

fn signed(who: Option<&str>) -> String {
    who.map(|who| format!(", by {who}")).unwrap_or_default()
}
