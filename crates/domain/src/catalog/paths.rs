//! Globs for the files of a repository: `services/checkout/**`. From the root of the repository; `*` is any text within a
//! folder's name, `?` one letter of it, `**` any number of folders. Case matters, as it does to git.

/// A glob that was taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    AnyFolders,
    Name(Vec<char>),
}

impl Glob {
    pub fn new(text: &str) -> Self {
        let part = |name: &str| if name == "**" { Part::AnyFolders } else { Part::Name(name.chars().collect()) };
        Self(text.split('/').map(part).collect())
    }

    /// Whether it stands for this file.
    pub fn matches(&self, file: &str) -> bool {
        let names: Vec<Vec<char>> = file.split('/').map(|name| name.chars().collect()).collect();
        // `**` at the end stands for at least one name: `a/**` is what lies in `a`, not `a`.
        let trailing = matches!(self.0.last(), Some(Part::AnyFolders));
        let (parts, names) = match (trailing, names.split_last()) {
            (true, Some((_, folders))) => (&self.0[..], folders),
            _ => (&self.0[..], &names[..]),
        };
        walk(
            parts,
            names,
            |part| *part == Part::AnyFolders,
            |part, name| match part {
                Part::AnyFolders => false,
                Part::Name(pattern) => walk(pattern, name, |c| *c == '*', |c, letter| *c == '?' || c == letter),
            },
        )
    }
}

/// Whether any of the globs stands for any of the files.
pub fn touch(globs: &[String], files: &[String]) -> bool {
    globs.iter().map(|glob| Glob::new(glob)).any(|glob| files.iter().any(|file| glob.matches(file)))
}

/// Globs as people write them, in the form that has one meaning everywhere: no leading `/` or `./`; a folder (`a/`)
/// means what is in it; a plain path (`a/b`) means itself and what is in it.
pub(super) fn usual(written: &str) -> Vec<String> {
    let glob = written.trim_start_matches("./").trim_start_matches('/');
    if let Some(folder) = glob.strip_suffix('/') {
        return vec![format!("{folder}/**")];
    }
    let last = glob.rsplit('/').next().unwrap_or(glob);
    if last.contains(['*', '?']) { vec![glob.to_owned()] } else { vec![glob.to_owned(), format!("{glob}/**")] }
}

/// Holds a pattern with stars against a row of things: the last star alone is tried again, which is enough, so that the
/// work is bounded by the product of both lengths.
fn walk<P, T>(pattern: &[P], row: &[T], is_star: impl Fn(&P) -> bool, fits: impl Fn(&P, &T) -> bool) -> bool {
    let (mut at, mut place) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while place < row.len() {
        match pattern.get(at) {
            Some(part) if is_star(part) => {
                star = Some((at, place));
                at += 1;
            }
            Some(part) if fits(part, &row[place]) => {
                at += 1;
                place += 1;
            }
            _ => match star {
                Some((star_at, from)) => {
                    star = Some((star_at, from + 1));
                    at = star_at + 1;
                    place = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at.min(pattern.len())..].iter().all(is_star)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_stand_for_files() {
        for (glob, file, matches) in [
            ("services/checkout/**", "services/checkout/src/main.rs", true),
            ("services/checkout/**", "services/checkout/Cargo.toml", true),
            ("services/checkout/**", "services/checkout", false),
            ("services/checkout/**", "services/checkout-old/a", false),
            ("services/*/api.rs", "services/pay/api.rs", true),
            ("services/*/api.rs", "services/pay/v2/api.rs", false),
            ("**/*.sql", "a.sql", true),
            ("**/*.sql", "a/b/c.sql", true),
            ("**/*.sql", "a/b/c.sqlx", false),
            ("a/**/z", "a/z", true),
            ("a/**/z", "a/b/c/z", true),
            ("a/**/b/**/z", "a/x/b/y/b/z", true),
            ("*.md", "README.md", true),
            ("*.md", "docs/README.md", false),
            ("file?.txt", "file1.txt", true),
            ("File", "file", false),
            ("**", "anything/at/all", true),
            ("**", "one", true),
        ] {
            assert_eq!(Glob::new(glob).matches(file), matches, "{glob} on {file}");
        }
    }

    #[test]
    fn what_people_write_means_one_thing() {
        assert_eq!(usual("./services/pay/"), ["services/pay/**"]);
        assert_eq!(usual("/services/pay"), ["services/pay", "services/pay/**"]);
        assert_eq!(usual("libs/**"), ["libs/**"]);
        assert!(touch(&usual("libs"), &["README.md".to_owned(), "libs/a".to_owned()]));
        assert!(!touch(&usual("libs"), &["libs2/a".to_owned()]));
        assert!(!touch(&usual("libs"), &[]));
    }
}
