//! NATS JetStream, and the only crate that knows it: subjects, streams, headers, publishing and consuming.
//!
//! 1. [`connection`] connects in the background, refuses servers that are too old, tells the health; `troubles` remembers
//!    what is wrong.
//! 2. [`streams`] makes the stream where it is missing and tells its state.
//! 3. [`publish`] sends an event as a CloudEvent in binary mode ([`envelope`], [`subjects`]); the acknowledgement is
//!    awaited apart, so that many can be outstanding.
//! 4. [`consume`] pulls batches through a durable consumer that is made again whenever it is missing.
//!
//! The bus may lose messages (JetStream acknowledges before it syncs): Postgres is the truth, and nothing here is.
//! Nothing here may know SQL or HTTP.

pub mod connection;
pub mod consume;
mod envelope;
pub mod error;
mod percent;
pub mod publish;
pub mod streams;
mod subjects;
mod troubles;

pub use connection::{Bus, BusHealth, BusOptions};
pub use consume::{Consumer, ConsumerSpec, Received};
pub use error::BusError;
pub use publish::PubAck;
pub use streams::StreamState;
