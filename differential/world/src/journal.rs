//! What the libraries log, for the one call that is watched.

use std::cell::RefCell;
use std::sync::Once;

use log::{LevelFilter, Log, Metadata, Record};

struct Journal;

thread_local! {
    static LINES: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

impl Log for Journal {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        LINES.with_borrow_mut(|lines| {
            if let Some(lines) = lines {
                lines.push(format!("{} {} {}", record.level(), record.target(), record.args()));
            }
        });
    }

    fn flush(&self) {}
}

/// What is logged while this runs, each line behind its level and its target.
///
/// # Panics
///
/// If another logger is in the way.
pub fn captured(run: impl FnOnce()) -> Vec<String> {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Journal).expect("no other logger");
        log::set_max_level(LevelFilter::Trace);
    });
    LINES.set(Some(Vec::new()));
    run();
    LINES.take().unwrap_or_default()
}
