//! Events as they are committed, as server-sent events.
//!
//! `id:` is a place in commit order, not an event's id; whoever comes back with it misses nothing and sees nothing
//! twice. Each stream asks the database for what is new a few times a second and holds one step of events at most:
//! a slow reader is waited for, not buffered for. It ends when the process stops, and after an hour, so that a token
//! that is no longer good does not listen for ever; an EventSource comes back by itself.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, HeaderName};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use domain::ids::TenantId;
use futures::Stream;
use store::StoreError;
use store::events::EventFilter;
use store::events::stream::{self as commits, Past, Position, Step};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::events::events_query;
use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::Asked;
use crate::state::Shared;

const BETWEEN_STEPS: Duration = Duration::from_millis(250);
const HEARTBEAT: Duration = Duration::from_secs(15);
const LONGEST: Duration = Duration::from_secs(3600);
/// Rows that one step looks at.
const STEP_ROWS: i64 = 200;
const RETRY_MILLISECONDS: u32 = 3000;

events_query! {
    /// What a stream is narrowed to, and where it begins.
    StreamQuery {
        /// As the header `Last-Event-ID`, for clients that cannot send it.
        after,
    }
}

/// Events as they are committed. Without a resume point it begins now.
#[utoipa::path(get, path = "/v1/events/stream", tag = "events",
    params(StreamQuery, ("Last-Event-ID" = Option<String>, Header, description = "The last `id:` that was seen")),
    responses(
    (status = 200, body = String, content_type = "text/event-stream"),
    (status = 400, body = ProblemBody),
    (status = 503, body = ProblemBody),
))]
pub(crate) async fn stream(
    caller: Caller<Viewer>,
    state: Shared,
    request: HttpRequest,
    Asked(query): Asked<StreamQuery>,
) -> Result<HttpResponse, Problem> {
    let (filter, resume) = read(&request, &query)?;
    let full = |_| Problem::new(Code::TooManyStreams, "close another stream, or ask another gateway").retry_after(30);
    let place = state.streams.clone().try_acquire_owned().map_err(full)?;
    let (now, past) = state.store.call("stream_now", commits::now).await?;
    // A number beyond the present comes from another database, restored or replaced: it would wait for ever.
    let lost = resume.is_some_and(|resume| resume.transaction > now.transaction + MOST_AHEAD);
    let resume = resume.filter(|_| !lost);
    let reader = Reader {
        state,
        tenant: caller.tenant,
        filter,
        position: resume.unwrap_or(now),
        past: resume.is_none().then_some(past),
        heartbeat: HEARTBEAT,
        spoke: Instant::now(),
        ends: Instant::now() + LONGEST,
        _place: place,
    };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((HeaderName::from_static("x-accel-buffering"), "no"))
        .streaming(reader.run(lost)))
}

/// Transactions that a resume point may be ahead of the oldest open one.
const MOST_AHEAD: u64 = 1_000_000;

fn read(request: &HttpRequest, query: &StreamQuery) -> Result<(EventFilter, Option<Position>), Problem> {
    let mut faults = Faults::of_query();
    // Bytes that are no text are no position either: to begin now instead would lose events without a word.
    let header = request.headers().get("last-event-id").map(|value| value.to_str().unwrap_or("?"));
    let resume = header.or(query.after.as_deref()).filter(|text| !text.is_empty()).map(str::parse);
    if let Some(Err(error)) = &resume {
        faults.add("after", format!("{error}"));
    }
    let filter = query.filter(&mut faults);
    faults.none()?;
    Ok((filter, resume.and_then(Result::ok)))
}

/// One open stream.
struct Reader {
    state: Shared,
    tenant: TenantId,
    filter: EventFilter,
    position: Position,
    /// Of a reader that began now.
    past: Option<Past>,
    /// How long the stream may be silent.
    heartbeat: Duration,
    spoke: Instant,
    ends: Instant,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    /// Everything that is sent. The first lines carry the position, so that a reader that is cut off before its
    /// first event comes back to where it began.
    fn run(self, lost: bool) -> impl Stream<Item = Result<Bytes, Infallible>> {
        let reset = if lost { "event: reset\ndata: {}\n" } else { "" };
        let hello = format!("retry: {RETRY_MILLISECONDS}\n{reset}id: {}\n\n", self.position);
        futures::stream::unfold((self, Some(hello)), |(mut reader, hello)| async move {
            let text = match hello {
                Some(hello) => hello,
                None => reader.next().await?,
            };
            Some((Ok(Bytes::from(text)), (reader, None)))
        })
    }

    /// The next thing to say; `None` ends the stream.
    async fn next(&mut self) -> Option<String> {
        loop {
            if self.state.is_draining() || Instant::now() >= self.ends {
                return None;
            }
            // While the database is away the reader is kept: heartbeats go on, and nothing is missed.
            let step = self.step().await.unwrap_or_default();
            self.position = step.reached.unwrap_or(self.position);
            if !step.events.is_empty() {
                self.spoke = Instant::now();
                return Some(step.events.iter().map(|(place, event)| block(*place, event)).collect());
            }
            if self.spoke.elapsed() >= self.heartbeat {
                self.spoke = Instant::now();
                return Some(": heartbeat\n\n".to_owned());
            }
            if !step.more {
                let stop = self.state.stop.clone();
                drop(tokio::time::timeout(BETWEEN_STEPS, stop.cancelled_owned()).await);
            }
        }
    }

    async fn step(&self) -> Result<Step, StoreError> {
        let (tenant, filter) = (self.tenant.clone(), self.filter.clone());
        let (position, past) = (self.position, self.past.clone());
        let step = move |conn: &mut store::Connection| {
            commits::step(conn, &tenant, &filter, (position, past.as_ref()), STEP_ROWS)
        };
        self.state.store.call("stream_step", step).await
    }
}

fn block(place: Position, event: &domain::event::Event) -> String {
    let json = serde_json::to_string(event).unwrap_or_default();
    // `data` is stored as it came: a line break in it would end the field.
    let lines: Vec<&str> = json.split(['\n', '\r']).collect();
    format!("id: {place}\ndata: {}\n\n", lines.join("\ndata: "))
}

#[cfg(test)]
mod tests;
