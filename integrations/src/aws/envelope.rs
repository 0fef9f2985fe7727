//! What a delivery is wrapped in: SNS puts a text into an envelope, EventBridge puts details into an event.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use domain::time;
use serde::Deserialize;
use serde_json::Value;

use crate::drafts::NAME;
use crate::integration::Unreadable;
use crate::json::{self, Text};
use crate::verify::Message;

/// What we call an alarm of CloudWatch that came by SNS: it has no word of its own.
pub(super) const ALARM: &str = "alarm";

/// As much as tells what it is.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Outer<'a> {
    #[serde(borrow, rename = "Type")]
    message_type: Option<Text<'a>>,
    #[serde(borrow, rename = "Message")]
    message: Option<Text<'a>>,
    #[serde(borrow, rename = "detail-type")]
    detail_type: Option<Text<'a>>,
    #[serde(borrow, rename = "AlarmName")]
    alarm: Option<Text<'a>>,
}

impl Outer<'_> {
    fn own_kind(&self) -> Option<String> {
        let detail = self.detail_type.as_ref().map(|kind| kind.clean(NAME));
        detail.or_else(|| self.alarm.is_some().then(|| ALARM.to_owned()))
    }
}

/// What a delivery is: the type of its event, or of its message where that holds none.
pub(super) fn kind(body: &[u8]) -> Option<String> {
    let outer: Outer<'_> = json::read(body).ok()?;
    let Some(kind) = &outer.message_type else { return outer.own_kind() };
    let inside = match (&**kind, &outer.message) {
        (Message::NOTIFICATION, Some(message)) => json::read::<Outer<'_>>(message.as_bytes()).ok(),
        _ => None,
    };
    inside.and_then(|inside| inside.own_kind()).or_else(|| Some(kind.clean(NAME)))
}

/// The event or alarm itself: the text of SNS's message, or the body where there is no envelope.
pub(super) fn inner(body: &[u8]) -> Result<Cow<'_, [u8]>, Unreadable> {
    let outer: Outer<'_> = match json::read(body) {
        Ok(outer) => outer,
        // The reader of the details says what to do about repeated fields.
        Err(why) if why.repeats => return Ok(Cow::Borrowed(body)),
        Err(why) => return Err(why),
    };
    Ok(match (outer.message_type, outer.message) {
        (Some(kind), Some(Text(message))) if *kind == *Message::NOTIFICATION => match message {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        },
        _ => Cow::Borrowed(body),
    })
}

/// A confirmation without what would confirm it: nobody who reads the store should be able to.
pub(super) fn without_token(body: &[u8]) -> Option<Vec<u8>> {
    let outer: Outer<'_> = json::read(body).ok()?;
    let confirms = |kind: &Text<'_>| [Message::SUBSCRIPTION, Message::UNSUBSCRIPTION].contains(&&**kind);
    outer.message_type.as_ref().filter(|kind| confirms(kind))?;
    let mut message: Value = json::read(body).ok()?;
    let fields = message.as_object_mut()?;
    fields.retain(|name, _| name != "Token" && name != "SubscribeURL");
    Some(message.to_string().into_bytes())
}

/// Why something is not understood that could be read.
pub(super) fn no_meaning(body: &[u8]) -> Unreadable {
    match json::read::<Event<'_, serde::de::IgnoredAny>>(body) {
        Ok(event) => Unreadable { scope: Some(event.scope()), ..Unreadable::new("this kind of event has no mapping") },
        Err(_) => Unreadable::new("this message is no event or alarm that has a mapping"),
    }
}

/// An event of EventBridge.
#[derive(Deserialize)]
pub(super) struct Event<'a, D> {
    #[serde(borrow)]
    account: Option<Text<'a>>,
    #[serde(borrow)]
    region: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    pub(super) time: Option<DateTime<Utc>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    pub(super) resources: Vec<Text<'a>>,
    pub(super) detail: D,
}

impl<D> Event<'_, D> {
    /// The account and its region.
    pub(super) fn scope(&self) -> String {
        scope(self.account.as_ref(), self.region.as_ref())
    }

    /// The first resource that is of that type: what follows `:<type>/` or `:<type>:` in its ARN.
    pub(super) fn resource(&self, of: &str) -> Option<&str> {
        self.resources.iter().find_map(|arn| name_in(arn, of))
    }
}

pub(super) fn scope(account: Option<&Text<'_>>, region: Option<&Text<'_>>) -> String {
    let parts = [account, region].into_iter().flatten().map(|part| part.clean(100));
    parts.filter(|part| !part.is_empty()).collect::<Vec<String>>().join("/")
}

/// The name in an ARN: `arn:aws:ecs:eu-west-1:123456789012:service/production/shop` is the service `production/shop`.
pub(super) fn name_in<'t>(arn: &'t str, of: &str) -> Option<&'t str> {
    let rest = arn.splitn(6, ':').nth(5)?.strip_prefix(of)?;
    rest.strip_prefix(['/', ':']).filter(|name| !name.is_empty())
}
