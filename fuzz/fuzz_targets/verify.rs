//! The verifier of one source, against anything that may come in. The source is the one in the target's name.

#![no_main]

use std::sync::LazyLock;

use fuzz::{Verifier, source};
use libfuzzer_sys::fuzz_target;

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| Verifier::of(source(env!("CARGO_BIN_NAME"))));

fuzz_target!(
    init: fuzz::write_seeds(env!("CARGO_BIN_NAME")),
    |input: &[u8]| VERIFIER.check(input)
);
