//! Time on a processor, which others on the machine do not lengthen much; and the memory of this process.

use std::fs;
use std::time::Duration;

/// How long this thread has been on a processor: the first number of its `schedstat`, in nanoseconds.
pub fn of_thread() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux with schedstat");
    let nanos = text.split(' ').next().and_then(|n| n.parse().ok()).expect("a number of nanoseconds");
    Duration::from_nanos(nanos)
}

/// Bytes of memory that this process has from the system.
pub fn resident() -> usize {
    let text = fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: usize = text.split(' ').nth(1).and_then(|n| n.parse().ok()).expect("a number of pages");
    pages * 4096
}

/// What a quarter of them stays below: what others on the machine lengthen lies above it.
pub fn undisturbed(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 4]
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
