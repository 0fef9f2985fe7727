//! Which files of a shared repository belong to the service.
//!
//! A glob names a file or a folder with all that is in it; `*` stays within one folder, `**` does not; a glob without a
//! folder of its own (`*.md`) matches in every folder.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Whether something touches the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touch {
    Inside,
    Outside,
    /// Nobody says which files: it is kept.
    Unknown,
}

/// The globs of each repository that is shared.
pub(super) struct Scope<'a> {
    globs: BTreeMap<&'a str, GlobSet>,
}

impl<'a> Scope<'a> {
    pub(super) fn of(paths: &'a BTreeMap<String, Vec<String>>) -> Self {
        let shared = paths.iter().filter(|(_, globs)| !globs.is_empty());
        Self { globs: shared.map(|(repo, globs)| (repo.as_str(), compiled(globs))).collect() }
    }

    pub(super) fn is_shared(&self, repo: &str) -> bool {
        self.globs.contains_key(repo)
    }

    /// No file at all says nothing: merges and empty commits are told like that.
    pub(super) fn touch(&self, repo: &str, files: Option<&[String]>) -> Touch {
        let files = files.filter(|files| !files.is_empty());
        match (self.globs.get(repo), files) {
            (_, None) => Touch::Unknown,
            (None, Some(_)) => Touch::Inside,
            (Some(globs), Some(files)) if files.iter().any(|file| globs.is_match(file)) => Touch::Inside,
            (Some(_), Some(_)) => Touch::Outside,
        }
    }
}

/// What is wrong with a glob; none: it can be used. For whoever takes globs from people.
pub fn fault(glob: &str) -> Option<String> {
    patterns(glob).iter().find_map(|pattern| one(pattern).err()).map(|error| error.kind().to_string())
}

fn compiled(globs: &[String]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for pattern in globs.iter().flat_map(|glob| patterns(glob)) {
        // A glob that cannot be read was refused where it was said; here it matches nothing.
        if let Ok(pattern) = one(&pattern) {
            set.add(pattern);
        }
    }
    set.build().unwrap_or_default()
}

fn one(pattern: &str) -> Result<globset::Glob, globset::Error> {
    GlobBuilder::new(pattern).literal_separator(true).build()
}

/// The thing itself, and what is in it.
fn patterns(glob: &str) -> [String; 2] {
    let rooted = glob.starts_with('/') || glob.starts_with("./");
    let path = glob.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/');
    let anywhere = !rooted && !path.contains('/') && path.contains('*');
    let path = if anywhere { format!("**/{path}") } else { path.to_owned() };
    [format!("{path}/**"), path]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_names_a_file_or_a_folder_with_all_that_is_in_it() {
        let touches = |glob: &str, file: &str| {
            let paths = BTreeMap::from([("acme/mono".to_owned(), vec![glob.to_owned()])]);
            Scope::of(&paths).touch("acme/mono", Some(&[file.to_owned()])) == Touch::Inside
        };
        for (glob, file) in [
            ("services/shop/**", "services/shop/src/main.rs"),
            ("services/shop", "services/shop/main.rs"),
            ("services/shop/", "services/shop/main.rs"),
            ("/services/shop", "services/shop/main.rs"),
            ("services/*/api", "services/shop/api/a/b.rs"),
            ("**/shop/*.rs", "services/shop/main.rs"),
            ("*.proto", "api/v1/shop.proto"),
            ("Cargo.lock", "Cargo.lock"),
            ("lib/{a,b}/**", "lib/b/x"),
        ] {
            assert!(touches(glob, file), "{glob} {file}");
        }
        for (glob, file) in [
            ("services/shop", "services/shopping/main.rs"),
            ("services/*.rs", "services/shop/main.rs"),
            ("shop", "services/shop/main.rs"),
            ("services/[", "services/["),
        ] {
            assert!(!touches(glob, file), "{glob} {file}");
        }
    }

    #[test]
    fn a_glob_that_cannot_be_read_is_told() {
        assert_eq!(fault("services/shop/**"), None);
        assert!(fault("services/[").is_some_and(|why| why.contains("bracket") || why.contains("class")));
    }

    #[test]
    fn files_that_nobody_told_are_kept_and_other_repositories_are_whole() {
        let paths = BTreeMap::from([("acme/mono".to_owned(), vec!["shop".to_owned()])]);
        let scope = Scope::of(&paths);
        assert_eq!(scope.touch("acme/mono", None), Touch::Unknown);
        assert_eq!(scope.touch("acme/mono", Some(&[])), Touch::Unknown);
        assert_eq!(scope.touch("acme/shop", Some(&["x".to_owned()])), Touch::Inside);
        assert!(scope.is_shared("acme/mono") && !scope.is_shared("acme/shop"));
    }
}
