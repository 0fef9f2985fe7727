//! What follows on the proof: names, greetings, what is stored, and events. All of it gives the same twice, is no
//! larger than it should be, and leaves no text that a row or a message could not hold.

use std::borrow::Cow;

use domain::event::{Draft, Event, TYPES};
use domain::ids::{DeliveryId, TenantId};
use domain::rules::Rules;
use integrations::{Headers, Identity, Incoming, Integration, greet, identify, kept_body, kept_headers, normalize};

use crate::inputs::Input;
use crate::texts;

/// The largest event, without its lists of what the body lists (commits, files): every text has its cap, a hundred
/// labels of a hundred characters are the most, and a character has at most four bytes, or six where JSON escapes it.
const LARGEST_EVENT: usize = 64 * 1024;

/// What such lists may add: names of fields, and escapes.
const LISTED_BYTES_PER_BODY_BYTE: usize = 4;

/// The events of a body may be larger than it: `{}` in a list, three bytes, is an event with an envelope of half a
/// kilobyte, under a name of up to 255 characters that all of them have in common. It must not be more than in
/// proportion: what they have in common must not be repeated without a cap.
const EVENT_BYTES_PER_BODY_BYTE: usize = 1024;

/// Everything that is done with a delivery once it is believed.
pub fn check_meaning(integration: &Integration, input: &[u8]) {
    let input = Input::read(input);
    let headers = input.headers();
    let incoming = input.incoming(&headers);
    let identity = identify(integration, &incoming);
    check_identity(&identity);
    assert_eq!(identity, identify(integration, &incoming), "not the same identity twice");
    check_greetings(integration, &identity, &incoming);
    let stored_headers = stored_headers(integration, &headers);
    let stored_body = stored_body(integration, input.body);
    // The gateway reads what it stores. What came in is read here as well: more of it is malformed.
    let stored: Headers<'_> = stored_headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    for kind in [Some(identity.kind.as_str()), input.kind].into_iter().flatten() {
        check_reading(integration, kind, &stored, &stored_body);
        check_reading(integration, kind, &headers, input.body);
    }
}

fn check_identity(identity: &Identity) {
    assert!((1..=200).contains(&identity.key.len()), "a key of {} bytes", identity.key.len());
    assert!((1..=100).contains(&identity.kind.chars().count()), "a kind of {} characters", identity.kind.len());
    texts::check("the kind", &identity.kind);
    texts::check("the key", &identity.key);
}

fn check_greetings(integration: &Integration, identity: &Identity, incoming: &Incoming<'_>) {
    if let Some(greeting) = integration.unsigned_greeting {
        assert_eq!(greeting(incoming), greeting(incoming), "not greeted the same twice");
    }
    let names = integration.schemes.iter().map(|scheme| Some(scheme.name()));
    for proved in names.chain([None, Some("none"), Some("sns-v2")]) {
        let incoming = Incoming { proved, ..*incoming };
        assert_eq!(
            greet(integration, identity, &incoming),
            greet(integration, identity, &incoming),
            "not greeted the same twice"
        );
    }
}

fn stored_headers(integration: &Integration, headers: &Headers<'_>) -> Vec<(String, String)> {
    let kept = kept_headers(integration, headers);
    for (place, (name, value)) in kept.iter().enumerate() {
        texts::check(name, value);
        assert!(value.chars().count() <= 500, "{name} is kept with {} bytes", value.len());
        assert!(kept[..place].iter().all(|(other, _)| other != name), "{name} is kept twice");
    }
    kept
}

fn stored_body<'b>(integration: &Integration, body: &'b [u8]) -> Cow<'b, [u8]> {
    let stored = kept_body(integration, body);
    // A form that is written anew may need three bytes for one that its sender left as it was.
    assert!(stored.len() <= 3 * body.len(), "{} bytes are stored of {}", stored.len(), body.len());
    assert_eq!(stored, kept_body(integration, &stored), "what is stored holds what must not be");
    stored
}

fn check_reading(integration: &Integration, kind: &str, headers: &Headers<'_>, body: &[u8]) {
    let drafts = normalize(integration, kind, headers, body, &Rules::default());
    assert_eq!(drafts, normalize(integration, kind, headers, body, &Rules::default()), "not the same events twice");
    drafts.iter().for_each(|draft| check_draft(integration, draft));
    check_events(integration, drafts, body.len());
}

fn check_draft(integration: &Integration, draft: &Draft) {
    let known = TYPES.iter().any(|(noun, verbs)| *noun == draft.kind.noun() && verbs.contains(&draft.kind.verb()));
    let unmapped = draft.kind.as_str() == format!("{}.unmapped", integration.name);
    assert!(known || unmapped, "the type {} is not in TYPES", draft.kind);
    assert!(!draft.scope.is_empty(), "{} without a scope", draft.kind);
    assert!(!draft.subject.is_empty(), "{} without a subject", draft.kind);
    texts::check("the scope", &draft.scope);
    texts::check("the subject", &draft.subject);
}

/// The drafts become events, and the events JSON that a program can read.
fn check_events(integration: &Integration, drafts: Vec<Draft>, body_bytes: usize) {
    let (expected, mut total) = (drafts.len(), 0);
    let delivery = DeliveryId::new(Default::default(), [7; 16]);
    let events = Event::seal(drafts, integration.name, &TenantId::default(), delivery, None);
    assert_eq!(events.len(), expected, "not every draft is an event");
    for event in &events {
        let json = serde_json::to_vec(event).expect("an event is JSON");
        let largest = LARGEST_EVENT + LISTED_BYTES_PER_BODY_BYTE * body_bytes;
        assert!(json.len() <= largest, "{} of {} bytes from a body of {body_bytes}", event.kind, json.len());
        total += json.len();
        let data = serde_json::from_str(event.data.get()).expect("an event's data can be read");
        texts::check_all(event.kind.as_str(), &data);
        assert!(data.is_object(), "{} without data", event.kind);
    }
    let most = LARGEST_EVENT + EVENT_BYTES_PER_BODY_BYTE * body_bytes;
    assert!(total <= most, "{expected} events of {total} bytes from a body of {body_bytes}");
}
