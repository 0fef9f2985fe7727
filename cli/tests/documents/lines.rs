//! Lines that people type: what pages show after `$ `, in blocks of commands and in backticks, as words of a shell.

use crate::pages::Page;

/// A command with its words, and the line that it begins on.
pub(crate) struct Line {
    pub(crate) at: usize,
    pub(crate) words: Vec<String>,
}

impl Line {
    /// The words after a program's name, when it is this program that is run.
    pub(crate) fn of(&self, program: &str) -> Option<&[String]> {
        let place = self.words.iter().position(|word| word == program)?;
        Some(&self.words[place + 1..])
    }
}

/// Every command of a page. In a `console` block only what stands after `$ ` is one, the rest is what it printed.
pub(crate) fn typed(page: &Page) -> Vec<Line> {
    let mut typed = Vec::new();
    for block in page.blocks() {
        let is_shown = block.language == "console" || block.text.trim_start().starts_with("$ ");
        if !is_shown && !["", "bash", "sh"].contains(&block.language.as_str()) {
            continue;
        }
        let mut lines = block.text.lines().enumerate();
        while let Some((at, line)) = lines.next() {
            let command = if is_shown { line.trim_start().strip_prefix("$ ") } else { Some(line.trim_start()) };
            let Some(line) = command else { continue };
            let mut whole = line.to_owned();
            while whole.ends_with('\\') {
                whole.pop();
                whole.push_str(lines.next().map_or("", |(_, more)| more));
            }
            typed.extend(commands(&whole).into_iter().map(|words| Line { at: block.line + at, words }));
        }
    }
    for span in page.spans() {
        typed.extend(commands(&span.text).into_iter().map(|words| Line { at: span.line, words }));
    }
    typed
}

/// The commands of a line, parted by pipes and `&&`, without quotation marks, redirections and comments.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word = String::new();
    let mut quoted: Option<char> = None;
    for letter in line.chars().chain([' ']) {
        match quoted {
            Some(mark) if mark == letter => quoted = None,
            Some(_) => word.push(letter),
            None if letter == '"' || letter == '\'' => quoted = Some(letter),
            None if !letter.is_whitespace() => word.push(letter),
            None if word == "#" => break,
            None if ["|", "&&", ">", "||"].contains(&word.as_str()) => {
                commands.push(Vec::new());
                word.clear();
            }
            None if word.is_empty() => {}
            None => commands.last_mut().into_iter().for_each(|words| words.push(std::mem::take(&mut word))),
        }
    }
    commands.retain(|words| !words.is_empty());
    commands
}

#[test]
fn a_line_is_read_as_a_shell_reads_it() {
    let line = "X='a b' em-agent send github --to \"$URL\" > out && echo done   # said";
    let read = commands(line);
    assert_eq!(read[0], ["X=a b", "em-agent", "send", "github", "--to", "$URL"]);
    assert_eq!((read[1][0].as_str(), read[2].join(" ").as_str()), ("out", "echo done"));
    let line = Line { at: 1, words: read[0].clone() };
    assert_eq!(line.of("em-agent").map(<[String]>::len), Some(4));
}
