//! The time of a call, as PostgreSQL keeps it: to the microsecond, so that what is answered is what is read later.

use chrono::{DateTime, SubsecRound, Utc};

pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}
