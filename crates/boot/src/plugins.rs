//! The plugins of a folder: read at start, and again whenever a file changes, without a restart.
//!
//! A file that is no good plugin never touches another: it is told once, and what it was before goes on. A file that is
//! gone takes its source with it. The folder need not exist.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use integrations::{Integration, Plugin, Sources};
use tokio_util::sync::CancellationToken;

/// Between two looks at the folder.
const PAUSE: Duration = Duration::from_secs(2);
/// A plugin's file is a page or two of text.
const MOST_BYTES: u64 = 1 << 20;

/// A file that is no good plugin, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {what}", file.display())]
pub struct Faulty {
    pub file: PathBuf,
    pub what: String,
}

/// A folder of plugins and what was read there last.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    files: BTreeMap<PathBuf, Seen>,
}

#[derive(Debug)]
struct Seen {
    text: Result<String, String>,
    /// The last good reading.
    plugin: Option<&'static Integration>,
}

impl Folder {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), files: BTreeMap::new() }
    }

    /// Reads what has changed since the last look: whether something has, and what is wrong with it.
    pub fn look(&mut self) -> (bool, Vec<Faulty>) {
        let found = toml_files(&self.path);
        let gone = self.files.len();
        self.files.retain(|file, _| found.contains(file));
        let mut changed = gone != self.files.len();
        let mut faulty = Vec::new();
        for file in found {
            let text = text_of(&file);
            if self.files.get(&file).is_some_and(|seen| seen.text == text) {
                continue;
            }
            changed = true;
            let read = text.as_ref().map_err(Clone::clone).and_then(|text| self.read(&file, text));
            let before = self.files.get(&file).and_then(|seen| seen.plugin);
            let plugin = match read {
                Ok(plugin) => Some(plugin),
                Err(what) => {
                    faulty.push(Faulty { file: file.clone(), what });
                    before
                }
            };
            self.files.insert(file, Seen { text, plugin });
        }
        (changed, faulty)
    }

    /// The good ones, by the names of their files.
    pub fn plugins(&self) -> Vec<&'static Integration> {
        self.files.values().filter_map(|seen| seen.plugin).collect()
    }

    fn read(&self, file: &Path, text: &str) -> Result<&'static Integration, String> {
        let plugin = Plugin::read(text).map_err(|fault| fault.to_string())?.integration();
        let twin = self
            .files
            .iter()
            .find(|(other, seen)| *other != file && seen.plugin.is_some_and(|known| known.name == plugin.name));
        match twin {
            Some((other, _)) => Err(format!("the name {} is taken by {}", plugin.name, other.display())),
            None => Ok(plugin),
        }
    }
}

/// Keeps the list of sources as the folder says, until `stop`.
pub async fn watch(mut folder: Folder, sources: Sources, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => return,
        }
        let looked = tokio::task::spawn_blocking(move || {
            let told = folder.look();
            (folder, told)
        });
        let Ok((back, (changed, faulty))) = looked.await else { return };
        folder = back;
        tell(&faulty);
        if changed {
            let plugins = folder.plugins();
            let names: Vec<&str> = plugins.iter().map(|plugin| plugin.name).collect();
            tracing::info!(plugins = names.join(", "), "the plugins were read again");
            sources.set_plugins(&plugins);
        }
    }
}

/// Logs what is wrong with files.
pub fn tell(faulty: &[Faulty]) {
    for one in faulty {
        tracing::error!(file = %one.file.display(), what = one.what, "this is no good plugin: mend it; what it was before goes on");
    }
}

fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml") && path.is_file())
        .collect();
    files.sort();
    files
}

fn text_of(file: &Path) -> Result<String, String> {
    let size = std::fs::metadata(file).map_err(|error| error.to_string())?.len();
    if size > MOST_BYTES {
        return Err(format!("it has {size} bytes; a plugin has at most {MOST_BYTES}"));
    }
    std::fs::read_to_string(file).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(name: &str, header: &str) -> String {
        format!(
            "name = \"{name}\"\ntitle = \"T\"\nmapping_version = 1\nkind = {{ header = \"x-kind\" }}\n\n[setup]\npaste = \"p\"\nticks = \"t\"\ndocs = \"https://example.org\"\n\n[[scheme]]\ntype = \"token\"\nheader = \"{header}\"\n\n[[mapping]]\nkind = \"*\"\njq = 'empty'\n"
        )
    }

    struct Temporary(PathBuf);

    impl Temporary {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("em-agent-plugins-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).expect("a folder");
            Self(path)
        }

        fn write(&self, file: &str, text: &str) {
            std::fs::write(self.0.join(file), text).expect("written");
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn names(folder: &Folder) -> Vec<&'static str> {
        folder.plugins().iter().map(|plugin| plugin.name).collect()
    }

    #[test]
    fn a_changed_file_is_read_again_and_a_bad_one_touches_nobody() {
        let temporary = Temporary::new("reload");
        let mut folder = Folder::new(&temporary.0);
        assert_eq!(folder.look(), (false, Vec::new()));
        temporary.write("one.toml", &plugin("one", "x-one"));
        temporary.write("two.toml", &plugin("two", "x-two"));
        temporary.write("notes.txt", "no plugin");
        assert_eq!(folder.look(), (true, Vec::new()));
        assert_eq!(names(&folder), ["one", "two"]);
        assert_eq!(folder.look(), (false, Vec::new()));

        temporary.write("one.toml", "name = 7");
        let (changed, faulty) = folder.look();
        assert!(changed && faulty.len() == 1 && faulty[0].what.starts_with("line 1"), "{faulty:?}");
        assert_eq!(names(&folder), ["one", "two"], "what it was before goes on");
        assert_eq!(folder.look(), (false, Vec::new()), "told once");

        std::fs::remove_file(temporary.0.join("two.toml")).expect("removed");
        assert_eq!(folder.look(), (true, Vec::new()));
        assert_eq!(names(&folder), ["one"]);
    }

    #[test]
    fn a_name_belongs_to_one_file() {
        let temporary = Temporary::new("names");
        let mut folder = Folder::new(&temporary.0);
        temporary.write("a.toml", &plugin("same", "x-a"));
        temporary.write("b.toml", &plugin("same", "x-b"));
        let (_, faulty) = folder.look();
        assert!(faulty.len() == 1 && faulty[0].what.contains("is taken by"), "{faulty:?}");
        assert_eq!(names(&folder), ["same"]);
    }

    #[tokio::test]
    async fn the_list_of_sources_follows_the_folder() {
        let temporary = Temporary::new("watch");
        let (sources, stop) = (Sources::built_in(), CancellationToken::new());
        let watching = tokio::spawn(watch(Folder::new(&temporary.0), sources.clone(), stop.clone()));
        temporary.write("late.toml", &plugin("late", "x-late"));
        while sources.find("late").is_none() {
            tokio::time::sleep(PAUSE / 20).await;
        }
        stop.cancel();
        watching.await.expect("it ends");
    }
}
