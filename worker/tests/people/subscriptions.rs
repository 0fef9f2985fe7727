//! Channels that are told of their services: news only, once, and no history.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{RunQueryDsl, sql_query};
use domain::ids::TenantId;
use store::Connection;
use store::subscriptions::{Subscription, add};
use testkit::world::until;
use uuid::Uuid;
use worker::subscriptions::tell_once;

use crate::world::World;

async fn subscribe(world: &World, service: &'static str, channel: &'static str, at: DateTime<Utc>) {
    let subscription = Subscription {
        id: Uuid::new_v4(),
        service: service.to_owned(),
        channel: channel.to_owned(),
        created_at: at,
        created_by: "ada".to_owned(),
    };
    assert!(world.call(move |conn| add(conn, &TenantId::default(), &subscription)).await);
}

async fn sql(world: &World, text: String) {
    world.call(move |conn: &mut Connection| Ok(sql_query(text).execute(conn).map(|_| ())?)).await;
}

async fn deployed(world: &World, id: &str, outcome: &str, kind: &str, at: DateTime<Utc>) {
    let kind = if kind.is_empty() { "null".to_owned() } else { format!("'{kind}'") };
    let text = format!(
        "insert into dora_deployments (tenant_id, integration, deployment_id, service, environment, tier, outcome, at, heads, kind, changes,
           rework, failed, ancestry_gap, provisional_until)
         values ('default', 'github', '{id}', 'shop', 'production', 'production', '{outcome}', '{}', '', {kind}, 2, false, false, false, now())",
        at.to_rfc3339()
    );
    sql(world, text).await;
}

async fn happened(world: &World, id: &str, opened: DateTime<Utc>, resolved: Option<DateTime<Utc>>) {
    let resolved = resolved.map_or("null".to_owned(), |at| format!("'{}'", at.to_rfc3339()));
    let text = format!(
        "insert into incidents (tenant_id, integration, incident_id, title, counted_service, opened_at, resolved_at, registers)
         values ('default', 'pagerduty', '{id}', 'Down {id}', 'shop', '{}', {resolved}, '{{}}')",
        opened.to_rfc3339()
    );
    sql(world, text).await;
}

fn texts(world: &World) -> Vec<String> {
    let mut texts: Vec<String> = world.own().iter().map(|message| message.text().to_owned()).collect();
    texts.sort();
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribed_channels_are_told_what_is_new_and_once() {
    let mut world = World::working().await;
    let now = Utc::now();
    // A little earlier: PostgreSQL rounds to microseconds.
    let ago = |minutes| now - TimeDelta::minutes(minutes) - TimeDelta::milliseconds(1);
    subscribe(&world, "shop", "#shop", ago(30)).await;
    subscribe(&world, "warehouse", "#warehouse", ago(30)).await;
    deployed(&world, "1", "success", "forward", ago(5)).await;
    deployed(&world, "2", "success", "rollback", ago(4)).await;
    deployed(&world, "3", "failure", "", ago(3)).await;
    deployed(&world, "old", "success", "forward", ago(40)).await;
    happened(&world, "Q1", ago(2), None).await;
    happened(&world, "Q2", ago(600), Some(ago(1))).await;
    assert_eq!(tell_once(&world.store, now).await.expect("told"), 5);
    assert_eq!(tell_once(&world.store, now).await.expect("told"), 0, "each once");
    world.messages(5).await;
    let expected = [
        "⏪ *shop* was rolled back in production",
        "✅ Incident of *shop* resolved after 9 h 59 min: Down Q2",
        "❌ A deployment of *shop* to production did not succeed",
        "🔴 Incident of *shop*: Down Q1",
        "🚀 *shop* was deployed to production",
    ];
    assert_eq!(texts(&world), expected);
    sql(&world, format!("update incidents set resolved_at = '{}' where incident_id = 'Q1'", ago(0).to_rfc3339())).await;
    assert_eq!(tell_once(&world.store, now).await.expect("told"), 1, "its end is news");
    world.messages(6).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_told_to_nobody_and_two_workers_tell_once() {
    let mut world = World::fresh().await;
    let now = Utc::now();
    subscribe(&world, "shop", "#shop", now - TimeDelta::days(30)).await;
    for hours in 2..30 {
        let at = now - TimeDelta::hours(hours);
        deployed(&world, &format!("b{hours}"), "success", "forward", at).await;
        happened(&world, &format!("B{hours}"), at, Some(at)).await;
    }
    assert_eq!(tell_once(&world.store, now).await.expect("told"), 0, "a backfill is no news");
    deployed(&world, "new", "success", "forward", now - TimeDelta::minutes(1)).await;
    let (one, other) = tokio::join!(tell_once(&world.store, now), tell_once(&world.store, now));
    assert_eq!(one.expect("told") + other.expect("told"), 1);
    world.working.push(tokio::spawn(worker::subscriptions::run(world.store.clone(), world.stop.clone())));
    world.work();
    world.messages(1).await;
    subscribe(&world, "shop", "#late", Utc::now()).await;
    assert_eq!(tell_once(&world.store, Utc::now()).await.expect("told"), 0, "what was before is not told");
    until("all is said", async || world.own().len() == 1).await;
    world.end().await;
}
