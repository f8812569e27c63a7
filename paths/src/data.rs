//! Where the suites are, and what is in their files.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lzma_rust2::XzReader;
use pki_types::UnixTime;
use serde_json::Value;

/// The folder that was named. None if none was, save on a machine of CI: there it is an error.
pub fn folder(named: Option<PathBuf>) -> Result<Option<PathBuf>, String> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let folder = named.or_else(|| set("CHITIN_TEST_DATA").map(PathBuf::from));
    match folder {
        Some(folder) if folder.is_dir() => Ok(Some(folder)),
        Some(folder) => Err(format!("{}: no folder, so limbo, bettertls and pkits did not run", folder.display())),
        None if set("CI").is_some() => {
            Err("CI has to run limbo, bettertls and pkits, and neither --data nor CHITIN_TEST_DATA names a folder".into())
        }
        None => Ok(None),
    }
}

/// Reads a compressed JSON file.
pub fn read(folder: &Path, file: &str) -> Result<Value, String> {
    let path = folder.join(file);
    let fault = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let packed = BufReader::new(File::open(&path).map_err(|e| fault(&e))?);
    let mut text = Vec::new();
    XzReader::new(packed, true).read_to_end(&mut text).map_err(|e| fault(&e))?;
    serde_json::from_slice(&text).map_err(|e| fault(&e))
}

/// A text of an object.
pub fn text<'v>(value: &'v Value, key: &str) -> Result<&'v str, String> {
    value[key].as_str().ok_or_else(|| format!("no text {key}"))
}

/// The texts of a list in an object.
pub fn texts<'v>(value: &'v Value, key: &str) -> Result<Vec<&'v str>, String> {
    list(value, key)?.iter().map(|item| item.as_str().ok_or_else(|| format!("no texts in {key}"))).collect()
}

/// A list in an object.
pub fn list<'v>(value: &'v Value, key: &str) -> Result<&'v [Value], String> {
    value[key].as_array().map(Vec::as_slice).ok_or_else(|| format!("no list {key}"))
}

/// A time as RFC 3339 has it, in UTC, in whole seconds.
pub fn time(text: &str) -> Result<UnixTime, String> {
    let number =
        |range: std::ops::Range<usize>| text.get(range).and_then(|digits| digits.parse::<i64>().ok());
    let fields = [0..4, 5..7, 8..10, 11..13, 14..16, 17..19].map(number);
    let [Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)] = fields else {
        return Err(format!("no time: {text}"));
    };
    if !(text.ends_with("+00:00") || text.ends_with('Z')) {
        return Err(format!("no time in UTC: {text}"));
    }
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    let seconds = u64::try_from(seconds).map_err(|_| format!("before 1970: {text}"))?;
    Ok(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds by `date -u -d ... +%s`.
    #[test]
    fn times_are_read() {
        for (text, seconds) in [
            ("1970-01-01T00:00:03+00:00", 3),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2024-03-01T00:00:00.999+00:00", 1_709_251_200),
            ("2026-11-21T00:00:00Z", 1_795_219_200),
        ] {
            assert_eq!(time(text).unwrap().as_secs(), seconds, "{text}");
        }
        assert!(time("2024-03-01T00:00:00+01:00").is_err());
        assert!(time("2024-03-01").is_err());
    }
}
