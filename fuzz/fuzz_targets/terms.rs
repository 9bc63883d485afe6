//! Feeds whole terms of a rulebook to the parser and the check.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_target!(|data: &[u8]| valinta_fuzz::terms::judge(data));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    valinta_fuzz::mutate::document(data, size, max_size, seed)
});
