//! Which user the servers run as, and whether that user can reach what it needs.
//!
//! PostgreSQL refuses to run as root. Started as root, both servers run as `postgres` where there is such a user, else
//! as `nobody`; started as anybody else, as the same user.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::PrivateError;

/// The user that the servers run as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Owner {
    /// `None`: we are not root, and the servers run as we do.
    pub(super) fn to_drop_to() -> Result<Option<Self>, PrivateError> {
        if super::children::effective_uid() != 0 {
            return Ok(None);
        }
        let passwd = Path::new("/etc/passwd");
        let text = std::fs::read_to_string(passwd).map_err(PrivateError::io("read", passwd))?;
        Self::among(&text).map(Some).ok_or(PrivateError::NoUser)
    }

    fn among(passwd: &str) -> Option<Self> {
        let users: Vec<Self> = passwd.lines().filter_map(Self::parse).filter(|user| user.uid != 0).collect();
        ["postgres", "nobody"].iter().find_map(|name| users.iter().find(|user| user.name == *name).cloned())
    }

    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        Some(Self { name, uid: fields.nth(1)?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    }

    /// Fails when this user cannot walk to `path`, which need not exist yet.
    pub(super) fn must_reach(&self, path: &Path, remedy: &'static str) -> Result<(), PrivateError> {
        match self.closed_on_the_way(path) {
            None => Ok(()),
            Some(closed) => {
                Err(PrivateError::Unreachable { user: self.name.clone(), path: path.to_owned(), closed, remedy })
            }
        }
    }

    fn closed_on_the_way(&self, path: &Path) -> Option<PathBuf> {
        let folders: Vec<&Path> = path.ancestors().skip(1).collect();
        folders.into_iter().rev().find(|folder| self.is_kept_out(folder)).map(Path::to_owned)
    }

    fn is_kept_out(&self, folder: &Path) -> bool {
        let Ok(metadata) = folder.metadata() else { return false };
        let may_enter = match (metadata.uid() == self.uid, metadata.gid() == self.gid) {
            (true, _) => 0o100,
            (_, true) => 0o010,
            _ => 0o001,
        };
        metadata.mode() & may_enter == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgres_is_preferred_to_nobody_and_root_is_never_taken() {
        let passwd = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\npostgres:x:101:104::/:/bin/sh\n";
        let owner = Owner::among(passwd).expect("a user");
        assert_eq!((owner.name.as_str(), owner.uid, owner.gid), ("postgres", 101, 104));
        assert_eq!(Owner::among("nobody:x:65534:65533::/:/bin/false").expect("a user").gid, 65533);
        assert_eq!(Owner::among("postgres:x:0:0::/:/bin/sh"), None);
    }

    #[test]
    fn a_closed_folder_on_the_way_is_named_with_a_way_out() {
        use std::os::unix::fs::PermissionsExt;
        let home = std::env::temp_dir().join(format!("em-owner-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&home).expect("a folder");
        std::fs::set_permissions(&home, PermissionsExt::from_mode(0o700)).expect("closed");
        let stranger = Owner { name: "stranger".to_owned(), uid: 4_000_000, gid: 4_000_000 };
        let error =
            stranger.must_reach(&home.join("data/postgres"), "set DATA_DIR=/var/lib/em-agent").expect_err("closed");
        std::fs::set_permissions(&home, PermissionsExt::from_mode(0o711)).expect("open");
        let open = stranger.must_reach(&home.join("data/postgres"), "");
        std::fs::remove_dir(&home).expect("removed");
        let line = error.to_string();
        assert!(
            line.contains(&format!("{} is closed", home.display())) && line.contains("/var/lib/em-agent"),
            "{line}"
        );
        assert!(open.is_ok());
    }
}
