//! Where approvals are posted, and asking for it: queued here, said by the worker within its pace and the day's limit.

use chrono::{DateTime, Utc};
use domain::ids::{ApprovalId, TenantId};
use show::people;
use store::slack_messages::{self, Ask, REQUEST};
use store::{Connection, StoreError};
use uuid::Uuid;

use crate::state::State;

/// Of a channel's name or id.
pub(crate) const LONGEST_CHANNEL: usize = 255;

/// A place as Slack takes it; the default channel where none is said.
pub(crate) fn place(state: &State, said: Option<String>) -> Option<String> {
    said.or_else(|| state.settings.slack.default_channel.clone()).map(|place| people::channel(&place))
}

/// Asks for the message, each time anew.
pub(crate) fn ask(
    conn: &mut Connection,
    tenant: &TenantId,
    approval: ApprovalId,
    place: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let key = format!("{REQUEST} {}", Uuid::new_v4().simple());
    slack_messages::ask(conn, tenant, Ask { approval, kind: REQUEST, key: &key, place, thread_ts: None }, now)?;
    Ok(())
}
