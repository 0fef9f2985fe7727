//! Servers of one test, for what the servers of the run cannot be: stopped, lost, or set up otherwise.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A folder that goes with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("em-whole-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A nats-server on a port that stays the same from start to start.
pub(crate) struct Nats(Child);

impl Nats {
    /// Keeps its stream in `folder`; `extra` are more lines of its configuration.
    pub(crate) fn start(program: &Path, port: u16, folder: &Path, extra: &str) -> Self {
        let store = serde_json::Value::from(folder.join("store").to_string_lossy());
        Self::configured(program, port, folder, &format!("jetstream {{ store_dir: {store} }}\n{extra}"))
    }

    /// One that keeps no streams at all.
    pub(crate) fn without_jetstream(program: &Path, port: u16, folder: &Path) -> Self {
        Self::configured(program, port, folder, "")
    }

    /// One that lets `em:x` keep so many bytes of streams.
    pub(crate) fn with_room(program: &Path, port: u16, folder: &Path, bytes: u64) -> Self {
        let store = serde_json::Value::from(folder.join("store").to_string_lossy());
        let account = format!("jetstream {{ max_file: {bytes} }}, users [{{ user: em, password: x }}]");
        let more = format!("jetstream {{ store_dir: {store} }}\naccounts {{ A {{ {account} }} }}");
        Self::configured(program, port, folder, &more)
    }

    fn configured(program: &Path, port: u16, folder: &Path, more: &str) -> Self {
        std::fs::create_dir_all(folder).expect("a folder");
        let config = folder.join("nats.conf");
        let text = format!("host: \"127.0.0.1\"\nport: {port}\n{more}\n");
        std::fs::write(&config, text).expect("a configuration");
        let mut command = Command::new(program);
        command.arg("--config").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("nats-server starts"))
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
