//! The one place that reads the process environment. Everything else takes what it needs as an argument.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The variables of this process. Names that are no UTF-8 are left out; values are read leniently.
pub type Variables = BTreeMap<String, String>;

/// Takes a copy of the environment.
pub fn variables() -> Variables {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
        .collect()
}

/// The folders in which programs are looked for: `PATH`.
pub fn search_path(variables: &Variables) -> Vec<PathBuf> {
    let path = variables.get("PATH").map(String::as_str).unwrap_or_default();
    std::env::split_paths(path).filter(|folder| folder.is_absolute()).collect()
}
