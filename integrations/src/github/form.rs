//! Bodies of hooks whose content type is a form: the JSON stands percent-encoded in the field `payload`. The
//! signature covers the encoded bytes; this is read after it was checked.

use std::borrow::Cow;

use crate::integration::Unreadable;

/// The JSON of a body in either form. Bytes are decoded, not text: a body that is no UTF-8 is found by the reader.
pub(super) fn json_of(body: &[u8]) -> Result<Cow<'_, [u8]>, Unreadable> {
    let Some(field) = body.strip_prefix(b"payload=") else { return Ok(Cow::Borrowed(body)) };
    let field = field.split(|byte| *byte == b'&').next().unwrap_or_default();
    let mut decoded = Vec::with_capacity(field.len());
    let mut bytes = field.iter();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let pair =
                    bytes.next().zip(bytes.next()).and_then(|(high, low)| Some(digit(*high)? << 4 | digit(*low)?));
                pair.ok_or_else(|| Unreadable::new("the form is broken: a '%' without two hex digits"))?
            }
            plain => *plain,
        });
    }
    Ok(Cow::Owned(decoded))
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
