//! Whether anybody else had the processor meanwhile, as far as the system knows: another process on it, or another machine below it.

use std::fs::File;
use std::os::unix::fs::FileExt;

/// Watches the one processor that this process is held to.
pub struct Quiet {
    waiting: Option<File>,
    processors: Option<File>,
    before: Lost,
}

/// What was lost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lost {
    /// Nanoseconds in which this thread could have run and did not.
    waiting: u64,
    /// Ticks that the machine below us gave to others.
    stolen: u64,
}

impl Quiet {
    /// Where the system does not say, nothing is ever found to have disturbed.
    pub fn watch() -> Self {
        let open = |path| File::open(path).ok();
        let (waiting, processors) = (open("/proc/thread-self/schedstat"), open("/proc/stat"));
        Self { waiting, processors, before: Lost::default() }
    }

    pub fn begin(&mut self) {
        self.before = self.lost();
    }

    /// Whether nothing was lost since `begin`.
    pub fn lasted(&self) -> bool {
        self.lost() == self.before
    }

    fn lost(&self) -> Lost {
        let number = |file: &Option<File>, find: fn(&str) -> Option<u64>| {
            // What counts stands in the first lines.
            let mut bytes = [0; 1024];
            let len = file.as_ref()?.read_at(&mut bytes, 0).ok()?;
            find(&String::from_utf8_lossy(&bytes[..len]))
        };
        Lost {
            waiting: number(&self.waiting, waited).unwrap_or(0),
            stolen: number(&self.processors, stolen).unwrap_or(0),
        }
    }
}

/// The second number of `schedstat`: nanoseconds on the queue of a processor.
fn waited(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().nth(1)?.parse().ok()
}

/// The eighth number of the first line of `/proc/stat`, over all processors.
fn stolen(stat: &str) -> Option<u64> {
    stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace().nth(7)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_found() {
        assert_eq!(waited("222114 14619256 2\n"), Some(14_619_256));
        let stat = "cpu  5656545 616739 860321 1072530 33576 0 13653 50646 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n";
        assert_eq!(stolen(stat), Some(50_646));
        assert_eq!(stolen("intr 1"), None);
    }

    #[test]
    fn who_has_to_wait_for_the_processor_was_disturbed() {
        let mut quiet = Quiet::watch();
        // On one processor, four threads that never rest take it from each other.
        let threads = 4 * std::thread::available_parallelism().unwrap().get();
        let over = std::sync::atomic::AtomicBool::new(false);
        let over = &over;
        let lasted = std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| while !over.load(std::sync::atomic::Ordering::Relaxed) {});
            }
            quiet.begin();
            let began = std::time::Instant::now();
            while began.elapsed().as_millis() < 200 {}
            let lasted = quiet.lasted();
            over.store(true, std::sync::atomic::Ordering::Relaxed);
            lasted
        });
        assert!(!lasted);
    }
}
