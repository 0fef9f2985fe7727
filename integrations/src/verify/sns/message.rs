//! The envelope of an SNS message, and the text that its signature is over.
//!
//! A field that stands there twice makes it no envelope: two readers could take different ones.

use serde::Deserialize;

use crate::json::Text;

/// An SNS message with its envelope. All of these fields are signed, but those about the signature.
#[derive(Debug, Deserialize)]
pub(crate) struct Message<'a> {
    #[serde(borrow, rename = "Type")]
    pub(crate) kind: Text<'a>,
    #[serde(borrow, rename = "MessageId")]
    pub(crate) id: Text<'a>,
    #[serde(borrow, rename = "TopicArn")]
    pub(crate) topic: Text<'a>,
    #[serde(borrow, rename = "Message")]
    pub(crate) text: Text<'a>,
    #[serde(borrow, rename = "Subject")]
    subject: Option<Text<'a>>,
    #[serde(borrow, rename = "Timestamp")]
    pub(crate) timestamp: Text<'a>,
    /// In confirmations: what confirms the subscription.
    #[serde(borrow, rename = "Token")]
    pub(crate) token: Option<Text<'a>>,
    #[serde(borrow, rename = "SubscribeURL")]
    subscribe_url: Option<Text<'a>>,
    #[serde(borrow, rename = "SignatureVersion")]
    pub(super) signature_version: Text<'a>,
    #[serde(borrow, rename = "Signature")]
    pub(super) signature: Text<'a>,
    #[serde(borrow, rename = "SigningCertURL")]
    pub(super) certificate_url: Text<'a>,
}

impl<'a> Message<'a> {
    /// The type of a subscription's confirmation, as its header says it as well.
    pub(crate) const SUBSCRIPTION: &'static str = "SubscriptionConfirmation";
    pub(crate) const UNSUBSCRIPTION: &'static str = "UnsubscribeConfirmation";
    pub(crate) const NOTIFICATION: &'static str = "Notification";

    pub(crate) fn read(body: &'a [u8]) -> Option<Self> {
        crate::json::read(body).ok()
    }

    /// The signed text: names and values by line, in the order of the names. Absent for a type that is not known, and
    /// where a signed field is missing.
    pub(super) fn signed(&self) -> Option<String> {
        let always = |name, value| Some((name, Some(value)));
        let start = [always("Message", &self.text), always("MessageId", &self.id)];
        let end = [always("TopicArn", &self.topic), always("Type", &self.kind)];
        let between = match &*self.kind {
            Self::NOTIFICATION => {
                [Some(("Subject", self.subject.as_ref())), always("Timestamp", &self.timestamp), None]
            }
            // Unsubscriptions have a token as well; some validators leave it out, Amazon's documentation does not.
            Self::SUBSCRIPTION | Self::UNSUBSCRIPTION => [
                always("SubscribeURL", self.subscribe_url.as_ref()?),
                always("Timestamp", &self.timestamp),
                always("Token", self.token.as_ref()?),
            ],
            _ => return None,
        };
        let mut signed = String::with_capacity(self.text.len() + 500);
        for (name, value) in start.into_iter().chain(between).chain(end).flatten() {
            let Some(value) = value else { continue };
            signed.extend([name, "\n", value, "\n"]);
        }
        Some(signed)
    }
}
