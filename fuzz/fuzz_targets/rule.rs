//! Feeds value rules, with facts, price and time, to the parser, the check and the engine.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_target!(|data: &[u8]| valinta_fuzz::rule::judge(data));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    valinta_fuzz::mutate::document(data, size, max_size, seed)
});
