//! An event as a NATS message and back: CloudEvents 1.0, binary mode. The body is the event's `data`.

use async_nats::HeaderMap;
use bytes::Bytes;
use domain::event::{Event, EventType, Facets, rfc3339};
use domain::ids::Mark;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::BusError;
use crate::percent::{decode, encode};

/// The message's mark, which `Nats-Msg-Id` may carry a suffix to.
const MARK: &str = "em-mark";
const JSON: &str = "application/json";

/// Headers and body of an event's message. `again` above 0 makes it another message for the duplicate window.
pub(crate) fn seal(event: &Event, mark: Mark, again: i16) -> (HeaderMap, Bytes) {
    let mark = mark.to_string();
    let message_id = if again > 0 { format!("{mark}.{again}") } else { mark.clone() };
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Msg-Id", message_id);
    headers.insert(MARK, mark);
    headers.insert("content-type", JSON);
    headers.insert("ce-specversion", "1.0");
    headers.insert("ce-datacontenttype", JSON);
    headers.insert("ce-id", event.id.to_string());
    headers.insert("ce-source", encode(&event.source));
    headers.insert("ce-type", encode(event.kind.as_str()));
    headers.insert("ce-subject", encode(&event.subject));
    headers.insert("ce-time", rfc3339(event.time));
    headers.insert("ce-tenant", event.tenant.as_str());
    headers.insert("ce-delivery", event.delivery.to_string());
    headers.insert("ce-receivedat", rfc3339(event.received_at()));
    headers.insert("ce-integration", encode(&event.integration));
    if let Some(traceparent) = &event.traceparent {
        headers.insert("traceparent", encode(traceparent));
        headers.insert("ce-traceparent", encode(traceparent));
    }
    (headers, Bytes::copy_from_slice(event.data.get().as_bytes()))
}

/// The same without the data, which stands in the store: `null` instead.
pub(crate) fn seal_without_data(event: &Event, mark: Mark, again: i16) -> (HeaderMap, Bytes) {
    let (headers, _) = seal(event, mark, again);
    (headers, Bytes::from_static(RawValue::NULL.get().as_bytes()))
}

/// Reads a message back. The facets are read from the data again.
pub(crate) fn open(headers: Option<&HeaderMap>, body: &[u8]) -> Result<(Event, Mark), BusError> {
    let headers = headers.ok_or_else(|| BusError::Foreign("it has no headers".to_owned()))?;
    let text = |name: &'static str| {
        let value = headers.get(name).ok_or_else(|| BusError::Foreign(format!("it has no {name}")))?;
        decode(value.as_str()).ok_or_else(|| unreadable(name))
    };
    let data: Box<RawValue> = serde_json::from_slice(body).map_err(|_| unreadable("body"))?;
    let event = Event {
        id: text("ce-id")?.parse().map_err(|_| unreadable("ce-id"))?,
        tenant: text("ce-tenant")?.parse().map_err(|_| unreadable("ce-tenant"))?,
        integration: text("ce-integration")?,
        source: text("ce-source")?,
        kind: EventType::parse(&text("ce-type")?).ok_or_else(|| unreadable("ce-type"))?,
        subject: text("ce-subject")?,
        time: text("ce-time")?.parse().map_err(|_| unreadable("ce-time"))?,
        delivery: text("ce-delivery")?.parse().map_err(|_| unreadable("ce-delivery"))?,
        traceparent: headers.get("traceparent").and_then(|value| decode(value.as_str())),
        facets: facets(&data),
        data,
    };
    let mark = text(MARK)?.parse().map_err(|_| unreadable(MARK))?;
    Ok((event, mark))
}

fn unreadable(what: &str) -> BusError {
    BusError::Foreign(format!("its {what} cannot be read"))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Looked {
    repo: Option<String>,
    service: Option<String>,
    environment: Option<String>,
    actor: Option<LookedActor>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LookedActor {
    login: Option<String>,
}

fn facets(data: &RawValue) -> Facets {
    let looked: Looked = serde_json::from_str(data.get()).unwrap_or_default();
    let Looked { repo, service, environment, actor } = looked;
    Facets { repo, service, environment, actor: actor.and_then(|actor| actor.login) }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use domain::data::{Actor, Body, Common, Data, RefFact};
    use domain::event::Draft;
    use domain::ids::{DeliveryId, ReplayId, TenantId};

    use super::*;

    fn event(subject: &str) -> Event {
        let received: DateTime<Utc> = "2026-11-20T18:44:08.120Z".parse().expect("a time");
        let common = Common {
            repo: Some("acme/shöp".into()),
            actor: Some(Actor { login: Some("ada".into()), ..Actor::default() }),
            ..Common::default()
        };
        let data = Data {
            common,
            body: Body::Ref(RefFact { r#ref: Some("main".into()), sha: None }),
            extra: Default::default(),
        };
        let kind = EventType::new("branch.created");
        let draft = Draft { kind, scope: "acme/shöp".into(), subject: subject.into(), time: None, data };
        let delivery = DeliveryId::new(received, [3; 16]);
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        Event::seal(vec![draft], "github", &TenantId::default(), delivery, Some(trace)).remove(0)
    }

    #[test]
    fn an_event_survives_the_way_over_the_bus() {
        let sent = event("acme/shöp@\"feature 100%\"\r\nnats-msg-id: x");
        let replay = ReplayId::new(sent.received_at(), [9; 16]);
        for mark in [Mark { event: sent.id, replay: None }, Mark { event: sent.id, replay: Some(replay) }] {
            let (headers, body) = seal(&sent, mark, 0);
            assert_eq!(headers.get("Nats-Msg-Id").map(|id| id.as_str().to_owned()), Some(mark.to_string()));
            let (read, read_mark) = open(Some(&headers), &body).expect("readable");
            assert_eq!(read_mark, mark);
            assert_eq!(format!("{read:?}"), format!("{sent:?}"));
        }
    }

    #[test]
    fn a_message_that_is_sent_again_has_another_id_and_the_same_mark() {
        let sent = event("x");
        let mark = Mark { event: sent.id, replay: None };
        let (headers, body) = seal(&sent, mark, 2);
        assert_eq!(headers.get("Nats-Msg-Id").map(|id| id.as_str().to_owned()), Some(format!("{mark}.2")));
        assert_eq!(open(Some(&headers), &body).expect("readable").1, mark);
    }

    #[test]
    fn what_is_not_ours_is_named_and_never_guessed() {
        let sent = event("x");
        let (mut headers, body) = seal(&sent, Mark { event: sent.id, replay: None }, 0);
        assert!(matches!(open(None, &body), Err(BusError::Foreign(_))));
        assert!(matches!(open(Some(&headers), b"{"), Err(BusError::Foreign(_))));
        headers.insert("ce-time", "yesterday");
        assert_eq!(
            open(Some(&headers), &body).expect_err("refused").to_string(),
            "the message is not one of ours: its ce-time cannot be read"
        );
    }
}
