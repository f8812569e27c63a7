#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|input: &[u8]| surfaces::messages(input));

fuzz_mutator!(|input: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let own = if seed % 2 == 0 { None } else { Some(surfaces::mutate::body(&input[..size], 1, seed)) };
    match own.filter(|own| own.len() <= max_size) {
        Some(own) => {
            input[..own.len()].copy_from_slice(&own);
            own.len()
        }
        None => fuzzer_mutate(input, size, max_size),
    }
});
