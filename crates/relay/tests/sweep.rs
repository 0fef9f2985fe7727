//! The sweep on a real PostgreSQL and JetStream: what is left behind is published, whatever lies beside it.

use relay::Relay;
use serde_json::json;
use store::Role;
use testkit::database::Database;
use testkit::nats::Stream;
use testkit::world::{event, until};
use tokio_util::sync::CancellationToken;

const BROKEN: &str = "00000000-0000-0000-0000-0000000000aa";

/// An event that nobody can read, owed in a row older than the other's.
fn left_behind(good: &str) -> String {
    format!(
        "insert into events (tenant_id, id, delivery_id, integration, source, type, subject, time, data)
         values ('default', '{BROKEN}', '{BROKEN}', 'github', '/github/acme/shop', 'no type', 's', now(), '{{}}'),
                ('default', '{good}', '{good}', 'github', '/github/acme/shop', 'change.merged', 's', now(), '{{}}');
         insert into outbox (tenant_id, event_ids, created_at)
         values ('default', array['{BROKEN}'::uuid], now() - interval '1 hour'),
                ('default', array['{good}'::uuid], now() - interval '1 minute')"
    )
}

#[tokio::test]
async fn a_commit_that_cannot_be_published_keeps_no_other_back() {
    let (database, stream, stop) = (Database::fresh(), Stream::fresh(), CancellationToken::new());
    let good = event("change.merged", 1, &json!({})).id.to_string();
    store::migrate::execute(&database.url, &left_behind(&good)).expect("rows");
    let store = database.store(Role::Relay);
    let (relay, tasks) = Relay::start(store.clone(), stream.bus().await, &[], stop.clone());
    until("only the broken one is owed", async || {
        store.call("backlog", store::outbox::backlog).await.expect("a backlog").rows == 1
    })
    .await;
    let owed = store.call("backlog", store::outbox::backlog).await.expect("a backlog");
    assert!(owed.age_seconds(chrono::Utc::now()) > 3000.0, "it is kept: {owed:?}");
    stop.cancel();
    drop(relay);
    tasks.ended().await;
}
