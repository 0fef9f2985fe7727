//! A folder that looks like a fresh clone after its first build, where commands may write.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use testkit::folder::Folder;

/// What a fresh clone has not, and what stands here in its own way.
const NOT_TAKEN: [&str; 6] = [".git", ".em-agent", ".env", "em-agent.env", "target", "dev"];

/// `./dev run` without what it installs and builds.
const DEV: &str = "#!/bin/sh\n[ \"$1\" = run ] && shift && exec target/debug/em-agent up --demo \"$@\"\nexit 1\n";

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(crate) struct FreshClone(Folder);

impl FreshClone {
    pub(crate) fn fresh() -> Self {
        let folder = Folder::fresh();
        let root = root().canonicalize().expect("the project");
        for entry in std::fs::read_dir(&root).expect("the project").flatten() {
            let name = entry.file_name();
            if !NOT_TAKEN.iter().any(|own| name == *own) {
                symlink(entry.path(), folder.path().join(name)).expect("a link");
            }
        }
        let programs = folder.path().join("target/debug");
        std::fs::create_dir_all(&programs).expect("a folder");
        symlink(env!("CARGO_BIN_EXE_em-agent"), programs.join("em-agent")).expect("a link");
        folder.write("dev", DEV);
        std::fs::set_permissions(folder.path().join("dev"), PermissionsExt::from_mode(0o755)).expect("a program");
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn read(&self, file: &str) -> String {
        self.0.read(file)
    }
}
