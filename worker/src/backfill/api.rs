//! Asks a source's API: one request after the other, as often and as soon as it allows.
//!
//! The token goes to the configured host only: redirects are not followed (`outbound`), links are checked (`links`).

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use outbound::{Answer, Outbound, Request};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::Say;
use super::clock::Clock;
use super::halt::{BackfillError, Halt};
use super::limits::{self, Verdict};
use super::links;
use super::tenure::Tenure;

/// The longest pause before the job's hold is renewed.
const SLICE: Duration = Duration::from_secs(30);
/// Pauses shorter than this are not worth a word.
const WORTH_A_WORD: Duration = Duration::from_secs(5);

pub(super) struct Api {
    pub(super) outbound: Outbound,
    /// Without a slash at its end.
    pub(super) base: String,
    pub(super) headers: Vec<(String, String)>,
    /// The setting that holds the token.
    pub(super) setting: &'static str,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stop: CancellationToken,
    /// The longest pause that is waited for.
    pub(super) max_wait: Duration,
    pub(super) tenure: Tenure,
    pub(super) say: Say,
    pub(super) requests: u64,
    pub(super) waited: Duration,
    /// No request is allowed before.
    pub(super) not_before: Option<DateTime<Utc>>,
}

impl Api {
    /// One object; `None`: there is none.
    pub(super) async fn one(&mut self, path: &str) -> Result<Option<Value>, Halt> {
        let url = format!("{}{path}", self.base);
        let Some(answer) = self.ask(&url).await? else { return Ok(None) };
        read(&answer, &url).map(Some)
    }

    /// Every object of a list, page after page, until `take` has enough and says `false`. `false`: there is no list.
    pub(super) async fn all(&mut self, path: &str, mut take: impl FnMut(Value) -> bool) -> Result<bool, Halt> {
        let mut url = format!("{}{path}", self.base);
        loop {
            let Some(answer) = self.ask(&url).await? else { return Ok(false) };
            let Value::Array(page) = read(&answer, &url)? else {
                return Err(BackfillError::Unreadable { url }.into());
            };
            let next = links::next(&answer, &self.base, &url);
            if !page.into_iter().all(&mut take) {
                return Ok(true);
            }
            match next {
                Ok(Some(next)) => url = next,
                Ok(None) => return Ok(true),
                Err(links::Elsewhere(url)) => return Err(BackfillError::Elsewhere { url }.into()),
            }
        }
    }

    /// A list as it is.
    pub(super) async fn list(&mut self, path: &str) -> Result<Vec<Value>, Halt> {
        let mut found = Vec::new();
        let keep = |object| {
            found.push(object);
            true
        };
        self.all(path, keep).await?;
        Ok(found)
    }

    /// The answer, after as many tries and pauses as it takes; `None`: there is no such thing.
    async fn ask(&mut self, url: &str) -> Result<Option<Answer>, Halt> {
        let mut tries = 0;
        loop {
            self.until_allowed().await?;
            tries += 1;
            self.requests += 1;
            let request = Request { headers: self.headers.clone(), ..Request::get(url) };
            let asked = self.outbound.send(request);
            let answered = tokio::select! {
                answered = asked => answered,
                () = self.stop.cancelled() => return Err(Halt::Stopped),
            };
            let now = self.clock.now();
            let verdict =
                answered.as_ref().map_or_else(|_| limits::broken_off(tries), |one| limits::judge(one, tries, now));
            if let Ok(answer) = &answered {
                self.not_before = limits::until_reset(answer, now).map(|pause| now + pause);
            }
            match verdict {
                Verdict::Good => return Ok(answered.ok()),
                Verdict::Absent => return Ok(None),
                Verdict::Wait { pause, why } => self.wait(pause, why).await?,
                Verdict::Unauthorized => return Err(BackfillError::Unauthorized { setting: self.setting }.into()),
                Verdict::Refused => return Err(refused(answered?, url).into()),
            }
        }
    }

    async fn until_allowed(&mut self) -> Result<(), Halt> {
        let Some(at) = self.not_before.take() else { return Ok(()) };
        match (at - self.clock.now()).to_std() {
            Ok(pause) => self.wait(pause, "the API's rate limit is reached").await,
            Err(_) => Ok(()),
        }
    }

    /// Pauses, and holds the job meanwhile.
    async fn wait(&mut self, pause: Duration, why: &'static str) -> Result<(), Halt> {
        self.not_before = None;
        if pause > self.max_wait {
            return Err(Halt::TooLong { pause, why });
        }
        if pause >= WORTH_A_WORD {
            (self.say)(&format!("{why}: waiting {} s", pause.as_secs()));
        }
        let mut left = pause;
        while !left.is_zero() {
            let slice = left.min(SLICE);
            self.tenure.hold().await?;
            tokio::select! {
                () = self.clock.sleep(slice) => {}
                () = self.stop.cancelled() => return Err(Halt::Stopped),
            }
            left -= slice;
        }
        self.waited += pause;
        Ok(())
    }
}

fn read(answer: &Answer, url: &str) -> Result<Value, Halt> {
    serde_json::from_slice(&answer.body).map_err(|_| BackfillError::Unreadable { url: url.to_owned() }.into())
}

/// What it said, without what it may have repeated of us.
fn refused(answer: Answer, url: &str) -> BackfillError {
    let said = match answer.header("location") {
        Some(place) => format!("it is at {place} now; name the repository as it is called there"),
        None => answer.json()["message"].as_str().unwrap_or("it does not say why").chars().take(200).collect(),
    };
    BackfillError::Refused { status: answer.status.as_u16(), url: url.to_owned(), said }
}
