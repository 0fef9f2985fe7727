//! Asking one model: again where that may help, until the deadline, and not at all while it is left alone.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tracing::Instrument;

use crate::asking::{Deadline, Job};
use crate::breaker::Breaker;
use crate::provider::{self, Answer};
use crate::targets::Target;
use crate::troubles::Trouble;
use crate::{SetUp, telemetry};

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

impl SetUp {
    /// Tries until there is an answer or no sense in it; says how often.
    pub(crate) async fn tries(
        &self,
        target: &Target,
        job: &Job<'_>,
        deadline: Deadline,
    ) -> (u32, Result<Answer, Trouble>) {
        let mut tries = 0;
        loop {
            if !self.lets_through(target) {
                return (tries, Err(Trouble::LeftAlone));
            }
            tries += 1;
            let may_go_on = tries <= self.settings.retries;
            let result = self.once(target, job, share(deadline, may_go_on)).await;
            self.hear(target, &result);
            let Err(trouble) = result else { return (tries, result) };
            let wait = pause(tries, &trouble, rand::random());
            if !may_go_on || !trouble.passes() || Instant::now() + wait >= deadline.at {
                return (tries, Err(trouble));
            }
            sleep(wait).await;
        }
    }

    async fn once(&self, target: &Target, job: &Job<'_>, most: Duration) -> Result<Answer, Trouble> {
        let (temperature, content) = (self.settings.temperature, self.settings.capture_content);
        let span = telemetry::span(target, job, temperature, content);
        let asked = provider::ask(&self.client, target, job.ask, temperature).instrument(span.clone());
        let result = timeout(most, asked).await.unwrap_or(Err(Trouble::NoAnswer));
        telemetry::record(&span, &result, content);
        result
    }

    fn lets_through(&self, target: &Target) -> bool {
        self.breaker(target, |breaker| breaker.lets_through((self.clock)()))
    }

    fn hear(&self, target: &Target, result: &Result<Answer, Trouble>) {
        let now = (self.clock)();
        self.breaker(target, |breaker| match result {
            Err(trouble) if trouble.is_of_the_model() => breaker.failed(now),
            _ => breaker.succeeded(),
        });
    }

    fn breaker<T>(&self, target: &Target, with: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        with(breakers.entry((target.provider(), target.model.name.clone())).or_default())
    }
}

/// How long one try may take: where there is something else to do after it, not all that is left.
fn share(deadline: Deadline, may_go_on: bool) -> Duration {
    let left = deadline.at.saturating_duration_since(Instant::now());
    if may_go_on || deadline.has_more { left * 2 / 3 } else { left }
}

/// The pause after so many tries: twice as long each time, by chance down to half of it; never less than it was asked for.
fn pause(tries: u32, trouble: &Trouble, chance: f64) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << tries.saturating_sub(1).min(10)).min(LONGEST_PAUSE);
    let own = doubled.mul_f64(0.5 + chance / 2.0);
    match trouble {
        Trouble::Busy(Some(asked)) => own.max(*asked),
        _ => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_vary_and_obey() {
        let failed = Trouble::Failed(500);
        assert_eq!(pause(1, &failed, 1.0), FIRST_PAUSE);
        assert_eq!(pause(1, &failed, 0.0), FIRST_PAUSE / 2);
        assert_eq!(pause(3, &failed, 1.0), FIRST_PAUSE * 4);
        assert_eq!(pause(99, &failed, 1.0), LONGEST_PAUSE);
        assert_eq!(pause(1, &Trouble::Busy(Some(Duration::from_secs(20))), 0.3), Duration::from_secs(20));
    }
}
