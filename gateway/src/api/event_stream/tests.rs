//! What a silent stream does, without waiting as long as a real one.

use std::sync::Arc;

use boot::Settings;
use boot::environment::Variables;
use boot::settings::Env;
use boot::stop::CancellationToken;
use policies::Policies;
use relay::Relay;
use testkit::database::Database;
use testkit::nats::Stream as TestStream;

use super::*;
use crate::server::Parts;
use crate::state::State;
use crate::writer::Intake;

async fn state(database: &Database) -> Shared {
    let (bus, stop) = (TestStream::fresh().bus().await, CancellationToken::new());
    let (relay, _) = Relay::start(database.store(store::Role::Relay), bus.clone(), &[], stop.clone());
    let store = database.store(store::Role::App);
    let (intake, _) = Intake::start(store.clone(), relay.clone()).expect("a writer");
    let settings = Settings::read(&Variables::new(), &[], Env::Development).expect("settings").0;
    let metrics = boot::metrics::Metrics::install().expect("a recorder");
    let parts = Parts {
        settings: Arc::new(settings),
        sources: integrations::Sources::built_in(),
        store,
        bus,
        relay,
        metrics,
        stop,
    };
    let documents = Policies::read(&parts.settings).expect("shipped documents");
    Shared::new(State::new(parts, intake, documents, models::Models::off()).expect("a state"))
}

async fn reader(state: &Shared, heartbeat: Duration) -> Reader {
    Reader {
        state: state.clone(),
        tenant: TenantId::default(),
        filter: EventFilter::default(),
        position: state.store.call("now", commits::now).await.expect("now").0,
        past: None,
        heartbeat,
        spoke: Instant::now(),
        ends: Instant::now() + LONGEST,
        _place: state.streams.clone().try_acquire_owned().expect("a place"),
    }
}

#[tokio::test]
async fn a_silent_stream_says_that_it_lives_and_ends_after_its_time_or_with_the_process() {
    let database = Database::fresh();
    let state = state(&database).await;
    let mut silent = reader(&state, Duration::from_millis(100)).await;
    for _ in 0..2 {
        assert_eq!(silent.next().await.as_deref(), Some(": heartbeat\n\n"));
    }
    silent.ends = Instant::now();
    assert_eq!(silent.next().await, None);

    let mut waiting = reader(&state, HEARTBEAT).await;
    let told = async {
        tokio::task::yield_now().await;
        state.stop.cancel();
    };
    let (next, ()) = tokio::time::timeout(Duration::from_secs(10), async { tokio::join!(waiting.next(), told) })
        .await
        .expect("it ends with the process");
    assert_eq!(next, None);
}

#[tokio::test]
async fn a_stream_lives_through_a_database_that_does_not_answer() {
    let database = Database::fresh();
    let state = state(&database).await;
    let mut silent = reader(&state, Duration::from_millis(100)).await;
    store::migrate::execute(&database.url, "alter table events rename to elsewhere").expect("renamed");
    assert_eq!(silent.next().await.as_deref(), Some(": heartbeat\n\n"));
}
