//! Times in certificates, in the one form that RFC 5280 section 4.1.2.5 allows.

use core::fmt;
use core::time::Duration;

use pki_types::UnixTime;

use crate::der::{self, Element, Reader};
use crate::error::Problem;

/// Seconds since 1970; negative before it, because certificates may be dated from 1950 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(i64);

impl Time {
    /// Reads a `Time`: `UTCTime` for years up to 2049, `GeneralizedTime` from then on.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Problem> {
        let element = reader.any()?;
        let (year, rest) = match element.tag {
            der::UTC_TIME => utc_year(&element)?,
            der::GENERALIZED_TIME => generalized_year(&element)?,
            _ => return Err(element.bad("time")),
        };
        let &[m1, m2, d1, d2, h1, h2, n1, n2, s1, s2, b'Z'] = rest else {
            return Err(element.bad("time with seconds, in UTC"));
        };
        let civil = [two(m1, m2), two(d1, d2), two(h1, h2), two(n1, n2), two(s1, s2)];
        let [Some(month), Some(day), Some(hour), Some(minute), Some(second)] = civil else {
            return Err(element.bad("digits of a time"));
        };
        let in_range = (1..=days_in(year, month)).contains(&day) && hour < 24 && minute < 60 && second < 60;
        if !in_range {
            return Err(element.bad("time that does not exist"));
        }
        let days = days_since_1970(year, month, day);
        Ok(Self(
            days.saturating_mul(86_400)
                .saturating_add(hour.saturating_mul(3_600))
                .saturating_add(minute.saturating_mul(60))
                .saturating_add(second),
        ))
    }

    /// The same time, or the epoch for times before it.
    pub(crate) fn unix(self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(self.0).unwrap_or(0)))
    }

    pub(crate) fn is_after(self, time: UnixTime) -> bool {
        self.0 > i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
    }

    pub(crate) fn is_before(self, time: UnixTime) -> bool {
        self.0 < i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
    }
}

/// A time for people, in UTC.
pub(crate) struct Shown(pub(crate) UnixTime);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = i64::try_from(self.0.as_secs()).unwrap_or(i64::MAX).min(END_OF_9999);
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        // Never too late, and by at most 17 years too early.
        let mut year = days.div_euclid(366).saturating_add(1970);
        while days_since_1970(year.saturating_add(1), 1, 1) <= days {
            year = year.saturating_add(1);
        }
        let month = (1..=12).rev().find(|month| days_since_1970(year, *month, 1) <= days).unwrap_or(1);
        let day = days.saturating_sub(days_since_1970(year, month, 1)).saturating_add(1);
        let (hour, minute) = (second.div_euclid(3_600), second.div_euclid(60).rem_euclid(60));
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{:02} UTC", second.rem_euclid(60))
    }
}

/// 9999-12-31 23:59:59, the last time that a certificate can have. RFC 5280 section 4.1.2.5.
const END_OF_9999: i64 = 253_402_300_799;

fn utc_year<'a>(element: &Element<'a>) -> Result<(i64, &'a [u8]), Problem> {
    let [a, b, rest @ ..] = element.body else {
        return Err(element.bad("UTCTime"));
    };
    // RFC 5280 section 4.1.2.5.1: 50 to 99 are 19YY, 00 to 49 are 20YY.
    match two(*a, *b) {
        Some(year @ 50..) => Ok((year.saturating_add(1900), rest)),
        Some(year) => Ok((year.saturating_add(2000), rest)),
        None => Err(element.bad("UTCTime")),
    }
}

fn generalized_year<'a>(element: &Element<'a>) -> Result<(i64, &'a [u8]), Problem> {
    let [a, b, c, d, rest @ ..] = element.body else {
        return Err(element.bad("GeneralizedTime"));
    };
    let (Some(century), Some(year)) = (two(*a, *b), two(*c, *d)) else {
        return Err(element.bad("GeneralizedTime"));
    };
    Ok((century.saturating_mul(100).saturating_add(year), rest))
}

fn two(tens: u8, units: u8) -> Option<i64> {
    let digit = |c: u8| if c.is_ascii_digit() { Some(i64::from(c & 0x0f)) } else { None };
    Some(digit(tens)?.saturating_mul(10).saturating_add(digit(units)?))
}

fn is_leap(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

/// Days of a month; none for a month that does not exist.
fn days_in(year: i64, month: i64) -> i64 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 0,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar, for the years 0 to 9999.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let before = year.saturating_sub(1);
    let leap_days =
        before.div_euclid(4).saturating_sub(before.div_euclid(100)).saturating_add(before.div_euclid(400));
    let months = (1..month).fold(0i64, |days, m| days.saturating_add(days_in(year, m)));
    // 719,162 days lie between 0001-01-01 and 1970-01-01.
    before
        .saturating_mul(365)
        .saturating_add(leap_days)
        .saturating_add(months)
        .saturating_add(day.saturating_sub(1))
        .saturating_sub(719_162)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn read(tag: u8, text: &str) -> Result<i64, Problem> {
        let der: Vec<u8> = [&[tag, text.len() as u8], text.as_bytes()].concat();
        Time::read(&mut Reader::new(&der)).map(|t| t.0)
    }

    /// Seconds by `date -u -d ... +%s`.
    #[test]
    fn times_become_unix_time() {
        for (tag, text, seconds) in [
            (der::UTC_TIME, "700101000000Z", 0),
            (der::UTC_TIME, "500101000000Z", -631_152_000),
            (der::UTC_TIME, "491231235959Z", 2_524_607_999),
            (der::UTC_TIME, "000229120000Z", 951_825_600),
            (der::UTC_TIME, "240301000001Z", 1_709_251_201),
            (der::GENERALIZED_TIME, "20500101000000Z", 2_524_608_000),
            (der::GENERALIZED_TIME, "20240301000001Z", 1_709_251_201),
            (der::GENERALIZED_TIME, "21000228235959Z", 4_107_542_399),
            (der::GENERALIZED_TIME, "99991231235959Z", 253_402_300_799),
        ] {
            assert_eq!(read(tag, text), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn times_in_other_forms_are_refused() {
        for (tag, text) in [
            (der::UTC_TIME, "7001010000Z"),
            (der::UTC_TIME, "700101000000"),
            (der::UTC_TIME, "700101000000+0000"),
            (der::UTC_TIME, "701301000000Z"),
            (der::UTC_TIME, "700001000000Z"),
            (der::UTC_TIME, "700100000000Z"),
            (der::UTC_TIME, "010229000000Z"),
            (der::UTC_TIME, "700101240000Z"),
            (der::UTC_TIME, "700101006000Z"),
            (der::UTC_TIME, "700101000060Z"),
            (der::UTC_TIME, "7001010000-1Z"),
            (der::GENERALIZED_TIME, "20500101000000.5Z"),
            (der::GENERALIZED_TIME, "21000229000000Z"),
            (der::GENERALIZED_TIME, "2050010100Z"),
            (der::IA5_STRING, "700101000000Z"),
        ] {
            assert!(read(tag, text).is_err(), "{text}");
        }
    }

    /// By `date -u -d @...`.
    #[test]
    fn times_are_shown() {
        use alloc::string::ToString;
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_825_599, "2000-02-29 11:59:59 UTC"),
            (1_709_251_199, "2024-02-29 23:59:59 UTC"),
            (1_767_139_200, "2025-12-31 00:00:00 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
            (253_402_300_799, "9999-12-31 23:59:59 UTC"),
            (u64::MAX, "9999-12-31 23:59:59 UTC"),
        ] {
            assert_eq!(Shown(UnixTime::since_unix_epoch(Duration::from_secs(seconds))).to_string(), text);
        }
    }

    #[test]
    fn times_before_1970_are_the_epoch() {
        assert_eq!(Time(-1).unix().as_secs(), 0);
        assert!(Time(-1).is_before(UnixTime::since_unix_epoch(Duration::ZERO)));
    }
}
