//! `em-agent plugins check`: a folder of plugins, each tried on the examples beside it. Also the sources of this
//! installation for other commands: those built in, and the plugins of `PLUGINS_DIR`.

use std::path::{Path, PathBuf};

use boot::Settings;
use boot::plugins::Folder;
use clap::{Args, Subcommand};
use domain::canonical::Sorted;
use domain::rules::Rules;
use integrations::{Case, Integration, Plugin, Sources};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::failure::Failure;

/// The sources as they are now, and the folder that may change them. What is wrong with a plugin is told, and the others
/// count.
pub(crate) fn load(settings: &Settings) -> (Sources, Folder) {
    let (sources, mut folder) = (Sources::built_in(), Folder::new(&settings.sources.plugins_dir));
    let (_, faulty) = folder.look();
    faulty.iter().for_each(|one| eprintln!("em-agent: {one}"));
    sources.set_plugins(&folder.plugins());
    (sources, folder)
}

/// The body of the first example of a kind, beside the plugin's file.
pub(crate) fn example(settings: &Settings, integration: &Integration, kind: &str) -> Option<Vec<u8>> {
    let folder = settings.sources.plugins_dir.join(integration.name).join(integrations::folder(kind));
    let first = entries(&folder).into_iter().find(|file| is_body(file))?;
    std::fs::read(first).ok().filter(|_| integration.is_plugin())
}

/// Sources without compiling
#[derive(Args)]
pub(crate) struct Plugins {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(Check),
}

/// Read every plugin of a folder and try it on the examples beside it
///
/// DIR/<name>.toml is tried on DIR/<name>/<kind>/<case>.json: the events that it makes are compared with
/// <case>.events.json, and the signatures of DIR/<name>/vectors.toml with what they must be. Prints the differences.
/// Exits with 1 when there are any.
#[derive(Args)]
#[command(after_help = "Examples:\n  em-agent plugins check plugins\n  em-agent plugins check plugins --accept")]
struct Check {
    /// The folder
    dir: PathBuf,
    /// Write what is made as what is expected
    #[arg(long)]
    accept: bool,
}

impl Plugins {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let Command::Check(check) = self.command;
        if !check.dir.is_dir() {
            return Err(Failure::Usage(format!("{} is no folder", check.dir.display())));
        }
        let mut folder = Folder::new(&check.dir);
        let (_, faulty) = folder.look();
        faulty.iter().for_each(|one| println!("{one}"));
        let mut wrong = faulty.len();
        for file in entries(&check.dir).iter().filter(|file| has_extension(file, "toml")) {
            let text = std::fs::read_to_string(file)?;
            // What cannot be read was told above.
            if let Ok(plugin) = Plugin::read(&text) {
                wrong += check.plugin(&plugin)?;
            }
        }
        if wrong == 0 { Ok(()) } else { Err(Failure::Told) }
    }
}

impl Check {
    /// Tries one plugin; how many things are wrong with it.
    fn plugin(&self, plugin: &Plugin) -> Result<usize, Failure> {
        let folder = self.dir.join(plugin.name());
        let (mut tried, mut wrong) = (0, 0);
        for kind in entries(&folder).iter().filter(|path| path.is_dir()) {
            for body in entries(kind).iter().filter(|file| is_body(file)) {
                tried += 1;
                wrong += usize::from(!self.example(plugin, kind, body)?);
            }
        }
        match std::fs::read_to_string(folder.join("vectors.toml")) {
            Ok(text) => {
                let faults = plugin.try_vectors(&text);
                wrong += faults.len();
                faults.iter().for_each(|fault| println!("{}/vectors.toml: {fault}", folder.display()));
            }
            Err(_) => println!("{}: no vectors.toml: nothing proves its signatures", plugin.name()),
        }
        let told = if wrong == 0 { "good".to_owned() } else { format!("{wrong} wrong") };
        println!("{}: {tried} examples, {told}", plugin.name());
        Ok(wrong)
    }

    /// Tries one example; whether it is as expected.
    fn example(&self, plugin: &Plugin, kind: &Path, body: &Path) -> Result<bool, Failure> {
        let name = kind.file_name().unwrap_or_default().to_string_lossy();
        let headers = std::fs::read_to_string(body.with_extension("headers")).unwrap_or_default();
        let bytes = std::fs::read(body)?;
        let case = Case { folder: &name, headers: &headers, body: &bytes };
        let events = match plugin.try_case(&case, &Rules::default()) {
            Ok(events) => pretty(&events),
            Err(what) => {
                println!("{}: {what}", body.display());
                return Ok(false);
            }
        };
        let beside = body.with_extension("events.json");
        let expected = std::fs::read_to_string(&beside).unwrap_or_default();
        let expected = serde_json::from_str::<Value>(&expected).map(|value| pretty(&value)).unwrap_or_default();
        if events == expected {
            return Ok(true);
        }
        if self.accept {
            std::fs::write(&beside, &events)?;
            println!("{}: written", beside.display());
            return Ok(true);
        }
        println!("{}: other events than expected", body.display());
        print!("{}", difference(&expected, &events));
        Ok(false)
    }
}

/// The lines that differ, with two around them.
fn difference(expected: &str, events: &str) -> String {
    let diff = TextDiff::from_lines(expected, events);
    let mut told = String::new();
    for change in diff.grouped_ops(2).iter().flatten().flat_map(|op| diff.iter_changes(op)) {
        let mark = match change.tag() {
            ChangeTag::Delete => "- ",
            ChangeTag::Insert => "+ ",
            ChangeTag::Equal => "  ",
        };
        told.push_str(mark);
        told.push_str(change.value());
    }
    told
}

fn pretty(events: &Value) -> String {
    serde_json::to_string_pretty(&Sorted(events)).unwrap_or_default() + "\n"
}

fn is_body(file: &Path) -> bool {
    has_extension(file, "json") && !file.to_string_lossy().ends_with(".events.json")
}

fn has_extension(file: &Path, extension: &str) -> bool {
    file.extension().is_some_and(|found| found == extension)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let found = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = found.map(|entry| entry.path()).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn a_difference_shows_what_was_expected_and_what_is() {
        assert_eq!(difference("[\n  1\n]\n", "[\n  2\n]\n"), "  [\n-   1\n+   2\n  ]\n");
    }
}
