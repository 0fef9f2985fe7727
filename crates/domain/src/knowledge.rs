//! Documents that people and crawlers bring: cut into chunks, put down to a language, found again in an order.
//!
//! All of it is pure: the same text gives the same chunks, the same lists the same order. What is written where, and what
//! finds, is `store`'s.

mod chunks;
mod languages;
mod plain;
mod ranking;
mod snippets;

use sha2::{Digest, Sha256};

pub use chunks::{Cut, cut};
pub use languages::{LANGUAGES, guess, known};
pub use plain::{plain, plain_line, title_of};
pub use ranking::{Ranked, fuse};
pub use snippets::{SNIPPET, snippet};

/// The collection of documents that belong to no other.
pub const DEFAULT_COLLECTION: &str = "default";

/// The chunk with this number, from 0, of a document.
pub fn chunk_id(document: &str, number: i32) -> String {
    format!("{document}#{number}")
}

/// What decides about a document's chunks: two documents with the same hash have the same ones.
pub fn content_hash(title: &str, text: &str, language: &str, cut: Cut) -> [u8; 32] {
    let mut hash = Sha256::new();
    let (size, overlap) = (cut.size.to_string(), cut.overlap.to_string());
    for part in ["1", title, text, language, &size, &overlap] {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_decides_about_the_chunks_changes_the_hash() {
        let usual = content_hash("t", "text", "english", Cut::USUAL);
        assert_eq!(usual, content_hash("t", "text", "english", Cut::USUAL));
        for other in [
            content_hash("tt", "ext", "english", Cut::USUAL),
            content_hash("t", "text", "german", Cut::USUAL),
            content_hash("t", "text", "english", Cut { size: 400, overlap: 100 }),
            content_hash("t", "text", "english", Cut { size: 800, overlap: 0 }),
        ] {
            assert_ne!(usual, other);
        }
        assert_eq!(chunk_id("runbook", 3), "runbook#3");
    }
}
