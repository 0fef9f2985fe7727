//! The bus on a real JetStream.

use std::future::pending;
use std::time::Duration;

use bus::{Bus, BusError, BusOptions, Consumer, ConsumerSpec, Received};
use domain::event::Event;
use domain::ids::{Mark, ReplayId};
use serde_json::json;
use testkit::nats::Stream;
use testkit::world::{event, minute, until};

const SPEC: ConsumerSpec = ConsumerSpec { name: "test", types: &["deployment.*", "change.merged"], batch: 3 };

fn mark(event: &Event) -> Mark {
    Mark { event: event.id, replay: None }
}

fn told(kind: &str) -> Event {
    event(kind, 1, &json!({"repo": "acme/shöp", "environment": "prod \"eu\"", "actor": {"login": "ada", "bot": false}}))
}

async fn publish(bus: &Bus, event: &Event) {
    bus.publish(event, mark(event), 0).await.expect("sent").await.expect("acknowledged");
}

async fn next(consumer: &mut Consumer) -> Vec<Received> {
    let batch = async {
        loop {
            let batch = consumer.next_batch(pending()).await;
            if !batch.is_empty() {
                return batch;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), batch).await.expect("a batch in time")
}

#[tokio::test]
async fn what_is_published_comes_in_batches_until_it_is_acknowledged() {
    let stream = Stream::fresh();
    let bus = stream.bus().await;
    let made = bus.ensure_stream().await.expect("a stream");
    assert_eq!((made.first_seq, made.last_seq), (0, 0));
    let mut consumer = bus.consume(SPEC);
    let sent: Vec<Event> = (0..5).map(|_| told("deployment.finished")).collect();
    for event in &sent {
        publish(&bus, event).await;
    }
    publish(&bus, &told("commits.pushed")).await;

    let first = next(&mut consumer).await;
    assert_eq!(first.len(), 3);
    assert_eq!(bus.consumer_lag("test").await.expect("a lag"), 5, "the push is nothing to this consumer");
    for (received, sent) in first.iter().zip(&sent) {
        assert_eq!(format!("{:?}", received.event).replace("actor: Some(\"ada\")", "actor: None"), format!("{sent:?}"));
        assert_eq!((received.mark, received.delivered), (mark(sent), 1));
        received.ack().await.expect("acknowledged");
    }
    let second = next(&mut consumer).await;
    assert_eq!(second.len(), 2);
    second[0].ack().await.expect("acknowledged");
    second[1].nak(None).await.expect("refused");
    let third = next(&mut consumer).await;
    assert_eq!((third.len(), third[0].mark, third[0].delivered), (1, mark(&sent[4]), 2));
    third[0].ack().await.expect("acknowledged");
    until("all is acknowledged", async || bus.consumer_lag("test").await.expect("a lag") == 0).await;
    let state = bus.ensure_stream().await.expect("a stream");
    assert_eq!((state.created_at, state.last_seq), (made.created_at, 6));
}

#[tokio::test]
async fn a_consumer_that_takes_more_types_after_an_upgrade_gets_them_from_then_on() {
    let stream = Stream::fresh();
    let bus = stream.bus().await;
    bus.ensure_stream().await.expect("a stream");
    let sent = [told("incident.opened"), told("deployment.finished"), told("incident.resolved")];
    publish(&bus, &sent[0]).await;
    publish(&bus, &sent[1]).await;
    let mut old = bus.consume(SPEC);
    let taken = next(&mut old).await;
    assert_eq!(taken.len(), 1);
    taken[0].ack().await.expect("acknowledged");
    until("all is acknowledged", async || bus.consumer_lag("test").await.expect("a lag") == 0).await;

    let types = &["deployment.*", "incident.*"];
    let mut new = bus.consume(ConsumerSpec { types, ..SPEC });
    publish(&bus, &sent[2]).await;
    let taken = next(&mut new).await;
    assert_eq!(
        taken.iter().map(|received| received.mark).collect::<Vec<_>>(),
        [mark(&sent[2])],
        "not what was passed by"
    );
    taken[0].ack().await.expect("acknowledged");
}

#[tokio::test]
async fn the_duplicate_window_swallows_a_repetition_but_no_replay_and_nothing_that_was_lost() {
    let stream = Stream::fresh();
    let bus = stream.bus().await;
    bus.ensure_stream().await.expect("a stream");
    let event = told("change.merged");
    let replay = Mark { event: event.id, replay: Some(ReplayId::new(minute(2), [1; 16])) };
    let mut duplicates = Vec::new();
    for (mark, again) in [(mark(&event), 0), (mark(&event), 0), (mark(&event), 1), (replay, 0), (replay, 0)] {
        let ack = bus.publish(&event, mark, again).await.expect("sent").await.expect("acknowledged");
        duplicates.push(ack.duplicate);
    }
    assert_eq!(duplicates, [false, true, false, false, true]);
}

#[tokio::test]
async fn a_consumer_goes_on_when_the_stream_is_gone() {
    let stream = Stream::fresh();
    let bus = stream.bus().await;
    bus.ensure_stream().await.expect("a stream");
    let mut consumer = bus.consume(SPEC);
    publish(&bus, &told("change.merged")).await;
    next(&mut consumer).await[0].ack().await.expect("acknowledged");

    stream.lose().await;
    let later = told("change.merged");
    let missing = bus.publish(&later, mark(&later), 0).await.expect("sent").await;
    assert!(matches!(missing, Err(BusError::NoStream)), "{missing:?}");
    assert!(consumer.next_batch(pending()).await.is_empty(), "what was lost is said by an empty batch");
    until("somebody has made the stream again", async || {
        consumer.next_batch(pending()).await;
        bus.publish(&later, mark(&later), 0).await.expect("sent").await.is_ok()
    })
    .await;
    assert_eq!(next(&mut consumer).await[0].mark, mark(&later));
}

#[tokio::test]
async fn waiting_for_messages_ends_with_the_stop_signal() {
    let stream = Stream::fresh();
    let bus = stream.bus().await;
    let mut consumer = bus.consume(SPEC);
    consumer.next_batch(async {}).await;
    let stopped = consumer.next_batch(async {});
    assert!(tokio::time::timeout(Duration::from_secs(1), stopped).await.expect("at once").is_empty());
}

#[tokio::test]
async fn a_stream_that_does_not_take_our_subjects_is_refused_with_the_reason() {
    let (theirs, ours) = (Stream::fresh(), Stream::fresh());
    theirs.bus().await.ensure_stream().await.expect("a stream");
    let options = BusOptions { stream: theirs.options.stream.clone(), ..ours.options.clone() };
    let refused = Bus::connect(&options).await.expect("a bus").ensure_stream().await.expect_err("refused");
    assert!(!refused.is_transient());
    let text = refused.to_string();
    assert!(
        text.contains(&theirs.options.stream) && text.contains(&format!("{}.>", ours.options.subject_prefix)),
        "{text}"
    );
}

#[tokio::test]
async fn without_a_server_the_bus_exists_says_so_and_sends_nothing() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let options = BusOptions { url: format!("nats://{closed}"), ..Stream::fresh().options };
    let bus = Bus::connect(&options).await.expect("a bus all the same");
    assert!(!bus.health().ok);
    let event = told("change.merged");
    let refused = bus.publish(&event, mark(&event), 0).await.err().expect("refused");
    assert!(matches!(refused, BusError::Disconnected));
    let bad = Bus::connect(&BusOptions { url: "nats://user:secret@[".into(), ..options }).await.err().expect("refused");
    assert!(!format!("{bad}").contains("secret"));
}

#[tokio::test]
async fn an_event_larger_than_the_server_takes_comes_without_its_data_and_stops_no_other() {
    let stream = Stream::fresh();
    let bus = stream.bus().await;
    bus.ensure_stream().await.expect("a stream");
    let mut consumer = bus.consume(ConsumerSpec { batch: 1, ..SPEC });
    // The servers of the tests take 8 MB with the headers.
    let most = 8 << 20;
    for (what, bytes, whole) in [
        ("well below", 7 << 20, true),
        ("too large with its headers", most - 100, false),
        ("too large by itself", most + 1, false),
        ("small, after those", 10, true),
    ] {
        let sent = event("change.merged", 1, &json!({"repo": "acme/shop", "text": "x".repeat(bytes)}));
        publish(&bus, &sent).await;
        let received = next(&mut consumer).await.remove(0);
        assert_eq!(
            (received.mark, received.event.id, &received.event.kind),
            (mark(&sent), sent.id, &sent.kind),
            "{what}"
        );
        let expected = if whole { sent.data.get() } else { "null" };
        assert!(received.event.data.get() == expected, "{what}: {} bytes came", received.event.data.get().len());
        received.ack().await.expect("acknowledged");
    }
}
