//! A folder of a test's own, removed with it.

use std::path::{Path, PathBuf};

/// A folder under the system's temporary one.
pub struct Folder(PathBuf);

impl Folder {
    /// An empty one.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn fresh() -> Self {
        let path = std::env::temp_dir().join(format!("em-test-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    /// A copy of another folder with all that is in it.
    ///
    /// # Panics
    /// When something of it cannot be copied.
    pub fn copy_of(other: &Path) -> Self {
        let folder = Self::fresh();
        copy(other, &folder.0);
        folder
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Its path as an argument or a setting.
    pub fn name(&self) -> String {
        self.0.display().to_string()
    }

    /// Writes a file and the folders above it. It is there at once and whole: who follows the folder sees no half of it.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, file: &str, text: &str) {
        let (path, part) = (self.0.join(file), self.0.join(format!("{file}.part")));
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&part, text).expect("written");
        std::fs::rename(&part, &path).expect("renamed");
    }

    /// # Panics
    /// When there is no such text.
    pub fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.0.join(file)).expect("a text")
    }

    /// # Panics
    /// When there is no such file.
    pub fn remove(&self, file: &str) {
        std::fs::remove_file(self.0.join(file)).expect("removed");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is in a folder that the system clears.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("copied");
        }
    }
}
