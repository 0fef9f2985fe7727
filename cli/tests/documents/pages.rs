//! Every page of the repository, cut into prose, code in backticks and blocks of code. Each piece knows its line.

use std::path::{Path, PathBuf};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Names what EM Agent 1 had beside what is here: settings, paths, files and tables of both; gateway/tests/api/migrating.rs holds it.
pub(crate) const FORMER: &str = "docs/migrating-from-em-agent-1.md";

/// A Markdown file.
pub(crate) struct Page {
    /// From the root of the repository.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A line of code, or code in backticks.
pub(crate) struct Code {
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// What stands between two fences.
pub(crate) struct Block {
    pub(crate) line: usize,
    pub(crate) language: String,
    pub(crate) text: String,
}

/// All but the prompts, which are no pages, and what tools have left behind.
pub(crate) fn pages() -> Vec<Page> {
    let mut found = Vec::new();
    collect(&root(), Path::new(""), &mut found);
    found.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(found.len() > 60, "found only {} pages", found.len());
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Page>) {
    for entry in std::fs::read_dir(root.join(folder)).expect("a folder of ours").flatten() {
        let name = entry.file_name().into_string().expect("a name of ours");
        let path = folder.join(&name);
        let is_ours =
            !name.starts_with('.') && !["target", "node_modules", "prompts", "corpus"].contains(&name.as_str());
        if is_ours && entry.path().is_dir() {
            collect(root, &path, found);
        } else if is_ours && name.ends_with(".md") {
            let text = std::fs::read_to_string(entry.path()).expect("a page is text");
            found.push(Page { name: path.display().to_string(), text });
        }
    }
}

impl Page {
    /// The lines with their numbers, and whether each stands between fences. Fences themselves are left out.
    fn lines(&self) -> impl Iterator<Item = (usize, &str, bool)> {
        let mut is_fenced = false;
        self.text.lines().enumerate().filter_map(move |(at, line)| {
            let is_fence = line.trim_start().starts_with("```");
            is_fenced ^= is_fence;
            (!is_fence).then_some((at + 1, line, is_fenced))
        })
    }

    /// The lines of prose, lists and tables.
    pub(crate) fn prose(&self) -> Vec<(usize, &str)> {
        self.lines().filter(|(_, _, is_fenced)| !is_fenced).map(|(at, line, _)| (at, line)).collect()
    }

    /// What stands in backticks. The bar of a table is written `\|` in them.
    pub(crate) fn spans(&self) -> Vec<Code> {
        let mut spans = Vec::new();
        for (line, text) in self.prose() {
            let inside = text.split('`').skip(1).step_by(2);
            spans.extend(inside.map(|text| Code { line, text: text.replace("\\|", "|") }));
        }
        spans
    }

    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut open = false;
        for (at, line) in self.text.lines().enumerate() {
            let Some(language) = line.trim_start().strip_prefix("```") else {
                if let Some(block) = blocks.last_mut().filter(|_| open) {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                continue;
            };
            open = !open;
            if open {
                blocks.push(Block { line: at + 2, language: language.trim().to_owned(), text: String::new() });
            }
        }
        assert!(!open, "{}: a fence is not closed", self.name);
        blocks
    }

    /// All code: what stands in backticks and each line of a block.
    pub(crate) fn code(&self) -> Vec<Code> {
        let fenced = self.lines().filter(|(_, _, is_fenced)| *is_fenced);
        let fenced = fenced.map(|(line, text, _)| Code { line, text: text.to_owned() });
        fenced.chain(self.spans()).collect()
    }
}

/// Fails with everything that was found, one a line.
#[track_caller]
pub(crate) fn nothing_of(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}\n", found.join("\n"));
}

#[test]
fn a_page_is_cut_where_its_fences_are() {
    let text = "Ask `a` or `b\\|c`.\n```sql\nselect 1;\n```\nThen `d`.\n".to_owned();
    let page = Page { name: "x.md".to_owned(), text };
    let spans: Vec<(usize, String)> = page.spans().into_iter().map(|one| (one.line, one.text)).collect();
    assert_eq!(spans, [(1, "a".to_owned()), (1, "b|c".to_owned()), (5, "d".to_owned())]);
    let blocks = page.blocks();
    assert_eq!((blocks[0].line, blocks[0].language.as_str(), blocks[0].text.as_str()), (3, "sql", "select 1;\n"));
    assert_eq!(page.code().len(), 4);
}
