//! Messages of Amazon SNS: whose topic, which certificate, whether it signed this message.

use chrono::{DateTime, Utc};

use super::{Options, Refusal, Verified};
use crate::integration::Incoming;
use crate::scheme::Sns;

/// What was fetched for a delivery that asked for it with [`Refusal::Need`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    pub url: String,
    /// PEM or DER, as it came.
    pub bytes: Vec<u8>,
}

pub(super) fn check(
    _sns: &Sns,
    incoming: &Incoming<'_>,
    _options: &Options,
    _now: DateTime<Utc>,
) -> Result<Verified, Refusal> {
    let _ = incoming.certificates;
    Err(Refusal::Missing)
}
