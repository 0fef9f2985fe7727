//! Events to tell, rows to look at, and waiting for something to become true.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::event::{Event, EventType, Facets};
use domain::ids::{DeliveryId, TenantId};
use serde_json::Value;
use serde_json::value::RawValue;
use store::intake::{Keep, pack};

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// The time that told events count their minutes from: today, because marks are kept by the day.
pub fn minute(minute: i64) -> DateTime<Utc> {
    let midnight = Utc::now().date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    midnight + TimeDelta::minutes(minute)
}

/// The event of a GitHub delivery of its own, received and happened at a minute, with this data.
///
/// # Panics
/// When the type is none.
pub fn event(kind: &str, at_minute: i64, data: &Value) -> Event {
    let time = minute(at_minute);
    let delivery = DeliveryId::new(time, *uuid::Uuid::new_v4().as_bytes());
    let text = |name: &str| data.get(name).and_then(Value::as_str).map(str::to_owned);
    Event {
        id: delivery.event(0),
        tenant: TenantId::default(),
        integration: "github".into(),
        source: "/github/acme/shop".into(),
        kind: EventType::parse(kind).expect("a type"),
        subject: format!("acme/shop@{at_minute}"),
        time,
        delivery,
        traceparent: None,
        facets: Facets { repo: text("repo"), service: text("service"), environment: text("environment"), actor: None },
        data: RawValue::from_string(data.to_string()).expect("json"),
    }
}

/// The delivery of an event, as intake keeps it.
pub fn delivery_of(event: Event) -> Keep {
    let (tenant, id) = (event.tenant.clone(), event.delivery);
    Keep {
        tenant,
        id,
        source: event.integration.clone(),
        kind: "test".into(),
        key: id.to_string(),
        headers: "[]".into(),
        body: pack(b"{}"),
        scheme: "hmac",
        secret: "active",
        mapping_version: 1,
        events: vec![event],
    }
}

/// Waits until `condition` holds; looks again soon, gives up after half a minute.
///
/// # Panics
/// When it does not come true in time.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, wait).await.is_ok(), "in vain: {what}");
}
