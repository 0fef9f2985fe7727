//! Attributes of CloudEvents in headers: `ce-<name>`, quoted if the sender likes, percent-encoded once.

use percent_encoding::percent_decode;

use crate::headers::Headers;
use crate::integration::Unreadable;

/// The headers that are read. Extensions are not: nothing of ours asks for them.
pub(super) const ATTRIBUTES: &[&str] =
    &["ce-datacontenttype", "ce-id", "ce-source", "ce-specversion", "ce-subject", "ce-time", "ce-type"];

/// The attribute in that header, decoded; `None` where the header is not there.
pub(super) fn read(headers: &Headers<'_>, name: &str) -> Result<Option<String>, Unreadable> {
    let value = headers.one(name).map_err(|fault| Unreadable::new(fault.to_string()))?;
    value
        .map(|value| decode(value).ok_or_else(|| Unreadable::new(format!("the header {name} is no UTF-8"))))
        .transpose()
}

/// Quotes are taken off first, then one round of percent-decoding is done. Bytes that are no UTF-8 are an error, never
/// replaced.
fn decode(value: &str) -> Option<String> {
    let value = value.trim_matches(' ');
    let inside = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let plain = inside.map_or_else(|| value.to_owned(), unescape);
    percent_decode(plain.as_bytes()).decode_utf8().ok().map(|text| text.into_owned())
}

/// `\"` is a quote and `\\` a backslash.
fn unescape(quoted: &str) -> String {
    let mut out = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        out.push(if character == '\\' { characters.next().unwrap_or('\\') } else { character });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_unquoted_and_decoded_once() {
        for (value, expected) in [
            ("Euro%20%E2%82%AC%20%F0%9F%98%80", Some("Euro € 😀")),
            ("%2525", Some("%25")),
            ("\"a \\\"b\\\" %41\\\\\"", Some("a \"b\" A\\")),
            ("\"", Some("\"")),
            ("\"\"", Some("")),
            ("100%", Some("100%")),
            ("a+b", Some("a+b")),
            ("%C0%A0", None),
            ("%ED%A0%80", None),
            ("%FF", None),
        ] {
            assert_eq!(decode(value).as_deref(), expected, "{value}");
        }
    }
}
