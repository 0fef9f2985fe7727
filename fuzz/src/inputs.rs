//! A delivery as text, so that a person can read what broke something, and write more of it: lines, an empty one, and
//! the body as it is.
//!
//! A line is `name: value` (a header), `?token` (in the URL), `=kind` (what a stored delivery of another kind would be
//! read as) or `<url certificate`, in which a carriage return stands for a line break. Anything reads as some delivery.

use integrations::{Fetched, Headers, Incoming};

/// One delivery.
#[derive(Debug, Default)]
pub struct Input<'a> {
    pub headers: Vec<(&'a str, &'a [u8])>,
    pub query_token: Option<&'a str>,
    pub kind: Option<&'a str>,
    pub certificates: Vec<Fetched>,
    pub body: &'a [u8],
}

impl<'a> Input<'a> {
    pub fn read(input: &'a [u8]) -> Self {
        let mut read = Self::default();
        let mut rest = input;
        while !rest.is_empty() {
            let (line, after) = cut(rest, b'\n').unwrap_or((rest, &[]));
            rest = after;
            if line.is_empty() {
                break;
            }
            read.line(line);
        }
        read.body = rest;
        read
    }

    fn line(&mut self, line: &'a [u8]) {
        let text = |bytes: &'a [u8]| std::str::from_utf8(bytes).ok();
        match line {
            [b'?', token @ ..] => self.query_token = text(token),
            [b'=', kind @ ..] => self.kind = text(kind),
            [b'<', fetched @ ..] => self.certificates.extend(certificate(fetched)),
            _ => {
                let (name, value) = cut(line, b':').unwrap_or((line, &[]));
                self.headers.extend(text(name).map(|name| (name, value.strip_prefix(b" ").unwrap_or(value))));
            }
        }
    }

    pub fn headers(&self) -> Headers<'a> {
        self.headers.iter().copied().collect()
    }

    /// The delivery, as it came in.
    pub fn incoming<'i>(&'i self, headers: &'i Headers<'i>) -> Incoming<'i> {
        Incoming {
            query_token: self.query_token,
            certificates: &self.certificates,
            ..Incoming::new(headers, self.body)
        }
    }
}

fn certificate(line: &[u8]) -> Option<Fetched> {
    let (url, bytes) = cut(line, b' ')?;
    let bytes = bytes.iter().map(|byte| if *byte == b'\r' { b'\n' } else { *byte }).collect();
    Some(Fetched { url: std::str::from_utf8(url).ok()?.to_owned(), bytes })
}

fn cut(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = bytes.iter().position(|byte| *byte == at)?;
    Some((&bytes[..place], &bytes[place + 1..]))
}

/// A delivery written down, as [`Input::read`] reads it.
pub(crate) fn write(lines: &[String], body: &[u8]) -> Vec<u8> {
    let mut input: Vec<u8> = lines.iter().flat_map(|line| [line.as_bytes(), b"\n"]).flatten().copied().collect();
    input.push(b'\n');
    input.extend_from_slice(body);
    input
}
