//! Which job and build a URL of Jenkins means: `job/<folder>/job/<job>/<number>/`, wherever the server is.

use domain::text::clean;

use crate::drafts::NAME;

/// A job, and one of its builds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Job {
    /// Its folders and its own name last.
    path: Vec<String>,
    /// The branch that it builds, in a pipeline with a job for each branch.
    pub(super) branch: Option<String>,
    pub(super) number: Option<i64>,
}

impl Job {
    /// The job of a URL, or of its path alone.
    pub(super) fn of(url: &str) -> Option<Self> {
        let path = url.split_once("://").map_or(url, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
        let mut parts = path.split('/').filter(|part| !part.is_empty()).skip_while(|part| *part != "job");
        let mut job = Self::default();
        while let Some(part) = parts.next() {
            if part == "job" {
                job.path.extend(parts.next().map(name));
            } else {
                job.number = part.parse().ok();
                break;
            }
        }
        (!job.path.is_empty()).then_some(job)
    }

    /// In a pipeline with a job for each branch, the last name is the branch's: it says nothing of what the job does.
    pub(super) fn part_branch(&mut self, is_branch: impl Fn(&str) -> bool) {
        if self.path.len() > 1
            && let Some(branch) = self.path.pop_if(|last| is_branch(last))
        {
            self.branch = Some(branch);
        }
    }

    /// The job's own name.
    pub(super) fn name(&self) -> String {
        self.path.last().cloned().unwrap_or_default()
    }

    /// With its folders.
    pub(super) fn full_name(&self) -> String {
        clean(&self.path.join("/"), NAME)
    }

    /// The folders alone.
    pub(super) fn folders(&self) -> Option<String> {
        let (_, folders) = self.path.split_last()?;
        (!folders.is_empty()).then(|| clean(&folders.join("/"), NAME))
    }

    /// What a build is called among all of the server: jobs count their builds each for itself.
    pub(super) fn run_id(&self, number: i64) -> String {
        let branch = self.branch.as_ref().map(|branch| format!("@{branch}")).unwrap_or_default();
        format!("{}{branch}#{number}", self.full_name())
    }
}

/// A name out of a URL. Jenkins writes a branch's slashes as `%2F` into the job's name, and that again into the URL.
fn name(part: &str) -> String {
    if part.contains('%') { clean(&percent_decoded(&percent_decoded(part)), NAME) } else { clean(part, NAME) }
}

/// What is no well-formed escape stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = (*first == b'%').then(|| after.get(..2).and_then(|digits| hex::decode(digits).ok())).flatten();
        match escaped {
            Some(byte) => {
                bytes.extend(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_read_from_whatever_url_names_it() {
        for url in ["https://ci.acme.example/jenkins/job/shop/job/deploy%20all/18/", "job/shop/job/deploy%20all/18/"] {
            let job = Job::of(url).expect("a job");
            assert_eq!((job.full_name().as_str(), job.number), ("shop/deploy all", Some(18)), "{url}");
        }
        for none in ["", "https://ci.acme.example/", "https://ci.acme.example", "view/all/", "job/"] {
            assert_eq!(Job::of(none), None, "{none}");
        }
        let mut job = Job::of("job/shop/job/feature%252Ftaxes/3/").expect("a job");
        job.part_branch(|last| last == "feature/taxes");
        assert_eq!((job.name(), job.branch.as_deref()), ("shop".to_owned(), Some("feature/taxes")));
        assert_eq!(job.run_id(3), "shop@feature/taxes#3");
        assert_eq!(percent_decoded("100%/%zz%4"), "100%/%zz%4");
    }
}
