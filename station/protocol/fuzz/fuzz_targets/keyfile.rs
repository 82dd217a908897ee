//! Any bytes as a key file: refused or opened, never a panic; what was sealed opens the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_protocol::signing::{open, seal};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(memory) = open(bytes, &[1; 32]) {
        assert_eq!(open(&seal(&memory, &[1; 32], [3; 16]), &[1; 32]), Ok(memory));
    }
});
