//! How deliveries end: under what each is counted, and what the sender of one that is turned away is told.

use integrations::Refusal;

use crate::problem::{Code, Problem};
use crate::writer::NotKept;

/// How a delivery ended, as `webhook_deliveries_total{result}` counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Accepted,
    Unmapped,
    Duplicate,
    Handshake,
    RejectedSignature,
    RejectedLimit,
    RejectedSize,
    RejectedParse,
    Disabled,
    Failed,
}

impl Ending {
    pub(crate) const ALL: [Ending; 10] = [
        Self::Accepted,
        Self::Unmapped,
        Self::Duplicate,
        Self::Handshake,
        Self::RejectedSignature,
        Self::RejectedLimit,
        Self::RejectedSize,
        Self::RejectedParse,
        Self::Disabled,
        Self::Failed,
    ];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Unmapped => "unmapped",
            Self::Duplicate => "duplicate",
            Self::Handshake => "handshake",
            Self::RejectedSignature => "rejected_signature",
            Self::RejectedLimit => "rejected_limit",
            Self::RejectedSize => "rejected_size",
            Self::RejectedParse => "rejected_parse",
            Self::Disabled => "disabled",
            Self::Failed => "failed",
        }
    }
}

/// A delivery that was turned away: how it is counted, why (for the sample), and what its sender is told.
pub(crate) struct Turned {
    pub(super) ending: Ending,
    pub(super) reason: &'static str,
    pub(super) problem: Problem,
}

impl Turned {
    pub(super) fn new(ending: Ending, reason: &'static str, problem: Problem) -> Self {
        Self { ending, reason, problem }
    }
}

/// Why the body could not be read, as it is counted.
pub(super) fn unread(problem: Problem) -> Turned {
    let (ending, reason) = match problem.code() {
        Code::TooLarge => (Ending::RejectedSize, "the body is too large"),
        Code::UnsupportedEncoding => (Ending::RejectedParse, "a content encoding"),
        Code::RequestTimeout => (Ending::RejectedParse, "the body did not arrive in time"),
        Code::NotKept => (Ending::Failed, "the bodies hold too much memory"),
        _ => (Ending::RejectedParse, "the body broke off"),
    };
    Turned::new(ending, reason, problem)
}

/// A refused delivery's sender never learns which part was wrong; the sample does.
pub(super) fn refused(refusal: Refusal) -> Turned {
    let reason = refusal.reason();
    let (ending, problem) = match refusal {
        Refusal::Header(fault) => {
            let detail = format!("{} must be sent once, in plain ASCII", fault.name);
            (Ending::RejectedParse, Problem::new(Code::AmbiguousHeader, detail))
        }
        Refusal::Unconfigured => {
            let detail = "no secret is configured that this source could be verified with; set it, or WEBHOOKS_ALLOW_UNSIGNED in development";
            (Ending::Disabled, Problem::new(Code::Unconfigured, detail).retry_after(300))
        }
        _ => (
            Ending::RejectedSignature,
            Problem::new(Code::NotVerified, "the signature or token does not prove the sender"),
        ),
    };
    Turned::new(ending, reason, problem)
}

/// The proof needs what cannot be fetched.
pub(super) fn no_certificate() -> Turned {
    let problem = Problem::new(Code::NotKept, "the certificate that signed it cannot be had now").retry_after(60);
    Turned::new(Ending::Failed, "the signing certificate cannot be had", problem)
}

/// The subscription's own address did not answer.
pub(super) fn unconfirmed() -> Turned {
    let problem = Problem::new(Code::NotKept, "the subscription could not be confirmed").retry_after(60);
    Turned::new(Ending::Failed, "the subscription could not be confirmed", problem)
}

/// Why the writer could not keep it.
pub(super) fn not_kept(why: NotKept) -> Turned {
    let (reason, problem) = match why {
        NotKept::Full { retry_after_seconds } => (
            "the queue is full",
            Problem::new(Code::NotKept, "more deliveries are waiting than can be kept")
                .retry_after(retry_after_seconds),
        ),
        NotKept::Down { retry_after_seconds } => (
            "the database takes nothing now",
            Problem::new(Code::NotKept, "the database takes nothing now").retry_after(retry_after_seconds),
        ),
        NotKept::Refused => (
            "the database refuses it",
            Problem::new(Code::NotKept, "this delivery cannot be stored; quote the request id").retry_after(600),
        ),
    };
    Turned::new(Ending::Failed, reason, problem)
}
