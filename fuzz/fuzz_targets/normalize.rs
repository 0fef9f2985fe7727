//! What follows on the proof, for one source, against anything that may come in. The source is the one in the target's
//! name.

#![no_main]

use std::sync::LazyLock;

use fuzz::source;
use integrations::Integration;
use libfuzzer_sys::fuzz_target;

static SOURCE: LazyLock<&'static Integration> = LazyLock::new(|| source(env!("CARGO_BIN_NAME")));

fuzz_target!(
    init: fuzz::write_seeds(env!("CARGO_BIN_NAME")),
    |input: &[u8]| fuzz::check_meaning(*SOURCE, input)
);
