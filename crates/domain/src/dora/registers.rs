//! Last-writer-wins registers: merging is the maximum of a total order, so order and repetition do not matter.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::canonical::Tie;

/// What decides between two values of one field: the revision, then the content of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub at: DateTime<Utc>,
    pub tie: Tie,
}

/// A value with the stamp that won. The order of the fields is the order in which they decide; the value itself only
/// where one event says two things about one field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Register<T> {
    at: DateTime<Utc>,
    #[serde(with = "hex")]
    tie: Tie,
    pub value: T,
}

impl<T> Register<T> {
    pub fn new(stamp: Stamp, value: T) -> Self {
        Self { at: stamp.at, tie: stamp.tie, value }
    }
}

/// A register that is set by a known value and left alone by an unknown one.
pub(super) fn known<T>(stamp: Stamp, value: Option<T>) -> Option<Register<T>> {
    value.map(|value| Register::new(stamp, value))
}

/// The newest wins.
pub(super) fn latest<T: Ord>(slot: &mut Option<Register<T>>, other: Option<Register<T>>) {
    *slot = slot.take().max(other);
}

/// The least wins, a time before what goes with it, whichever event says it.
pub(super) fn earliest<T: Ord>(slot: &mut Option<T>, other: Option<T>) {
    *slot = slot.take().into_iter().chain(other).min();
}

/// Makes an entity's facts: fields whose newest value wins, and times (or what begins with one) of which the earliest wins.
macro_rules! registers {
    ($(#[$doc:meta])* $name:ident { latest { $($latest:ident: $kind:ty),* $(,)? } earliest { $($earliest:ident: $first:ty),* $(,)? } }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $name {
            $(
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $latest: Option<$crate::dora::registers::Register<$kind>>,
            )*
            $(
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $earliest: Option<$first>,
            )*
        }

        impl $name {
            /// Takes in what is also known. Commutative, associative and idempotent.
            pub fn merge(&mut self, other: Self) {
                $($crate::dora::registers::latest(&mut self.$latest, other.$latest);)*
                $($crate::dora::registers::earliest(&mut self.$earliest, other.$earliest);)*
            }
        }
    };
}
pub(super) use registers;

/// A tie-break as 32 hexadecimal digits.
mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::canonical::Tie;

    pub(super) fn serialize<S: Serializer>(tie: &Tie, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:032x}", u128::from_be_bytes(*tie)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tie, D::Error> {
        let text = String::deserialize(deserializer)?;
        u128::from_str_radix(&text, 16).map(u128::to_be_bytes).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64, tie: u8, value: &str) -> Option<Register<String>> {
        let at = DateTime::from_timestamp(second, 0).expect("a time");
        Some(Register::new(Stamp { at, tie: [tie; 16] }, value.to_owned()))
    }

    fn merged(values: &[Option<Register<String>>]) -> String {
        let mut slot = None;
        values.iter().for_each(|value| latest(&mut slot, value.clone()));
        slot.expect("a value").value
    }

    #[test]
    fn the_newest_revision_wins_then_the_content_never_the_arrival() {
        let (old, new, same_time) = (at(1, 9, "old"), at(2, 1, "new"), at(2, 3, "other content"));
        assert_eq!(merged(&[old.clone(), new.clone()]), "new");
        assert_eq!(merged(&[new.clone(), old.clone(), None]), "new");
        assert_eq!(merged(&[new.clone(), same_time.clone()]), "other content");
        assert_eq!(merged(&[same_time, new, old]), "other content");
    }

    #[test]
    fn a_register_reads_back_what_it_wrote() {
        let register = at(1_700_000_000, 0xab, "x").expect("a register");
        let json = serde_json::to_string(&register).expect("json");
        assert_eq!(json, r#"{"at":"2023-11-14T22:13:20Z","tie":"abababababababababababababababab","value":"x"}"#);
        assert_eq!(serde_json::from_str::<Register<String>>(&json).expect("read"), register);
    }
}
