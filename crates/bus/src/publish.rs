//! Sends events. The first await ends when the message is on its way, the second when JetStream has it.

use std::future::{Future, IntoFuture};

use async_nats::connection::State;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use domain::event::Event;
use domain::ids::Mark;

use crate::{Bus, BusError, envelope};

/// JetStream has the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PubAck {
    pub seq: u64,
    /// It had the same `Nats-Msg-Id` within the duplicate window already.
    pub duplicate: bool,
}

impl Bus {
    /// Sends one event. Fails at once without a connection, so that nothing piles up; waits while too many
    /// acknowledgements are outstanding. `again` above 0 sends a message that the stream lost under another id.
    /// An event whose data is larger than the server's `max_payload` goes without it: who needs it asks the store.
    pub async fn publish(
        &self,
        event: &Event,
        mark: Mark,
        again: i16,
    ) -> Result<impl Future<Output = Result<PubAck, BusError>> + Send + 'static, BusError> {
        self.usable()?;
        let (headers, body) = envelope::seal(event, mark, again);
        let whole = self.jetstream.publish_with_headers(self.subject(event), headers, body).await;
        let sent = match whole {
            Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                let (headers, body) = envelope::seal_without_data(event, mark, again);
                self.jetstream.publish_with_headers(self.subject(event), headers, body).await
            }
            whole => whole,
        };
        let acknowledged = sent.map_err(not_sent)?.into_future();
        let (troubles, client) = (self.troubles.clone(), self.client.clone());
        Ok(async move {
            let answer = acknowledged.await.map_err(not_acknowledged);
            match &answer {
                Ok(_) => troubles.note_answer(None),
                Err(error @ BusError::NotAcknowledged(_)) if client.connection_state() == State::Connected => {
                    troubles.note_answer(Some(error));
                }
                // That there is no connection, or no stream, is told by itself.
                Err(_) => {}
            }
            let ack = answer?;
            Ok(PubAck { seq: ack.sequence, duplicate: ack.duplicate })
        })
    }
}

fn not_sent(error: PublishError) -> BusError {
    match error.kind() {
        PublishErrorKind::MaxPayloadExceeded => BusError::TooLarge(Box::new(error)),
        _ => BusError::Send(Box::new(error)),
    }
}

fn not_acknowledged(error: PublishError) -> BusError {
    match error.kind() {
        PublishErrorKind::StreamNotFound => BusError::NoStream,
        _ => BusError::NotAcknowledged(Box::new(error)),
    }
}
