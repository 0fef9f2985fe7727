//! Texts of the language to trees, and where in them a mistake stands.

use jaq_core::load::lex::{Lexer, StrPart, Tok, Token};
use jaq_core::load::parse::{Def, Error, Parser, Term};
use jaq_core::load::span;

/// Longer programs are none that a person wrote.
const LONGEST: usize = 16 * 1024;

/// What is wrong with a program, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// 0 for the shared definitions, else the number of the mapping, from 1.
    pub(crate) piece: usize,
    /// The byte in it.
    pub(crate) at: usize,
    pub(crate) what: String,
}

pub(super) fn definitions(code: &str) -> Result<Vec<Def<&str>>, Fault> {
    let tokens = tokens(code, 0)?;
    Parser::new(&tokens).parse(|parser| parser.defs()).map_err(|errors| syntax(code, 0, errors))
}

pub(super) fn term(code: &str, piece: usize) -> Result<Term<&str>, Fault> {
    let tokens = tokens(code, piece)?;
    Parser::new(&tokens).parse(|parser| parser.term()).map_err(|errors| syntax(code, piece, errors))
}

/// The texts that a program writes as a type, `{type: "build.finished"}`, each with its place.
pub(super) fn written_types(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    if let Ok(tokens) = tokens(code, 0) {
        types_among(code, &tokens, &mut found);
    }
    found
}

fn types_among<'s>(code: &'s str, tokens: &[Token<&'s str>], found: &mut Vec<(usize, &'s str)>) {
    for three in tokens.windows(3) {
        if let [Token("type", _), Token(":", _), Token(whole, Tok::Str(parts))] = three
            && let [StrPart::Str(text)] = parts.as_slice()
        {
            found.push((span(code, whole).start, text));
        }
    }
    for token in tokens {
        if let Token(_, Tok::Block(inner)) = token {
            types_among(code, inner, found);
        }
    }
}

fn tokens(code: &str, piece: usize) -> Result<Vec<Token<&str>>, Fault> {
    if code.len() > LONGEST {
        return Err(Fault { piece, at: 0, what: format!("it is longer than {LONGEST} bytes") });
    }
    Lexer::new(code).lex().map_err(|errors| {
        let first = errors.into_iter().next();
        let (what, at) = first.map_or(("token", 0), |(expected, rest)| (expected.as_str(), span(code, rest).start));
        Fault { piece, at, what: format!("a {what} is missing here") }
    })
}

fn syntax(code: &str, piece: usize, errors: Vec<Error<&str, Option<&Token<&str>>>>) -> Fault {
    let Some((expected, found)) = errors.into_iter().next() else {
        return Fault { piece, at: 0, what: "it cannot be read".to_owned() };
    };
    let found = Token::opt_as_str(found, code);
    let at = span(code, found).start;
    let what = match (expected.as_str(), found.is_empty()) {
        ("", true) => "something is missing at its end".to_owned(),
        ("", false) => "it should end here".to_owned(),
        (what, true) => format!("{what} is missing at its end"),
        (what, false) => format!("{what} is expected here"),
    };
    Fault { piece, at, what }
}

/// The piece and place of a name that was cut out of one of the texts.
pub(super) fn locate(definitions: &str, mappings: &[&str], name: &str, what: String) -> Fault {
    let texts = std::iter::once(definitions).chain(mappings.iter().copied());
    let place = |text: &str| {
        let (start, at) = (text.as_ptr().addr(), name.as_ptr().addr());
        (start..start + text.len()).contains(&at).then(|| at - start)
    };
    let found = texts.enumerate().find_map(|(piece, text)| Some((piece, place(text)?)));
    let (piece, at) = found.unwrap_or((1, 0));
    Fault { piece, at, what }
}
