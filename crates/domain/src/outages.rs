//! What fails again and again is told when it begins, now and then while it lasts, and when it is over: never once a try.
//!
//! Pure: who logs says what time it is.

use std::time::{Duration, Instant};

/// So often an outage that lasts is told again: who looks at the end of a log finds it there.
const AGAIN: Duration = Duration::from_secs(60);

/// One thing that may be out.
#[derive(Clone, Debug, Default)]
pub struct Outage {
    told: Option<(String, Instant)>,
}

impl Outage {
    /// It failed: whether that is to be told now. It is when it is new, or fails in another way, or was told long ago.
    pub fn goes_on(&mut self, why: &str, now: Instant) -> bool {
        let known =
            self.told.as_ref().is_some_and(|(told, at)| told == why && now.saturating_duration_since(*at) < AGAIN);
        if !known {
            self.told = Some((why.to_owned(), now));
        }
        !known
    }

    /// It works: whether that is to be told, because an outage was.
    pub fn is_over(&mut self) -> bool {
        self.told.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_at_its_beginning_each_minute_and_at_its_end() {
        let (start, mut outage) = (Instant::now(), Outage::default());
        let mut at = |seconds, why| outage.goes_on(why, start + Duration::from_secs(seconds));
        assert_eq!(
            [at(0, "refused"), at(1, "refused"), at(59, "refused"), at(60, "refused")],
            [true, false, false, true]
        );
        assert!(at(61, "full"), "another reason is news");
        assert!(outage.is_over() && !outage.is_over(), "its end is told once");
        assert!(outage.goes_on("full", start), "the next one begins anew");
    }
}
