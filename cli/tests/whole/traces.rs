//! One trace from the sender through the gateway, the event and the bus into the worker; and none where nobody asked.

use testkit::collector::{Collector, Exported};
use testkit::database::Database;
use testkit::senders::{Sender, deployment_succeeded};
use testkit::servers;

use crate::support::books::{PATIENCE, counted_once, walk};
use crate::support::{World, eventually};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";

fn traceparent() -> String {
    format!("00-{TRACE}-{SPAN}-01")
}

fn named<'a>(spans: &'a [Exported], name: &str) -> Vec<&'a Exported> {
    spans.iter().filter(|span| span.name == name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_is_one_trace_from_its_sender_to_the_worker() {
    let (database, collector) = (Database::fresh(), Collector::start().await);
    let mut world = World::on(database.url.clone(), servers::nats_url());
    // The logs are off: that must not silence the traces.
    world.settings = vec![("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())];
    let gateway = world.gateway();
    world.settings.push(("OTEL_SERVICE_NAME", "the-worker".to_owned()));
    let worker = world.spawn("worker");
    let sender = Sender::new(world.base(), "github").traced(&traceparent());
    let sent = sender.send("deployment_status", "k", &deployment_succeeded(1)).await.expect("an answer");
    assert_eq!(sent.0, 200, "{}", sent.1);
    counted_once(&sender, 1).await;

    let event = walk(&sender, "/v1/events").await.remove(0);
    // The last spans leave at the end.
    assert!(gateway.terminate().await.success() && worker.terminate().await.success());
    let spans = collector.spans_of(TRACE);
    let requests = named(&spans, "POST /webhooks/{source}");
    assert_eq!(requests.len(), 1, "{spans:?}");
    let request = requests[0];
    assert_eq!((&*request.service, &*request.trace, &*request.parent), ("em-agent", TRACE, SPAN));
    let carried = format!("00-{TRACE}-{}-01", request.id);
    assert_eq!(event["traceparent"], carried, "the event goes on from the request's span");
    let consumed = named(&spans, "consume");
    let of_request =
        |span: &&&Exported| span.parent == request.id || span.links.contains(&(TRACE.to_owned(), request.id.clone()));
    assert_eq!(consumed.iter().filter(of_request).count(), 1, "{spans:?}");
    assert!(consumed.iter().all(|span| span.service == "the-worker"), "{spans:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traces_leave_while_the_process_runs_and_without_a_senders_trace_one_begins() {
    let (database, collector) = (Database::fresh(), Collector::start().await);
    let mut world = World::on(database.url.clone(), servers::nats_url());
    world.settings = vec![("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())];
    let _gateway = world.gateway();
    let sender = Sender::new(world.base(), "github");
    let sent = sender.send("deployment_status", "k", &deployment_succeeded(1)).await.expect("an answer");
    assert_eq!(sent.0, 200, "{}", sent.1);
    let event = walk(&sender, "/v1/events").await.remove(0);
    let traceparent = event["traceparent"].as_str().expect("a trace of its own").to_owned();
    let trace = traceparent.split('-').nth(1).expect("a trace").to_owned();
    eventually("the span of the request", PATIENCE, || async { !collector.spans_of(&trace).is_empty() }).await;
    assert_eq!(collector.spans_of(&trace)[0].parent, "", "it is the root");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_tracing_nothing_is_sent_and_the_senders_trace_stays_on_the_event() {
    let (database, collector) = (Database::fresh(), Collector::start().await);
    let mut world = World::on(database.url.clone(), servers::nats_url());
    // Switched off with the endpoint still set: only so can it be seen that nothing comes.
    world.settings = vec![("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint()), ("OTEL_ENABLED", "false".to_owned())];
    let (gateway, worker) = (world.gateway(), world.spawn("worker"));
    let sender = Sender::new(world.base(), "github").traced(&traceparent());
    let broken = Sender::new(world.base(), "github").traced("00-nothing-of-a-trace-01");
    for (number, sender) in [(1, &sender), (2, &broken)] {
        let sent = sender.send("deployment_status", &format!("k{number}"), &deployment_succeeded(number)).await;
        assert_eq!(sent.expect("an answer").0, 200);
    }
    counted_once(&sender, 2).await;
    let mut kept: Vec<Option<String>> = walk(&sender, "/v1/events")
        .await
        .iter()
        .map(|event| event["traceparent"].as_str().map(str::to_owned))
        .collect();
    kept.sort();
    assert_eq!(kept, [None, Some(traceparent())]);
    assert!(gateway.terminate().await.success() && worker.terminate().await.success());
    assert_eq!(collector.requests(), 0);
}
