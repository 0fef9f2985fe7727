//! Cuts a text into chunks: whole paragraphs and whole blocks of code where they fit, a new one at a heading.
//!
//! A chunk is a stretch of the text as it stands. Each begins a little before the last one's end (the overlap), but for one
//! that begins with a heading. What is too long for a chunk is cut at a sentence, else at a space, else between characters.

use std::ops::Range;

/// How large chunks are, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    pub size: usize,
    /// How much of the chunk before is said again. Less than `size`.
    pub overlap: usize,
}

impl Cut {
    /// EM Agent's.
    pub const USUAL: Self = Self { size: 800, overlap: 100 };
    /// What may be asked for.
    pub const SIZES: std::ops::RangeInclusive<usize> = 100..=8000;
}

/// A stretch that is kept together where it fits.
struct Block {
    range: Range<usize>,
    chars: usize,
    is_heading: bool,
}

/// The chunks of a text, in order. Together they hold all of it but white space between them.
pub fn cut(text: &str, cut: Cut) -> Vec<&str> {
    let cut = Cut { size: cut.size.max(1), overlap: cut.overlap.min(cut.size.saturating_sub(1)) };
    let room = cut.size - cut.overlap;
    let blocks = blocks(text);
    let pieces = blocks.into_iter().flat_map(|block| fitting(text, block, cut.size, room));
    let mut chunks: Vec<Range<usize>> = Vec::new();
    let mut open: Option<Block> = None;
    for piece in pieces {
        open = match open {
            Some(chunk) if !begins(&chunk, &piece, room) => Some(Block {
                range: chunk.range.start..piece.range.end,
                chars: chunk.chars + piece.chars,
                is_heading: chunk.is_heading,
            }),
            Some(chunk) => {
                chunks.push(overlapping(text, &chunk, chunks.last(), cut));
                Some(piece)
            }
            None => Some(piece),
        };
    }
    if let Some(chunk) = open {
        chunks.push(overlapping(text, &chunk, chunks.last(), cut));
    }
    chunks.into_iter().map(|range| text[range].trim()).filter(|chunk| !chunk.is_empty()).collect()
}

/// Whether a piece begins a chunk of its own, after this one. A heading does when there is something before it.
fn begins(chunk: &Block, piece: &Block, room: usize) -> bool {
    let full = chunk.chars + piece.chars > room;
    full || piece.is_heading && chunk.chars * 3 >= room
}

/// The chunk with the end of the one before in front of it, from the beginning of a word.
fn overlapping(text: &str, chunk: &Block, before: Option<&Range<usize>>, cut: Cut) -> Range<usize> {
    let range = chunk.range.clone();
    let Some(before) = before.filter(|_| !chunk.is_heading) else { return range };
    let most = cut.overlap.min(cut.size.saturating_sub(chunk.chars));
    let lead = &text[before.start..range.start];
    let Some((start, _)) = lead.char_indices().rev().take(most).last() else { return range };
    let word = lead[start..].find(char::is_whitespace).filter(|_| start > 0).unwrap_or(0);
    before.start + start + word..range.end
}

/// Paragraphs, headings with what follows them, and fenced blocks of code, with the white space behind them.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut fence, mut is_blank_before, mut at) = (None, true, 0);
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        let mark = ["```", "~~~"].into_iter().find(|mark| bare.starts_with(mark));
        let opens = fence.is_none() && mark.is_some();
        let is_heading = fence.is_none() && heading(bare);
        let starts = fence.is_none() && !bare.is_empty() && (is_blank_before || opens || is_heading);
        match blocks.last_mut().filter(|_| !starts) {
            Some(block) => {
                block.range.end = at + line.len();
                block.chars += line.chars().count();
            }
            None => blocks.push(Block { range: at..at + line.len(), chars: line.chars().count(), is_heading }),
        }
        let closes = fence.is_some() && mark == fence;
        fence = if opens { mark } else { fence.filter(|_| !closes) };
        is_blank_before = closes || bare.is_empty();
        at += line.len();
    }
    blocks
}

fn heading(line: &str) -> bool {
    let level = line.len() - line.trim_start_matches('#').len();
    (1..=6).contains(&level) && line[level..].starts_with(' ')
}

/// A block as it is, or in pieces where it does not fit.
fn fitting(text: &str, block: Block, size: usize, room: usize) -> Vec<Block> {
    if block.chars <= size {
        return vec![block];
    }
    let mut pieces = Vec::new();
    let mut rest = block.range.clone();
    while !rest.is_empty() {
        let length = stop(&text[rest.clone()], room);
        let range = rest.start..rest.start + length;
        let is_heading = block.is_heading && pieces.is_empty();
        pieces.push(Block { chars: text[range.clone()].chars().count(), range, is_heading });
        rest.start += length;
    }
    pieces
}

/// How many bytes of a text go into a piece of at most so many characters.
fn stop(text: &str, most: usize) -> usize {
    let Some((hard, _)) = text.char_indices().nth(most) else { return text.len() };
    let half = text.char_indices().nth(most / 2).map_or(0, |(at, _)| at);
    let late = &text[half..hard];
    let after = |marks: &[&str]| marks.iter().filter_map(|mark| Some(late.rfind(mark)? + mark.len())).max();
    let soft = after(&["\n"]).or_else(|| after(&[". ", "! ", "? ", "。"])).or_else(|| after(&[" ", "\t"]));
    soft.map_or_else(|| apart(text, hard), |soft| half + soft)
}

/// The last place up to here that does not part a letter from its marks.
fn apart(text: &str, hard: usize) -> usize {
    let joined =
        |c: char| matches!(c, '\u{300}'..='\u{36f}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}');
    let is_apart = |at: &usize| {
        let (before, after) = (text[..*at].chars().next_back(), text[*at..].chars().next());
        !after.is_some_and(joined) && before != Some('\u{200d}')
    };
    let places = text[..hard].char_indices().map(|(at, _)| at).rev().take(32);
    std::iter::once(hard).chain(places).filter(|at| *at > 0).find(is_apart).unwrap_or(hard)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SMALL: Cut = Cut { size: 100, overlap: 20 };

    #[test]
    fn a_short_text_is_one_chunk_and_nothing_is_none() {
        assert_eq!(cut("  Restart it.\n", SMALL), ["Restart it."]);
        assert!(cut(" \n\n ", SMALL).is_empty());
    }

    #[test]
    fn a_heading_begins_a_chunk_and_takes_nothing_along() {
        let text = format!("# One\n\n{}\n\n# Two\n\nshort\n", "word ".repeat(12));
        let chunks = cut(&text, SMALL);
        assert_eq!(chunks.len(), 2, "{chunks:?}");
        assert!(chunks[1].starts_with("# Two"), "{chunks:?}");
    }

    #[test]
    fn a_block_of_code_stays_in_one_piece_where_it_fits() {
        let code = "```sh\nkubectl rollout undo deploy/shop\n\n# not a heading\nkubectl get pods\n```";
        let text = format!("{}\n\n{code}\n\nAfter it.", "Before it come words. ".repeat(4));
        let chunks = cut(&text, SMALL);
        assert!(chunks.iter().any(|chunk| chunk.contains(code)), "{chunks:#?}");
    }

    #[test]
    fn what_runs_on_begins_with_the_end_of_what_was_before() {
        let text: String = (0..60).map(|n| format!("word{n} ")).collect();
        let chunks = cut(&text, SMALL);
        assert!(chunks.len() > 3);
        for pair in chunks.windows(2) {
            let first = pair[1].split(' ').next().unwrap_or_default();
            assert!(pair[0].split(' ').any(|word| word == first), "{pair:?}");
        }
    }

    proptest! {
        #[test]
        fn every_word_is_in_some_chunk_and_none_is_too_long(
            text in "([a-zäß]{1,9}|[ ]|\n\n|# |```\n|[日本語]{1,40}|e\u{301}|\\. ){0,300}", size in 10usize..200, overlap in 0usize..40,
        ) {
            let chunks = cut(&text, Cut { size, overlap });
            let mut from = 0;
            for chunk in &chunks {
                prop_assert!(chunk.chars().count() <= size, "{} of {size}", chunk.chars().count());
                let start = chunk.as_ptr() as usize - text.as_ptr() as usize;
                if start > from {
                    prop_assert!(text[from..start].trim().is_empty(), "lost {:?}", &text[from..start]);
                }
                from = from.max(start + chunk.len());
            }
            prop_assert!(text[from..].trim().is_empty());
            prop_assert_eq!(chunks, cut(&text, Cut { size, overlap }));
        }
    }
}
