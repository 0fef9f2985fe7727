//! Where a list goes on: the place of the last row, bound to the tenant, the list and its filters.
//!
//! A cursor that is used with other filters would skip or repeat rows without a word, so it is refused. It holds
//! nothing secret and grants nothing: rows are still looked up for the caller's tenant.

use std::fmt::Debug;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use domain::ids::TenantId;
use sha2::{Digest, Sha256};
use store::events::After;
use uuid::Uuid;

use crate::problem::{Code, Problem};

/// What a cursor is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope([u8; 8]);

impl Scope {
    pub(crate) fn new(list: &str, tenant: &TenantId, filters: &impl Debug) -> Self {
        let digest = Sha256::digest(format!("{list}\n{tenant}\n{filters:?}"));
        let mut scope = [0; 8];
        scope.copy_from_slice(&digest[..8]);
        Self(scope)
    }

    /// The cursor that goes on after `place`.
    pub(crate) fn cursor(self, place: After) -> String {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.0);
        bytes[8..16].copy_from_slice(&place.time.timestamp_micros().to_be_bytes());
        bytes[16..].copy_from_slice(place.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that a cursor of this scope names.
    pub(crate) fn place(self, cursor: Option<&str>) -> Result<Option<After>, Problem> {
        let Some(cursor) = cursor else { return Ok(None) };
        let bytes: [u8; 32] = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|b| b.try_into().ok()).ok_or_else(unread)?;
        let (scope, rest) = bytes.split_at(8);
        if scope != self.0 {
            let detail = "the cursor was made with other filters; use the same ones, or begin without a cursor";
            return Err(Problem::new(Code::InvalidCursor, detail));
        }
        let (micros, id) = rest.split_at(8);
        let micros = micros.try_into().map(i64::from_be_bytes).map_err(|_| unread())?;
        let time = DateTime::from_timestamp_micros(micros).ok_or_else(unread)?;
        Ok(Some(After { time, id: Uuid::from_slice(id).map_err(|_| unread())? }))
    }
}

/// What no cursor of ours is.
pub(crate) fn unread() -> Problem {
    Problem::new(Code::InvalidCursor, "the cursor is not one of ours; take it from `next_cursor` as it is")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(tenant: &str, filters: &[&str]) -> Scope {
        Scope::new("events", &tenant.parse().expect("a tenant"), &filters)
    }

    #[test]
    fn a_cursor_reads_back_its_place_to_the_microsecond() {
        let place = After { time: "2026-11-20T18:44:07.123456Z".parse().expect("a time"), id: Uuid::from_u128(9) };
        let cursor = scope("default", &["repo"]).cursor(place);
        assert!(cursor.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_'), "{cursor}");
        assert_eq!(scope("default", &["repo"]).place(Some(&cursor)).expect("a place"), Some(place));
        assert_eq!(scope("default", &[]).place(None).expect("no place"), None);
    }

    #[test]
    fn a_cursor_of_other_filters_or_of_another_tenant_is_refused() {
        let place = After { time: DateTime::UNIX_EPOCH, id: Uuid::nil() };
        let cursor = scope("default", &["repo"]).cursor(place);
        for other in [scope("default", &["other"]), scope("acme", &["repo"])] {
            assert_eq!(other.place(Some(&cursor)).expect_err("refused").code(), Code::InvalidCursor);
        }
        for bad in ["", "x", "a b", &cursor[1..], &format!("{cursor}A")] {
            assert!(scope("default", &["repo"]).place(Some(bad)).is_err(), "{bad}");
        }
    }
}
