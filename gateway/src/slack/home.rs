//! The home tab: published when somebody opens it, after the delivery that says so was kept. A repeated delivery
//! publishes nothing; whoever sees an old tab opens it again.

use bytes::Bytes;
use domain::ids::TenantId;
use integrations::Integration;
use slack::payloads::Callback;
use store::{Connection, StoreError};

use super::SOURCE;
use super::inbox;
use super::speakers::Speaker;
use super::voice::told;
use crate::state::{Shared, State};

/// A delivery was kept. Where somebody opened the home tab, it is published beside.
pub(crate) fn opened(state: &Shared, tenant: &TenantId, integration: &Integration, body: &Bytes) {
    let is_here = integration.name == SOURCE && tenant.as_str() == TenantId::DEFAULT && state.slack.client.has_token();
    if !is_here {
        return;
    }
    let Ok(Callback::HomeOpened { user_id, .. }) = Callback::read(body) else { return };
    let asked = state.clone();
    state.slack.spawn(async move {
        if let Err(error) = publish(&asked, &user_id).await {
            let cause = &error as &dyn std::error::Error;
            tracing::error!(error = cause, "somebody's home tab in Slack is not up to date; look at the database");
        }
    });
}

async fn publish(state: &State, user_id: &str) -> Result<(), StoreError> {
    let speaker = Speaker::in_slack(state, user_id, None).await?;
    let look = move |conn: &mut Connection| inbox::of(conn, &speaker);
    let inbox = state.store.look("slack_inbox", look).await?;
    let view = slack::home::view(&inbox);
    told("views.publish", state.slack.client.publish_home(user_id, &view).await);
    Ok(())
}
