//! Small things about text: lines for standard error, foreign bytes made fit for a terminal, numbers with commas, dates.

use std::fmt::{Display, Write as _};
use std::io::{self, Write as _};
use std::time::Duration;

/// Writes a line to standard error. Where that takes none, the line is lost: a log that nobody reads stops no connection.
pub fn note(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Makes text that a peer chose safe to print: no control characters, no line breaks, and not too much of it.
pub fn clean(text: &str) -> String {
    let mut out = String::new();
    for (taken, c) in text.chars().enumerate() {
        if taken == LONGEST {
            out.push_str("...");
            break;
        }
        // Besides controls, the marks that turn the writing direction around: they can make one name look like another.
        let reorders =
            matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        match c {
            '\\' => out.push_str("\\\\"),
            c if c.is_control() || reorders => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// As [`clean`], for bytes that may not be text at all.
pub fn clean_bytes(bytes: &[u8]) -> String {
    clean(&String::from_utf8_lossy(bytes))
}

/// `1234567` as `1,234,567`.
pub fn commas(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A span a person can compare at a glance.
pub fn span(time: Duration) -> String {
    match time.as_micros() {
        0..=99_999 => format!("{:.2} ms", time.as_secs_f64() * 1e3),
        100_000..=9_999_999 => format!("{:.2} s", time.as_secs_f64()),
        _ => format!("{:.0} s", time.as_secs_f64()),
    }
}

/// Year, month and day (UTC) of a number of seconds since 1970.
///
/// Days are counted from 1 March of year 0, so that the leap day comes last in its year and months have a formula.
pub fn civil(unix: u64) -> (i64, u8, u8) {
    let days = i64::try_from(unix / 86_400).unwrap_or(i64::MAX / 2) + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, u8::try_from(month).unwrap_or(0), u8::try_from(day).unwrap_or(0))
}

/// `2026-11-21 08:14:50 UTC`
pub fn utc(unix: u64) -> String {
    let (year, month, day) = civil(unix);
    let s = unix % 86_400;
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC", s / 3_600, s / 60 % 60, s % 60)
}

/// Characters of foreign text on one line: names longer than this tell nobody anything.
const LONGEST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_do_not_reach_the_terminal() {
        assert_eq!(clean("a\x1b[31mb\nc"), "a\\u{1b}[31mb\\u{a}c");
        assert_eq!(clean("\u{202e}gro"), "\\u{202e}gro");
        assert_eq!(clean(&"x".repeat(500)).len(), LONGEST + 3);
    }

    #[test]
    fn thousands() {
        assert_eq!(commas(0), "0");
        assert_eq!(commas(999), "999");
        assert_eq!(commas(1_000), "1,000");
        assert_eq!(commas(268_435_456), "268,435,456");
    }

    /// Seconds from `date -u -d ... +%s`.
    #[test]
    fn dates() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(utc(4_107_542_399), "2100-02-28 23:59:59 UTC");
        assert_eq!(utc(1_700_000_000), "2023-11-14 22:13:20 UTC");
    }
}
