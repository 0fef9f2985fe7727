//! Why a backfill ends before its end. All of it can be gone on with: what was fetched is kept.

use std::time::Duration;

use outbound::OutboundError;
use store::StoreError;

/// What cannot be done, with what mends it.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    #[error("the database")]
    Store(#[from] StoreError),
    #[error("the API cannot be asked")]
    Outbound(#[from] OutboundError),
    #[error("the API does not take the token: set {setting} to one that may read the repository")]
    Unauthorized { setting: &'static str },
    #[error("there is no '{repo}', or {setting} may not read it")]
    NoRepository { repo: String, setting: &'static str },
    #[error("the API answered {status} to {url}: {said}")]
    Refused { status: u16, url: String, said: String },
    #[error("the API's next page is on another host, {url}: it is not followed, the token would go there")]
    Elsewhere { url: String },
    #[error("the API's answer to {url} cannot be read")]
    Unreadable { url: String },
    #[error("somebody else fetches the same until {until}; wait for it, or for that time if it was killed")]
    Held { until: String },
}

impl BackfillError {
    /// Whether it would be the same again: the job is over then.
    pub(super) fn is_lasting(&self) -> bool {
        matches!(self, Self::Unauthorized { .. } | Self::NoRepository { .. } | Self::Refused { status: 300..=499, .. })
    }
}

/// Why no more is fetched now.
#[derive(Debug)]
pub(super) enum Halt {
    /// Told to stop.
    Stopped,
    /// The pause that is due is longer than may be waited.
    TooLong {
        pause: Duration,
        why: &'static str,
    },
    /// The job is somebody else's now, or was ended.
    Lost,
    Failed(BackfillError),
}

impl<E: Into<BackfillError>> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}
