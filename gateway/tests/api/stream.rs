//! The event stream: whoever comes back misses nothing and sees nothing twice.

use std::time::Duration;

use crate::world::{World, events, problem};
use gateway::access::Role;
use reqwest::header::HeaderValue;
use reqwest::{Method, Response};

const PATIENCE: Duration = Duration::from_secs(20);

/// Reads a stream until it has sent `wanted` events; their ids and numbers, and the last id of all.
struct Reader {
    response: Response,
    text: String,
}

impl Reader {
    async fn open(world: &World, path: &str, last: Option<&str>) -> Self {
        let mut request = world.request_as(Role::Viewer, Method::GET, path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        let mut reader = Self { response, text: String::new() };
        while !reader.text.contains("\n\n") {
            reader.more().await;
        }
        assert!(reader.text.starts_with("retry: 3000\n"), "{}", reader.text);
        reader
    }

    async fn more(&mut self) -> bool {
        let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("in time").expect("a chunk");
        let Some(chunk) = chunk else { return false };
        self.text.push_str(&String::from_utf8_lossy(&chunk));
        true
    }

    /// `(id, number)` of every whole event so far.
    fn seen(&self) -> Vec<(String, i64)> {
        let whole = self.text.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
        let event = |block: &str| {
            let line = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            let data: serde_json::Value = serde_json::from_str(&line("data: ")?).ok()?;
            Some((line("id: ")?, data["data"]["number"].as_i64()?))
        };
        whole.split("\n\n").filter_map(event).collect()
    }

    async fn until(mut self, wanted: usize) -> Vec<(String, i64)> {
        while self.seen().len() < wanted {
            assert!(self.more().await, "the stream ended early: {}", self.text);
        }
        self.seen()
    }
}

#[tokio::test]
async fn resuming_at_any_event_goes_on_with_the_next() {
    let world = World::new().await;
    world.sql(&events("default", 1, 5));
    let reader = Reader::open(&world, "/v1/events/stream", None).await;
    world.sql(&events("default", 6, 10));
    world.sql(&events("default", 11, 700));
    let seen = reader.until(695).await;
    let mut numbers: Vec<i64> = seen.iter().map(|(_, number)| *number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (6..=700).collect::<Vec<_>>(), "it begins now, and each comes once");

    for stopped_at in [0, 3, 4, 5, 300, 693] {
        let resumed = Reader::open(&world, "/v1/events/stream", Some(&seen[stopped_at].0)).await;
        let rest = resumed.until(seen.len() - stopped_at - 1).await;
        assert_eq!(rest, seen[stopped_at + 1..], "after {stopped_at}");
    }
}

#[tokio::test]
async fn what_commits_late_is_not_skipped() {
    let world = World::new().await;
    let reader = Reader::open(&world, "/v1/events/stream", None).await;
    // The first transaction begins before the second and ends after it.
    let late = format!("begin; {}; select pg_sleep(1); commit", events("default", 1, 1));
    let early = events("default", 2, 2);
    let url = world.database.url.clone();
    let slow = tokio::task::spawn_blocking(move || store::migrate::execute(&url, &late));
    world.sql(ONCE_THE_LATE_ONE_SLEEPS);
    world.sql(&early);
    let seen = reader.until(2).await;
    slow.await.expect("no panic").expect("the late one");
    assert_eq!(seen.iter().map(|(_, number)| *number).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn a_reader_that_begins_now_is_not_told_of_the_past_while_an_older_transaction_is_open() {
    let world = World::new().await;
    let late = format!("begin; {}; select pg_sleep(2); commit", events("default", 3, 3));
    let url = world.database.url.clone();
    let slow = tokio::task::spawn_blocking(move || store::migrate::execute(&url, &late));
    world.sql(ONCE_THE_LATE_ONE_SLEEPS);
    world.sql(&events("default", 1, 2));
    let reader = Reader::open(&world, "/v1/events/stream", None).await;
    world.sql(&events("default", 4, 4));
    let seen = reader.until(2).await;
    slow.await.expect("no panic").expect("the late one");
    assert_eq!(seen.iter().map(|(_, number)| *number).collect::<Vec<_>>(), [3, 4]);
}

const ONCE_THE_LATE_ONE_SLEEPS: &str = "
do $$ begin
  while not exists (select from pg_stat_activity
                    where datname = current_database() and backend_xid is not null and wait_event = 'PgSleep') loop
    perform pg_stat_clear_snapshot();
  end loop;
end $$";

#[tokio::test]
async fn a_stream_is_narrowed_to_its_tenant_and_filter_and_ends_when_the_gateway_drains() {
    let world = World::new().await;
    world.sql("insert into tenants (tenant_id, name) values ('acme', 'Acme')");
    let mut reader = Reader::open(&world, "/v1/events/stream?type=change.merged", None).await;
    world.sql(&events("acme", 1, 4));
    world.sql(&events("default", 5, 8));
    while reader.seen().len() < 2 {
        assert!(reader.more().await);
    }
    let mut numbers: Vec<i64> = reader.seen().iter().map(|(_, number)| *number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [6, 8]);
    world.stop.cancel();
    while reader.more().await {}
    assert_eq!(reader.seen().len(), 2);
}

#[tokio::test]
async fn a_resume_point_that_is_none_is_refused() {
    let world = World::new().await;
    problem(world.answer("/v1/events/stream?after=yesterday").await, 400, "invalid-request").await;
    problem(world.answer("/v1/events/stream?limit=5").await, 400, "invalid-request").await;
    let bytes = HeaderValue::from_bytes(b"\xe9").expect("a header value");
    let odd = world.request_as(Role::Viewer, Method::GET, "/v1/events/stream").header("last-event-id", bytes);
    problem(odd.send().await.expect("an answer"), 400, "invalid-request").await;
}

#[tokio::test]
async fn a_resume_point_from_another_database_begins_anew_and_says_so() {
    let world = World::new().await;
    world.sql(&events("default", 1, 3));
    let beyond = format!("{}.01938f5e-3f0a-7c11-9d4e-2f0a6b1c7e55", u64::from(u32::MAX));
    let reader = Reader::open(&world, "/v1/events/stream", Some(&beyond)).await;
    assert!(reader.text.contains("event: reset\ndata: {}\n"), "{}", reader.text);
    world.sql(&events("default", 4, 4));
    let seen = reader.until(1).await;
    assert_eq!(seen.iter().map(|(_, number)| *number).collect::<Vec<_>>(), [4], "it goes on from now");
}
