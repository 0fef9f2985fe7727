//! The sources of this installation: those built in, and the plugins of `PLUGINS_DIR`.

use boot::Settings;
use integrations::Sources;

use crate::failure::Failure;

/// The sources as they are now, for a command that serves nobody.
pub(crate) fn sources(_settings: &Settings) -> Result<Sources, Failure> {
    Ok(Sources::built_in())
}
