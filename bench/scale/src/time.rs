//! Time on a processor, which others on the machine do not lengthen much; and the memory of this process.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

/// How long this thread has been on a processor.
pub fn of_thread() -> Duration {
    schedstat(0)
}

/// How long this thread could have been on a processor and was not.
pub fn waited() -> Duration {
    schedstat(1)
}

fn schedstat(which: usize) -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux with schedstat");
    let nanos = text.split(' ').nth(which).and_then(|n| n.parse().ok()).expect("a number of nanoseconds");
    Duration::from_nanos(nanos)
}

/// Two processors that this process may use.
pub fn two_processors() -> [usize; 2] {
    let text = fs::read_to_string("/proc/self/status").expect("Linux");
    let list =
        text.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).expect("a list of processors");
    let number = |n: &str| n.trim().parse::<usize>().expect("the number of a processor");
    let ranges = list.split(',').map(|range| range.split_once('-').unwrap_or((range, range)));
    let mut all = ranges.flat_map(|(first, last)| number(first)..=number(last));
    let mut next = || all.next().expect("two processors");
    [next(), next()]
}

/// Holds this thread to one processor.
pub fn hold_to(processor: usize) {
    let thread = fs::read_link("/proc/thread-self").expect("Linux");
    let done = Command::new("taskset")
        .args(["--cpu-list", "--pid", &processor.to_string()])
        .arg(thread.file_name().expect("the number of a thread"))
        .stdout(Stdio::null())
        .status();
    assert!(done.expect("taskset").success(), "taskset");
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
