//! How a vendor takes our answers, as data: how long it waits, and what it does when we refuse or fail.

/// A vendor's way with the receiver's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manners {
    /// Within how many seconds it wants an answer; `None`: it does not say.
    pub deadline_seconds: Option<u16>,
    /// After a status from 400 to 499, but 429.
    pub refused: After,
    /// After 429.
    pub limited: After,
    /// After a status from 500 on, or none in time.
    pub failed: After,
    /// What else matters, for its page.
    pub note: &'static str,
}

/// What a vendor does after an answer that is no success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The delivery is lost, unless a person sends it again.
    GivesUp,
    /// It comes again by itself.
    Retries,
    /// Several such answers switch the webhook off for good.
    Disables,
    /// Several such answers switch the webhook off for a while.
    Pauses,
    /// The vendor does not say.
    Unknown,
}

impl Manners {
    pub const UNKNOWN: Self = Self {
        deadline_seconds: None,
        refused: After::Unknown,
        limited: After::Unknown,
        failed: After::Unknown,
        note: "",
    };

    /// Whether a delivery over the limit comes again only when it is answered 503 rather than 429.
    pub fn wants_503_over_limit(&self) -> bool {
        self.limited != After::Retries && matches!(self.failed, After::Retries | After::Pauses)
    }
}
