//! The private PostgreSQL and NATS of `em-agent up`: found, started on data of their own, stopped with us.
//!
//! In order: [`programs`] finds a version that is new enough or says the one command that installs it; [`premises`]
//! makes the folders, takes the lock and says who holds it; [`owner`] picks the user to run as (PostgreSQL refuses
//! root); [`children`] starts the server so that it ends when we end, however we end; [`postgres`] and [`nats`] know
//! their own configuration. Only servers that were started here are ever touched.

mod children;
mod nats;
mod owner;
mod postgres;
mod premises;
mod programs;

use std::path::PathBuf;

pub use nats::{Nats, NatsPlan};
pub use postgres::{Postgres, PostgresPlan};

/// Why a private server does not run.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    #[error("{program} {at_least} or newer was not found; install it with: {command} (or set {variable})")]
    Missing { program: &'static str, at_least: &'static str, command: &'static str, variable: &'static str },
    #[error("{variable} is {path}, but there is no {program} in it; set it to the folder that holds {program}")]
    NotThere { program: &'static str, variable: &'static str, path: PathBuf },
    #[error("{path} is version {found}, at least {at_least} is needed: {reason}; install a newer one with: {command}")]
    TooOld { path: PathBuf, found: String, at_least: &'static str, reason: &'static str, command: &'static str },
    #[error(
        "{path} was made by PostgreSQL {made_by}, which was not found; install that version or set DATA_DIR to a new folder"
    )]
    OtherVersion { path: PathBuf, made_by: String },
    #[error("DATA_DIR is {path}, which cannot be made; set it to a folder that this user may write")]
    NoPlace { path: PathBuf, source: std::io::Error },
    #[error("DATA_DIR {path} is in use by {holder}; stop that one first or set DATA_DIR to another folder")]
    Held { path: PathBuf, holder: String },
    #[error(
        "user {user}, as which the servers run because PostgreSQL refuses root, cannot reach {path}: {closed} is closed to others; {remedy}"
    )]
    Unreachable { user: String, path: PathBuf, closed: PathBuf, remedy: &'static str },
    #[error("there is no user to run PostgreSQL as (it refuses root); add one with: useradd --system postgres")]
    NoUser,
    #[error("{path} exists and is not ours; remove it")]
    Foreign { path: PathBuf },
    #[error("{program} did not start; the end of {log}:\n{tail}")]
    DidNotStart { program: &'static str, log: PathBuf, tail: String },
    #[error("cannot {what} {path}")]
    Io { what: &'static str, path: PathBuf, source: std::io::Error },
}

impl PrivateError {
    fn io(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { what, path, source }
    }
}
