//! From a file to a source: everything in it is checked, and a mistake is told with its line.

use std::collections::BTreeSet;

use domain::data::Common;
use domain::event::TYPES;
use toml::Spanned;

use super::file::{File, Mapping, Place};
use super::jq::{self, Program};
use super::keep;
use super::mappings::Mappings;
use super::proofs::{header, scheme};
use super::{Fault, nouns, shape};
use crate::integration::{Field, Integration, Normalizer, Setup};
use crate::scheme::Scheme;

const LARGEST_BODY: i64 = 25 * 1024 * 1024;
const LONGEST_KIND: usize = 100;
const LONGEST_FILE: usize = 256 * 1024;
const MOST_MAPPINGS: usize = 200;

/// The text of a file, for the lines of its mistakes.
struct Source<'t>(&'t str);

impl Source<'_> {
    fn line(&self, at: usize) -> usize {
        1 + self.0.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
    }

    fn fault<T>(&self, field: &Spanned<T>, what: impl Into<String>) -> Fault {
        Fault { line: self.line(field.span().start), what: what.into() }
    }

    /// The line of a place in a text of the file.
    fn line_in(&self, field: &Spanned<String>, at: usize) -> usize {
        let written = self.0.get(field.span()).unwrap_or_default();
        let opening = ["'''\n", "'''\r\n", "\"\"\"\n", "\"\"\"\r\n"];
        let first = usize::from(opening.iter().any(|mark| written.starts_with(mark)));
        let before = field.get_ref().as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
        self.line(field.span().start) + first + before
    }
}

pub(super) fn check(text: &str) -> Result<Integration, Fault> {
    let source = Source(text);
    if text.len() > LONGEST_FILE {
        return Err(Fault { line: 1, what: format!("the file is longer than {LONGEST_FILE} bytes") });
    }
    let file: File = toml::from_str(text).map_err(|error| Fault {
        line: source.line(error.span().map_or(0, |span| span.start)),
        what: error.message().trim().to_owned(),
    })?;
    let name = keep::text(name(&source, &file.name)?);
    if file.title.get_ref().trim().is_empty() {
        return Err(source.fault(&file.title, "field title: what people call the source"));
    }
    let version = i32::try_from(*file.mapping_version.get_ref()).ok().filter(|version| *version >= 1);
    let max_body_bytes = file.max_body_bytes.as_ref().map(|bytes| max_body(&source, bytes)).transpose()?;
    let kept = file
        .kept_headers
        .iter()
        .map(|name| header(name.get_ref()).map_err(|what| source.fault(name, format!("field kept_headers: {what}"))));
    let kept_headers = keep::list(kept.collect::<Result<Vec<_>, _>>()?);
    let schemes = keep::list(schemes(&source, &file)?);
    let kind = field(&source, "kind", &file.kind)?;
    let key = file.key.as_ref().map_or(Ok(Field::Headers(&[])), |key| field(&source, "key", key))?;
    let stored = kind.headers().into_iter().chain(key.headers()).chain(kept_headers.iter().copied());
    if let Some(secret) = stored.into_iter().find(|name| shows_secret(schemes, name)) {
        let what = format!("{secret} shows the secret: it cannot be kept, nor be the kind or key");
        return Err(Fault { line: 1, what });
    }
    let mappings: &'static Mappings = Box::leak(Box::new(mappings(&source, name, &file)?));
    Ok(Integration {
        name,
        title: keep::text(file.title.get_ref()),
        setup: Setup {
            paste: keep::text(&file.setup.paste),
            ticks: keep::text(&file.setup.ticks),
            docs: keep::text(&file.setup.docs),
        },
        secret_setting: keep::text(&format!("{}_WEBHOOK_SECRET", name.to_ascii_uppercase())),
        schemes,
        kind,
        key,
        kept_headers,
        max_body_bytes: max_body_bytes.unwrap_or(Integration::USUAL.max_body_bytes),
        mapping_version: version
            .ok_or_else(|| source.fault(&file.mapping_version, "field mapping_version: a whole number from 1"))?,
        normalize: Normalizer::Mapped(mappings),
        sends: &[("content-type", "application/json")],
        ..Integration::USUAL
    })
}

fn name<'f>(source: &Source<'_>, name: &'f Spanned<String>) -> Result<&'f str, Fault> {
    let given = name.get_ref();
    let plain = given.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_');
    if !(2..=31).contains(&given.len()) || !plain || !given.starts_with(|c: char| c.is_ascii_lowercase()) {
        let what = "field name: 2 to 31 lower-case letters, digits and _, a letter first";
        return Err(source.fault(name, what));
    }
    if crate::find(given).is_some() {
        return Err(source.fault(name, format!("field name: {given} is a source that is built in")));
    }
    // What only the source knows stands in the events' data under its name.
    let of_nouns = TYPES.iter().filter_map(|(noun, verbs)| nouns::find(&format!("{noun}.{}", verbs.first()?)));
    let taken = of_nouns.flat_map(|noun| (noun.fields)()).chain(shape::fields::<Common>());
    if taken.chain(&["type", "time", "subject", "scope"]).any(|field| field == given) {
        return Err(source.fault(name, format!("field name: {given} is a field of events")));
    }
    Ok(given)
}

fn max_body(source: &Source<'_>, bytes: &Spanned<i64>) -> Result<usize, Fault> {
    let fits = (1024..=LARGEST_BODY).contains(bytes.get_ref());
    let number = usize::try_from(*bytes.get_ref()).ok().filter(|_| fits);
    number.ok_or_else(|| source.fault(bytes, format!("field max_body_bytes: from 1024 to {LARGEST_BODY}")))
}

fn schemes(source: &Source<'_>, file: &File) -> Result<Vec<Scheme>, Fault> {
    if file.scheme.is_empty() {
        let what = "no [[scheme]]: say how the source proves itself; without a proof nothing is taken";
        return Err(Fault { line: 1, what: what.to_owned() });
    }
    let mut names = BTreeSet::new();
    let mut schemes = Vec::new();
    for proof in &file.scheme {
        let scheme = scheme(proof.get_ref()).map_err(|what| source.fault(proof, format!("scheme: {what}")))?;
        if !names.insert(scheme.name()) {
            return Err(source.fault(proof, format!("scheme: the name {} is taken: give it another", scheme.name())));
        }
        schemes.push(scheme);
    }
    Ok(schemes)
}

/// Headers that hold the secret itself must not be stored with a delivery.
fn shows_secret(schemes: &[Scheme], header: &str) -> bool {
    let places = schemes.iter().filter_map(|scheme| match scheme {
        Scheme::Token(token) => Some(token.places),
        Scheme::Signature(_) | Scheme::Sns(_) => None,
    });
    header == "authorization" || places.flatten().any(|place| place.header() == Some(header))
}

fn field(source: &Source<'_>, name: &str, places: &Spanned<super::file::OneOrMore<Place>>) -> Result<Field, Fault> {
    let fault = |what: &str| source.fault(places, format!("field {name}: {what}"));
    let one = |place: &Place| match (&place.header, &place.body, &place.constant) {
        (Some(name), None, None) => header(name).map(|name| Field::Headers(keep::list(vec![name]))),
        (None, Some(pointers), None) if pointers.0.iter().all(|pointer| pointer.starts_with('/')) => {
            let pointers = pointers.0.iter().map(|pointer| keep::text(pointer)).collect();
            Ok(Field::Body(keep::list(pointers)))
        }
        (None, Some(_), None) => Err("body takes JSON pointers: /build/id".to_owned()),
        (None, None, Some(constant)) if !constant.is_empty() => Ok(Field::Constant(keep::text(constant))),
        _ => Err("takes one of header, body and constant".to_owned()),
    };
    let mut fields = places.get_ref().0.iter().map(one).collect::<Result<Vec<_>, _>>().map_err(|what| fault(&what))?;
    match fields.len() {
        0 => Err(fault("is empty")),
        1 => Ok(fields.remove(0)),
        _ => Ok(Field::First(keep::list(fields))),
    }
}

fn mappings(source: &Source<'_>, name: &'static str, file: &File) -> Result<Mappings, Fault> {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    let mut add = |spanned: &Spanned<_>, kind: &str, number: usize| {
        if kind.is_empty() || kind.chars().count() > LONGEST_KIND {
            return Err(source.fault::<super::file::OneOrMore<String>>(
                spanned,
                format!("field kind: 1 to {LONGEST_KIND} characters"),
            ));
        }
        if kinds.iter().any(|(known, _)| known == kind) {
            return Err(source.fault(spanned, format!("field kind: {kind} has a mapping already")));
        }
        kinds.push((kind.to_owned(), number));
        Ok(())
    };
    for (number, mapping) in file.mapping.iter().enumerate() {
        for kind in &mapping.kind.get_ref().0 {
            add(&mapping.kind, kind, number)?;
        }
    }
    if let Some(one_more) = file.mapping.get(MOST_MAPPINGS) {
        return Err(source.fault(&one_more.kind, format!("more than {MOST_MAPPINGS} mappings: give several kinds one")));
    }
    if kinds.is_empty() {
        return Err(Fault { line: 1, what: "no [[mapping]]: say what at least one kind means".to_owned() });
    }
    let greeting = match &file.greeting {
        None => None,
        Some(greeting) if kinds.iter().any(|(kind, _)| kind == greeting.kind.get_ref()) => {
            return Err(source.fault(&greeting.kind, "field greeting.kind: that kind has a mapping"));
        }
        Some(greeting) => {
            let answer = serde_json::to_value(&greeting.answer);
            let answer = answer.map_err(|_| source.fault(&greeting.kind, "field greeting.answer: it is no JSON"))?;
            Some((greeting.kind.get_ref().clone(), answer))
        }
    };
    let program = program(source, file)?;
    Ok(Mappings { source: name, program, kinds, greeting })
}

/// Whether it reads like a type of events and is none: two words with a point between them.
fn is_misspelt(kind: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|c| c.is_ascii_lowercase() || c == b'_');
    kind.split_once('.').is_some_and(|(noun, verb)| word(noun) && word(verb)) && nouns::find(kind).is_none()
}

fn program(source: &Source<'_>, file: &File) -> Result<Program, Fault> {
    let definitions = file.definitions.as_ref().map_or("", |text| text.get_ref());
    for text in file.definitions.iter().chain(file.mapping.iter().map(|mapping| &mapping.jq)) {
        let unknown = jq::written_types(text.get_ref()).into_iter().find(|(_, kind)| is_misspelt(kind));
        if let Some((at, kind)) = unknown {
            let what = format!("field jq: {kind} is none of the types of events");
            return Err(Fault { line: source.line_in(text, at), what });
        }
    }
    let codes: Vec<&str> = file.mapping.iter().map(|mapping| mapping.jq.get_ref().as_str()).collect();
    let jq_of = |piece: usize| match piece.checked_sub(1) {
        None => file.definitions.as_ref(),
        Some(number) => file.mapping.get(number).map(|mapping: &Mapping| &mapping.jq),
    };
    Program::compile(definitions, &codes).map_err(|jq::Fault { piece, at, what }| Fault {
        line: jq_of(piece).map_or(1, |text| source.line_in(text, at)),
        what: format!("field {}: {what}", if piece == 0 { "definitions" } else { "jq" }),
    })
}
