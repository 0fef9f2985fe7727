//! The folders of the private servers, the lock on them, and the ends of their logs.
//!
//! A lock is held on a file beside each server's folder for as long as the server is ours. The kernel gives it back
//! when we die, so it cannot be stale; the process id in it is only there to say who holds it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::PrivateError;
use super::owner::Owner;

/// A log larger than this is put aside at the next start.
const LOG_BYTES: u64 = 32 * 1024 * 1024;
/// How much of a log is shown when a start fails.
const TAIL_LINES: usize = 12;

/// One server's place under `DATA_DIR`, held for us alone.
#[derive(Debug)]
pub(super) struct Premises {
    /// `DATA_DIR/<server>`, an absolute path.
    pub(super) folder: PathBuf,
    /// `DATA_DIR/<server>.log`.
    pub(super) log: PathBuf,
    pub(super) owner: Option<Owner>,
    _lock: File,
}

impl Premises {
    /// Makes `DATA_DIR` where there is none and takes the lock.
    pub(super) fn open(data_dir: &Path, server: &str) -> Result<Self, PrivateError> {
        let data_dir = std::path::absolute(data_dir).map_err(PrivateError::io("find", data_dir))?;
        let owner = Owner::to_drop_to()?;
        let folder = data_dir.join(server);
        if let Some(owner) = &owner {
            owner.must_reach(&folder, "set DATA_DIR=/var/lib/em-agent")?;
        }
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(&data_dir)
            .map_err(|source| PrivateError::NoPlace { path: data_dir.clone(), source })?;
        let lock = hold(&data_dir, &data_dir.join(format!("{server}.lock")))?;
        Ok(Self { folder, log: data_dir.join(format!("{server}.log")), owner, _lock: lock })
    }

    /// Makes a folder that only the servers' user can enter, or takes back one that is ours.
    pub(super) fn own_folder(&self, folder: &Path) -> Result<(), PrivateError> {
        match fs::symlink_metadata(folder) {
            Ok(found) if !found.is_dir() || !self.is_ours(found.uid()) => {
                return Err(PrivateError::Foreign { path: folder.to_owned() });
            }
            Ok(_) => {}
            Err(_) => fs::DirBuilder::new().mode(0o700).create(folder).map_err(PrivateError::io("make", folder))?,
        }
        fs::set_permissions(folder, PermissionsExt::from_mode(0o700)).map_err(PrivateError::io("close", folder))?;
        self.give(folder)
    }

    /// Gives a path to the servers' user.
    pub(super) fn give(&self, path: &Path) -> Result<(), PrivateError> {
        let Some(owner) = &self.owner else { return Ok(()) };
        std::os::unix::fs::chown(path, Some(owner.uid), Some(owner.gid)).map_err(PrivateError::io("give away", path))
    }

    fn is_ours(&self, uid: u32) -> bool {
        uid == super::children::effective_uid() || self.owner.as_ref().is_some_and(|owner| owner.uid == uid)
    }

    /// The log, to write at its end, and where that is.
    pub(super) fn open_log(&self) -> Result<(File, u64), PrivateError> {
        let failed = || PrivateError::io("open", &self.log);
        if self.log.metadata().is_ok_and(|log| log.len() > LOG_BYTES) {
            fs::rename(&self.log, self.log.with_extension("log.old")).map_err(failed())?;
        }
        let file = OpenOptions::new().create(true).append(true).open(&self.log).map_err(failed())?;
        let end = file.metadata().map_err(failed())?.len();
        Ok((file, end))
    }

    /// The last lines that were written to the log after `from`.
    pub(super) fn tail(&self, from: u64) -> String {
        let mut bytes = Vec::new();
        let read = File::open(&self.log).and_then(|mut log| {
            log.seek(SeekFrom::Start(from))?;
            log.read_to_end(&mut bytes)
        });
        if read.is_err() {
            return "(the log cannot be read)".to_owned();
        }
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }
}

fn hold(data_dir: &Path, path: &Path) -> Result<File, PrivateError> {
    let failed = || PrivateError::io("lock", path);
    let mut file =
        OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path).map_err(failed())?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).map_err(failed())?;
            write!(file, "{}", std::process::id()).map_err(failed())?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let known = file.read_to_string(&mut pid).is_ok() && !pid.is_empty();
            let holder = if known { format!("process {pid}") } else { "another process".to_owned() };
            Err(PrivateError::Held { path: data_dir.to_owned(), holder })
        }
        Err(TryLockError::Error(error)) => Err(failed()(error)),
    }
}
