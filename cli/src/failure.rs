//! How a command ends that could not do what it was asked: the lines it prints and its exit code.

use std::fmt;
use std::process::ExitCode;

use boot::settings::BadSetting;

const FAILED: u8 = 1;
const USAGE: u8 = 2;

#[derive(Debug)]
pub(crate) enum Failure {
    /// Settings that cannot be used, one line each.
    Settings(Vec<BadSetting>),
    /// Arguments that do not fit together or name what does not exist.
    Usage(String),
    /// It was tried.
    Failed(anyhow::Error),
    /// It was tried, and everything was said already.
    Told,
}

impl Failure {
    /// A setting that this command cannot do without.
    pub(crate) fn needs(name: &str, takes: &str) -> Self {
        Self::Settings(vec![BadSetting { name: name.to_owned(), got: "nothing".to_owned(), takes: takes.to_owned() }])
    }

    /// Says on standard error why, a line for each thing that is wrong, and gives the exit code.
    pub(crate) fn report(self) -> ExitCode {
        self.to_string().lines().for_each(|line| eprintln!("em-agent: {line}"));
        ExitCode::from(match self {
            Self::Settings(_) | Self::Usage(_) => USAGE,
            Self::Failed(_) | Self::Told => FAILED,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(bad) => bad.iter().try_for_each(|one| writeln!(f, "{one}")),
            Self::Usage(line) => f.write_str(line),
            Self::Failed(error) => write!(f, "{error:#}"),
            Self::Told => Ok(()),
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}
