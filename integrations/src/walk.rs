//! The steps of a verified delivery: what it is called, whether it is a greeting, which of its headers are kept, and
//! what it means. None of them can fail: what cannot be read is kept and says so.

use std::borrow::Cow;

use domain::event::Draft;
use domain::rules::Rules;
use domain::text::clean;
use sha2::{Digest, Sha256};

use crate::headers::Headers;
use crate::integration::{Delivery, Greeting, Identity, Incoming, Integration, Normalizer, Unreadable};
use crate::pointer::Sought;
use crate::scheme::Scheme;

const LONGEST_KEY: usize = 200;
const LONGEST_KIND: usize = 100;
/// Events that one delivery may become: more than any vendor sends at once, and not so many that they fill the memory.
const MOST_EVENTS: usize = 50_000;

/// Headers that are kept of every source, beside its own.
const COMMON_HEADERS: &[&str] = &["content-type", "user-agent", "traceparent"];

/// The delivery's kind and the key that makes duplicates: the source's own id, else a hash of kind and body.
pub fn identify(integration: &Integration, incoming: &Incoming<'_>) -> Identity {
    let (kind, key) = (&integration.kind, &integration.key);
    let members = Sought::new(incoming.body, [kind.pointers(), key.pointers()].concat());
    let kind = kind.read(incoming, &members).map_or_else(|| "unknown".to_owned(), |kind| clean(&kind, LONGEST_KIND));
    let key = match key.read(incoming, &members) {
        Some(key) if key.len() <= LONGEST_KEY && key.bytes().all(|c| c.is_ascii_graphic() || c == b' ') => key,
        Some(long) => hash(&[long.as_bytes()]),
        None => hash(&[kind.as_bytes(), incoming.body]),
    };
    Identity { kind, key }
}

/// The answer to a handshake; `None` for a delivery like any other.
pub fn greet(integration: &Integration, identity: &Identity, incoming: &Incoming<'_>) -> Option<Greeting> {
    if let Normalizer::Mapped(mappings) = integration.normalize {
        return mappings.greeting(&identity.kind).cloned().map(Greeting::Answer);
    }
    let greeting = integration.greeting?;
    let greeting = greeting(&Delivery { kind: &identity.kind, headers: incoming.headers, body: incoming.body })?;
    match greeting {
        Greeting::Call { .. } if !is_signed(integration, incoming) => None,
        greeting => Some(greeting),
    }
}

/// Whether a signature proved it. Who merely shows a token may know it from anywhere, and must not make us call.
fn is_signed(integration: &Integration, incoming: &Incoming<'_>) -> bool {
    let shown = |name: &str| {
        integration.schemes.iter().any(|scheme| matches!(scheme, Scheme::Token(token) if token.name == name))
    };
    incoming.proved.is_some_and(|name| name != "none" && !shown(name))
}

/// The events of a delivery. A body that cannot be read is one unmapped event with the reason.
pub fn normalize(
    integration: &Integration,
    kind: &str,
    headers: &Headers<'_>,
    body: &[u8],
    rules: &Rules,
) -> Vec<Draft> {
    let delivery = Delivery { kind, headers, body };
    let drafts = match integration.normalize {
        Normalizer::Coded(normalize) => normalize(&delivery, rules),
        Normalizer::Mapped(mappings) => mappings.normalize(kind, &kept_headers(integration, headers), body, rules),
    };
    let mut drafts = drafts.unwrap_or_else(|why| vec![unmapped(integration.name, kind, why)]);
    let left_out = leave_out(&mut drafts, integration.name, kind);
    drafts.extend(left_out);
    drafts
}

/// Cuts a list that is longer than one delivery may be worth, and says how much that was.
pub(crate) fn leave_out<T>(list: &mut Vec<T>, source: &str, kind: &str) -> Option<Draft> {
    let missing = list.len().checked_sub(MOST_EVENTS).filter(|missing| *missing > 0)?;
    list.truncate(MOST_EVENTS);
    let reason = format!("{missing} more of this delivery were left out: send smaller batches, {MOST_EVENTS} are read");
    Some(unmapped(source, kind, Unreadable::new(reason)))
}

/// The headers that are stored with the delivery: none that could hold a secret.
pub fn kept_headers(integration: &Integration, headers: &Headers<'_>) -> Vec<(String, String)> {
    let fields = integration.kind.headers().into_iter().chain(integration.key.headers());
    let mut names: Vec<&'static str> =
        COMMON_HEADERS.iter().chain(integration.kept_headers).copied().chain(fields).collect();
    names.sort_unstable();
    names.dedup();
    let kept = |name: &'static str| Some((name.to_owned(), clean(headers.one(name).ok()??, 500)));
    names.into_iter().filter_map(kept).collect()
}

/// What is stored of a body. A body that the source cannot cut is stored whole.
pub fn kept_body<'b>(integration: &Integration, body: &'b [u8]) -> Cow<'b, [u8]> {
    integration.kept_body.and_then(|keep| keep(body)).map_or(Cow::Borrowed(body), Cow::Owned)
}

/// The event of something that was verified and kept, but has no meaning yet.
pub(crate) fn unmapped(source: &str, kind: &str, why: Unreadable) -> Draft {
    Draft::unmapped(source, kind, why.scope, &why.reason)
}

pub(crate) fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    format!("sha256:{}", hex::encode(hash.finalize()))
}
