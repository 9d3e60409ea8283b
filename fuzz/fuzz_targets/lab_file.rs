#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| keychai_fuzz::targets::lab_file(bytes));
