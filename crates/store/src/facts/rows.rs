//! The rows of the facts tables, and how they come from the facts of the domain.

pub(super) mod changes;
pub(super) mod commits;
pub(super) mod deployments;
pub(super) mod failures;
pub(super) mod incidents;
pub(super) mod links;
pub(super) mod remediations;

/// A table's rows are facts; all but the commits are audited.
macro_rules! fact {
    ($row:ty, $audited:expr, owner |$one:ident| $owner:expr, told |$same:ident| $told:expr) => {
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

            fn told(&self) -> String {
                let $same = self;
                $told
            }

            fn of_services(
                conn: &mut diesel::PgConnection,
                since: &[(&str, &str, chrono::DateTime<chrono::Utc>)],
            ) -> Result<Vec<Self>, crate::StoreError> {
                Self::of_services(conn, since)
            }

            fn of_keys(conn: &mut diesel::PgConnection, keys: &[Vec<&str>]) -> Result<Vec<Self>, crate::StoreError> {
                Self::of_keys(conn, keys)
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
