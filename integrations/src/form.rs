//! Bodies whose content type is a form: percent-encoded fields. A proof covers the encoded bytes; this is read after
//! it was checked. Bytes are decoded first, and their text is looked at then.

use std::borrow::Cow;

use crate::integration::Unreadable;

/// The JSON of a body that is JSON, or a form with the JSON in its field `payload`.
pub(crate) fn json_of(body: &[u8]) -> Result<Cow<'_, [u8]>, Unreadable> {
    let Some(field) = body.strip_prefix(b"payload=") else { return Ok(Cow::Borrowed(body)) };
    let field = field.split(|byte| *byte == b'&').next().unwrap_or_default();
    decode(field).map(Cow::Owned)
}

/// Every field of a form with its value, in order.
pub(crate) fn fields(body: &[u8]) -> Result<Vec<(String, String)>, Unreadable> {
    let text = |bytes| String::from_utf8(decode(bytes)?).map_err(|_| Unreadable::new("the form is not UTF-8"));
    let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
            let value = pair.get(name.len() + 1..).unwrap_or_default();
            Ok((text(name)?, text(value)?))
        })
        .collect()
}

/// The first field of that name; `None` as well when it cannot be decoded. JSON has no fields: an object never begins
/// as a form does.
pub(crate) fn field(body: &[u8], name: &str) -> Option<String> {
    if is_json(body) {
        return None;
    }
    let value = body
        .split(|byte| *byte == b'&')
        .find_map(|field| field.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b"=")))?;
    String::from_utf8(decode(value).ok()?).ok()
}

/// Whether a body is an object or a list, and so no form.
fn is_json(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// The form without the fields of that name; `None` when there is none, or it is no form.
pub(crate) fn without(body: &[u8], name: &str) -> Option<Vec<u8>> {
    let is_named = |field: &&[u8]| field.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"="));
    let all: Vec<&[u8]> = body.split(|byte| *byte == b'&').collect();
    let kept: Vec<&[u8]> = all.iter().copied().filter(|field| !is_named(field)).collect();
    (!is_json(body) && kept.len() < all.len()).then(|| kept.join(&b'&'))
}

/// A form of one field.
pub(crate) fn of(name: &str, value: &[u8]) -> Vec<u8> {
    let value: String = form_urlencoded::byte_serialize(value).collect();
    format!("{name}={value}").into_bytes()
}

fn decode(field: &[u8]) -> Result<Vec<u8>, Unreadable> {
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
    Ok(decoded)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_whole_by_name_and_never_in_json() {
        let form = b"token=x&command=%2Fdeploy&text=a+b%26ssl_check%3D1&my_text=no&broken=%4";
        for (name, expected) in [
            ("command", Some("/deploy")),
            ("text", Some("a b&ssl_check=1")),
            ("ssl_check", None),
            ("broken", None),
            ("ext", None),
        ] {
            assert_eq!(field(form, name).as_deref(), expected, "{name}");
        }
        assert_eq!(without(form, "token").as_deref(), Some(&form[8..]));
        assert_eq!(without(form, "nothing"), None);
        assert_eq!(field(b" {\"text\":\"&ssl_check=1&\"}", "ssl_check"), None);
    }
}
