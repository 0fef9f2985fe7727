//! The events that rows came from.

use std::collections::HashMap;

use store::metrics::rows::evidence;
use store::{Connection, StoreError};
use uuid::Uuid;

use super::Scope;

/// Events of one subject that a line names: the newest of them.
const OF_A_SUBJECT: usize = 2;

/// The newest events of subjects.
#[derive(Debug, Default)]
pub(super) struct Evidence(HashMap<String, Vec<Uuid>>);

impl Evidence {
    pub(super) fn of<'a>(
        conn: &mut Connection,
        scope: &Scope,
        subjects: impl IntoIterator<Item = &'a String>,
    ) -> Result<Self, StoreError> {
        let subjects: Vec<String> = subjects.into_iter().cloned().collect();
        let found = evidence::of_subjects(conn, &scope.tenant, &subjects)?;
        let newest = |events: Vec<Uuid>| events.into_iter().rev().take(OF_A_SUBJECT).collect();
        Ok(Self(found.into_iter().map(|(subject, found)| (subject, newest(found.events))).collect()))
    }

    pub(super) fn get<'a>(&'a self, subject: Option<&String>) -> impl Iterator<Item = Uuid> + use<'a> {
        subject.and_then(|subject| self.0.get(subject)).into_iter().flatten().copied()
    }
}
