//! Takes a body apart into facts: one object, an array, or one object per line.

use serde_json::value::RawValue;

use crate::integration::Unreadable;
use crate::json;

/// One fact as it was written, or why that place holds none.
pub(super) type Piece<'a> = Result<&'a RawValue, String>;

pub(super) fn pieces(body: &[u8]) -> Result<Vec<Piece<'_>>, Unreadable> {
    let first = body.trim_ascii_start().first();
    let facts = match first {
        Some(b'[') => json::read::<Vec<&RawValue>>(body),
        _ => json::read(body).map(|one| vec![one]),
    };
    match facts {
        Ok(facts) if matches!(first, Some(b'[' | b'{')) => Ok(facts.into_iter().map(Ok).collect()),
        Ok(_) => Err(Unreadable::new("the body is JSON, but no object, array or lines of objects")),
        Err(why) => lines(body).ok_or(why),
    }
}

/// The lines of a body as facts; `None` when no line is one: then the body as a whole is broken.
fn lines(body: &[u8]) -> Option<Vec<Piece<'_>>> {
    let numbered = body.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.trim_ascii().is_empty());
    let read = |(place, line)| {
        let fact: Option<&RawValue> = serde_json::from_slice(line).ok();
        fact.filter(|fact| fact.get().starts_with('{')).ok_or_else(|| format!("line {} is no JSON object", place + 1))
    };
    let pieces: Vec<Piece<'_>> = numbered.map(read).collect();
    pieces.iter().any(Result::is_ok).then_some(pieces)
}
