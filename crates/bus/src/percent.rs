//! Header values as the CloudEvents bindings write them: space, `"`, `%` and all but printable ASCII as `%XX` of their
//! UTF-8 bytes. Reading undoes any `%XX` and leaves what is none.

use domain::text::percent_encoded;

pub(crate) fn encode(text: &str) -> String {
    percent_encoded(text, b"!#$&'()*+,-./:;<=>?@[\\]^_`{|}~")
}

/// `None`: the bytes are no UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while let Some(&byte) = bytes.get(place) {
        let hex = bytes.get(place + 1..place + 3).filter(|_| byte == b'%').and_then(hex_byte);
        out.push(hex.unwrap_or(byte));
        place += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).ok()
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn what_the_binding_names_is_written_in_hex_and_read_back() {
        for (text, written) in [
            ("acme/shop#482", "acme/shop#482"),
            ("a \"b\" 100%", "a%20%22b%22%20100%25"),
            ("ä\n€", "%C3%A4%0A%E2%82%AC"),
            ("", ""),
        ] {
            assert_eq!(encode(text), written);
            assert_eq!(decode(written).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_lone_percent_sign_is_itself_and_broken_text_is_refused() {
        assert_eq!(decode("100%").as_deref(), Some("100%"));
        assert_eq!(decode("%zz%4").as_deref(), Some("%zz%4"));
        assert_eq!(decode("%FF"), None);
    }
}
