//! The rows of the facts tables, and how they come from the facts of the domain.

mod contents;
mod failures;

pub(super) use contents::{changes, commits, deployments, remediations};
pub(super) use failures::{failures, incidents, links};

/// A table's rows are facts; all but the commits are audited.
macro_rules! fact {
    ($row:ty, $audited:expr, owner |$one:ident| $owner:expr) => {
        impl crate::facts::diff::Fact for $row {
            const AUDITED: Option<&'static str> = $audited;

            fn tenant(&self) -> &str {
                &self.tenant_id
            }

            fn key(&self) -> Vec<&str> {
                self.key()
            }

            fn owner(&self) -> Option<&str> {
                let $one = self;
                $owner
            }

            fn put(conn: &mut diesel::PgConnection, rows: &[Self]) -> Result<(), crate::StoreError> {
                Self::put(conn, rows)
            }

            fn take_away(conn: &mut diesel::PgConnection, rows: &[Self]) -> Result<(), crate::StoreError> {
                Self::take_away(conn, rows)
            }
        }
    };
}
use fact;
