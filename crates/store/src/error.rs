//! What can go wrong with the database, sorted by what the caller can do about it; `sentences` says what mends it.

mod sentences;

use std::error::Error;

use diesel::result::{ConnectionError, DatabaseErrorKind, Error as DieselError};

/// A failure of the store. The message speaks for this layer; the cause is the source.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Every pooled connection was in use for `DB_POOL_TIMEOUT_MS`.
    #[error("all database connections stayed busy; raise DB_POOL_SIZE or lower the load")]
    Busy,
    /// The server cannot be reached, or went away in the middle.
    #[error("{}", sentences::of_unreached(&**.0))]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The server is up and refused this statement: constraint, type, permission, space.
    #[error("{}", sentences::of_refused(.0))]
    Refused(#[source] DieselError),
    /// The row that was asked for is not there.
    #[error("there is no such row")]
    NotFound,
    /// What is stored cannot be read back.
    #[error("a stored row cannot be read: {0}")]
    Corrupt(String),
    /// The migrations could not be applied or looked up.
    #[error("the database is not migrated; mend the cause and run `em-agent migrate` again")]
    Migration(#[source] Box<dyn Error + Send + Sync>),
    /// The server answers and takes no writes.
    #[error("{}", sentences::READ_ONLY)]
    ReadOnly,
    /// The server answers and has not our tables.
    #[error("{}", sentences::UNPREPARED)]
    Unprepared,
    /// The server is older than what our statements need.
    #[error("PostgreSQL {0} is too old: 14 or newer is needed; upgrade the server")]
    TooOld(String),
    /// The blocking task ended early: the process is stopping.
    #[error("the database call was cut short by the shutdown")]
    Stopped,
}

impl StoreError {
    /// Whether the same call may succeed later without anybody changing data or code.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Busy | Self::Unavailable(_) | Self::Stopped | Self::ReadOnly | Self::Unprepared => true,
            Self::Refused(error) => is_conflict(error) || is_out_of_resources(error),
            Self::NotFound | Self::Corrupt(_) | Self::Migration(_) | Self::TooOld(_) => false,
        }
    }

    /// Whether the server could not be reached.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable(_) | Self::Stopped)
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::NotFound => Self::NotFound,
            gone if is_gone(&gone) => Self::Unavailable(Box::new(gone)),
            refused => Self::Refused(refused),
        }
    }
}

impl From<ConnectionError> for StoreError {
    fn from(error: ConnectionError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

/// The connection is lost or the server is going down. diesel keeps no SQLSTATE, so the shutdown messages are
/// known by their (untranslated) text; a translated one is taken for a refusal and retried once before that.
fn is_gone(error: &DieselError) -> bool {
    match error {
        DieselError::BrokenTransactionManager => true,
        DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand, _) => {
            true
        }
        DieselError::DatabaseError(_, info) => says(
            info.message(),
            &[
                "terminating connection",
                "the database system is",
                "server closed the connection",
                "connection to server",
            ],
        ),
        _ => false,
    }
}

/// Two transactions got in each other's way; the next try may pass.
pub(crate) fn is_conflict(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        DieselError::DatabaseError(_, info) => says(info.message(), &["deadlock detected", "could not serialize"]),
        _ => false,
    }
}

/// The server lacks something that may come back: disk, memory, locks, a writable state.
pub(crate) fn is_out_of_resources(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _) => true,
        DieselError::DatabaseError(_, info) => says(
            info.message(),
            &[
                "No space left",
                "could not extend",
                "could not write",
                "out of memory",
                "out of shared memory",
                "read-only",
                "canceling statement",
            ],
        ),
        _ => false,
    }
}

fn says(message: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| message.contains(part))
}
