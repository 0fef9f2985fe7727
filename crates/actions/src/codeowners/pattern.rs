//! A pattern of a CODEOWNERS file: gitignore's rules without negation and without ranges of characters.
//!
//! It is read into segments once. Matching looks at each pair of segments at most once, so that no pattern and no path
//! can make it slow.

/// One segment of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// `**`: any number of folders, also none.
    Any,
    /// Text with `*` and `?`.
    Glob(Vec<Token>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    One(char),
    AnyOne,
    Many,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    segments: Vec<Segment>,
    /// Whether what lies in a matched folder matches too.
    takes_in: bool,
    /// Whether the match itself has to be a folder.
    only_folders: bool,
}

impl Pattern {
    /// `None`: GitHub does not take such a pattern.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.starts_with('!') || text.starts_with("\\#") || has_range(text) {
            return None;
        }
        let only_folders = text.ends_with('/');
        let body = text.strip_suffix('/').unwrap_or(text);
        let is_anchored = body.contains('/');
        let body = body.strip_prefix('/').unwrap_or(body);
        let mut segments = Vec::new();
        if !is_anchored {
            segments.push(Segment::Any);
        }
        for part in body.split('/') {
            match part {
                "" => return None,
                "**" => segments.push(Segment::Any),
                part => segments.push(Segment::Glob(tokens(part))),
            }
        }
        // `docs/*` is what lies in docs and nothing deeper; `docs/**` and `docs/` are all of it. A bare `*` is all.
        let star = || Segment::Glob(vec![Token::Many]);
        let takes_in = !is_anchored || only_folders || segments.last() != Some(&star());
        if segments.last() == Some(&Segment::Any) {
            segments.push(star());
        }
        Some(Self { segments, takes_in, only_folders })
    }

    /// Whether it matches a path given from the root.
    pub(super) fn matches(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        // Whether the segments so far match the first `place` parts.
        let mut reached = vec![false; parts.len() + 1];
        reached[0] = true;
        for segment in &self.segments {
            reached = step(segment, &reached, &parts);
        }
        let is_whole = reached[parts.len()] && !self.only_folders;
        is_whole || (self.takes_in && reached[1..parts.len()].contains(&true))
    }
}

/// Which beginnings of the path are matched after one more segment.
fn step(segment: &Segment, reached: &[bool], parts: &[&str]) -> Vec<bool> {
    let mut next = vec![false; reached.len()];
    match segment {
        Segment::Any => {
            let mut open = false;
            for (place, is_reached) in reached.iter().enumerate() {
                open |= is_reached;
                next[place] = open;
            }
        }
        Segment::Glob(tokens) => {
            for (place, part) in parts.iter().enumerate() {
                next[place + 1] = reached[place] && fits(tokens, part);
            }
        }
    }
    next
}

/// Whether a segment's text matches, remembering only the last star.
fn fits(tokens: &[Token], part: &str) -> bool {
    let characters: Vec<char> = part.chars().collect();
    let (mut token, mut place, mut star) = (0, 0, None);
    while place < characters.len() {
        let here = tokens.get(token);
        if here == Some(&Token::Many) {
            star = Some((token, place));
            token += 1;
        } else if here == Some(&Token::AnyOne) || here == Some(&Token::One(characters[place])) {
            token += 1;
            place += 1;
        } else if let Some((starred, from)) = star {
            star = Some((starred, from + 1));
            token = starred + 1;
            place = from + 1;
        } else {
            return false;
        }
    }
    tokens[token..].iter().all(|left| *left == Token::Many)
}

fn tokens(part: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut characters = part.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => tokens.extend(characters.next().map(Token::One)),
            '*' if tokens.last() == Some(&Token::Many) => {}
            '*' => tokens.push(Token::Many),
            '?' => tokens.push(Token::AnyOne),
            plain => tokens.push(Token::One(plain)),
        }
    }
    tokens
}

/// Whether an unescaped `[` stands in it.
fn has_range(text: &str) -> bool {
    let mut is_escaped = false;
    text.chars().any(|character| {
        let found = character == '[' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        found
    })
}
