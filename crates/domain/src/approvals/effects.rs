//! What follows from an end, as a machine of its own: owed, tried, delivered, or given up. It never changes how the
//! approval ended.

use chrono::{DateTime, TimeDelta, Utc};

use super::Effect;

/// Seconds to wait after the first try in vain, the second, …: ten more tries over three days.
const WAITS_SECONDS: [i64; 10] = [5, 30, 120, 600, 1800, 7200, 21_600, 43_200, 86_400, 86_400];

/// After so many tries in vain it is given up.
pub const TRIES: u32 = WAITS_SECONDS.len() as u32 + 1;

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    Delivered,
    /// In vain, and worth trying again.
    Failed,
    /// In vain for good.
    Refused,
}

/// When it is tried again after `attempts` tries in vain. `None`: no more.
pub fn next_try(attempts: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let place = usize::try_from(attempts.checked_sub(1)?).ok()?;
    WAITS_SECONDS.get(place).map(|seconds| now + TimeDelta::seconds(*seconds))
}

impl Effect {
    /// Whether it is owed still.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Failed)
    }

    /// Where it stands after try number `attempts`. What is over stays as it is.
    pub fn after(self, tried: Tried, attempts: u32, now: DateTime<Utc>) -> Effect {
        match tried {
            _ if !self.is_open() => self,
            Tried::Delivered => Effect::Delivered,
            Tried::Failed if next_try(attempts, now).is_some() => Effect::Failed,
            Tried::Failed | Tried::Refused => Effect::Dead,
        }
    }

    /// Where it stands when people have it tried anew; only what was given up can be.
    pub fn revived(self) -> Option<Effect> {
        (self == Self::Dead).then_some(Self::Pending)
    }
}
