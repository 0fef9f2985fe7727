//! Identifiers as types, so that a delivery can never be asked for by an event's id.
//!
//! Our ids are UUIDv7: their first 48 bits are the received time in milliseconds, so the time of a row (and with it
//! the partition that holds it) can be read off its id.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A tenant's short name: part of URLs, subjects and every row. `[a-z0-9][a-z0-9-]{0,62}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(std::sync::Arc<str>);

/// The text is no tenant name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a tenant name is 1 to 63 characters of a-z, 0-9 and '-', not starting with '-'")]
pub struct NotATenant;

impl TenantId {
    /// The tenant of an installation that has only one.
    pub const DEFAULT: &'static str = "default";

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for TenantId {
    fn default() -> Self {
        Self(Self::DEFAULT.into())
    }
}

impl FromStr for TenantId {
    type Err = NotATenant;

    fn from_str(text: &str) -> Result<Self, NotATenant> {
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let fits = (1..=63).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(plain);
        if fits { Ok(Self(text.into())) } else { Err(NotATenant) }
    }
}

impl TryFrom<String> for TenantId {
    type Error = NotATenant;

    fn try_from(text: String) -> Result<Self, NotATenant> {
        text.parse()
    }
}

impl From<TenantId> for String {
    fn from(tenant: TenantId) -> Self {
        tenant.0.as_ref().to_owned()
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The received time that the id carries, in whole milliseconds.
            pub fn received_at(&self) -> DateTime<Utc> {
                time_of(self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid_id::NotAnId;

            fn from_str(text: &str) -> Result<Self, uuid_id::NotAnId> {
                Uuid::try_parse(text).map(Self).map_err(|_| uuid_id::NotAnId)
            }
        }
    };
}

pub mod uuid_id {
    /// The text is no UUID.
    #[derive(Debug, thiserror::Error, PartialEq, Eq)]
    #[error("an id is a UUID, like 01938f5e-3f0a-7c11-9d4e-2f0a6b1c7e55")]
    pub struct NotAnId;
}

uuid_id!(
    /// One webhook delivery that was taken.
    DeliveryId
);
uuid_id!(
    /// One normalized event.
    EventId
);
uuid_id!(
    /// One thing that people are asked to allow.
    ApprovalId
);
uuid_id!(
    /// One deliberate second processing of stored deliveries.
    ReplayId
);

impl DeliveryId {
    /// A new id: `received_at` in its first 48 bits, `random` (whole 16 bytes, of which 74 bits are used) in the rest.
    pub fn new(received_at: DateTime<Utc>, random: [u8; 16]) -> Self {
        Self(v7(received_at, random))
    }

    /// The id of this delivery's event number `ordinal`: the same delivery always gives the same ids.
    pub fn event(&self, ordinal: usize) -> EventId {
        let mut hash = Sha256::new();
        hash.update(self.0.as_bytes());
        hash.update((ordinal as u64).to_be_bytes());
        let digest = hash.finalize();
        let mut bits = [0u8; 16];
        bits.copy_from_slice(&digest[..16]);
        EventId(v7(self.received_at(), bits))
    }
}

impl ApprovalId {
    /// A new id, as [`DeliveryId::new`].
    pub fn new(proposed_at: DateTime<Utc>, random: [u8; 16]) -> Self {
        Self(v7(proposed_at, random))
    }

    /// The id of the job that does what follows from its end: always the same, so there is never a second one.
    pub fn effect_job(&self) -> Uuid {
        let digest = Sha256::new().chain_update(b"effect").chain_update(self.0.as_bytes()).finalize();
        let mut bits = [0u8; 16];
        bits.copy_from_slice(&digest[..16]);
        v7(self.received_at(), bits)
    }
}

impl ReplayId {
    /// A new id, as [`DeliveryId::new`].
    pub fn new(started_at: DateTime<Utc>, random: [u8; 16]) -> Self {
        Self(v7(started_at, random))
    }
}

/// What one message on the bus is remembered by: an event, or an event in one replay.
///
/// It is the message's `Nats-Msg-Id` (`<event id>` or `<event id>:<replay id>`) and the key of consumers' marks, so
/// that a redelivery is processed once and a replay once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark {
    pub event: EventId,
    pub replay: Option<ReplayId>,
}

impl Mark {
    /// When the message came to be: the replay's time for a replay, else the event's received time.
    pub fn at(&self) -> DateTime<Utc> {
        self.replay.map_or_else(|| self.event.received_at(), |replay| replay.received_at())
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.replay {
            Some(replay) => write!(f, "{}:{replay}", self.event),
            None => self.event.fmt(f),
        }
    }
}

impl FromStr for Mark {
    type Err = uuid_id::NotAnId;

    fn from_str(text: &str) -> Result<Self, uuid_id::NotAnId> {
        match text.split_once(':') {
            Some((event, replay)) => Ok(Self { event: event.parse()?, replay: Some(replay.parse()?) }),
            None => Ok(Self { event: text.parse()?, replay: None }),
        }
    }
}

/// A new id of a row that people made, as [`DeliveryId::new`].
pub fn row(made_at: DateTime<Utc>, random: [u8; 16]) -> Uuid {
    v7(made_at, random)
}

fn v7(at: DateTime<Utc>, bits: [u8; 16]) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    let mut rest = [0u8; 10];
    rest.copy_from_slice(&bits[..10]);
    uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid()
}

/// The millisecond time in a UUIDv7's first 48 bits; the epoch for other ids.
pub fn time_of(id: Uuid) -> DateTime<Utc> {
    let bytes = id.as_bytes();
    let millis = bytes[..6].iter().fold(0i64, |sum, byte| (sum << 8) | i64::from(*byte));
    let millis = if id.get_version_num() == 7 { millis } else { 0 };
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    #[test]
    fn a_delivery_id_carries_its_time_and_gives_its_events_the_same_ids_again() {
        let received = at("2026-11-20T18:44:08.120Z");
        let delivery = DeliveryId::new(received, [7; 16]);
        assert_eq!(delivery.received_at(), received);
        assert_eq!(delivery.0.get_version_num(), 7);
        assert_eq!(delivery.event(0), delivery.event(0));
        assert_ne!(delivery.event(0), delivery.event(1));
        assert_eq!(delivery.event(1).received_at(), received);
        assert_eq!(delivery.event(1).0.get_version_num(), 7);
    }

    #[test]
    fn marks_read_back_what_they_print() {
        let delivery = DeliveryId::new(at("2026-11-20T18:44:08Z"), [1; 16]);
        let replay = ReplayId::new(at("2026-11-21T00:00:00Z"), [2; 16]);
        for mark in
            [Mark { event: delivery.event(0), replay: None }, Mark { event: delivery.event(0), replay: Some(replay) }]
        {
            assert_eq!(mark.to_string().parse(), Ok(mark));
        }
        assert_eq!("x:y".parse::<Mark>(), Err(uuid_id::NotAnId));
    }

    #[test]
    fn tenant_names_are_short_and_plain() {
        for good in ["default", "a", "0-9"] {
            assert!(good.parse::<TenantId>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "A", "a.b", "a b", "ä", &"x".repeat(64)] {
            assert_eq!(bad.parse::<TenantId>(), Err(NotATenant), "{bad}");
        }
    }
}
