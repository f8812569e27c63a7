#![no_main]

use libfuzzer_sys::fuzz_target;

#[global_allocator]
static ALLOCATOR: alloc_counter::Counting = alloc_counter::Counting;

fuzz_target!(|input: &[u8]| surfaces::limits(input));
